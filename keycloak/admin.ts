import { SettingsError } from "../settings/faults";
import { explainAdmin } from "../settings/keycloakAnswers";
import type { Settings } from "../settings/settings";
import type { KeycloakConnection } from "./http";
import { login } from "./login";

/** Reads what Keycloak's admin REST API has, with the deployer's own rights. */
export interface KeycloakAdmin {
  /** Below `/admin/realms/<realm>`. @throws SettingsError unless the answer is 200. */
  get(path: string): Promise<unknown>;
}

/** Changes what it has, too. */
export interface KeycloakManager extends KeycloakAdmin {
  /** @returns the answer's JSON, if it is any. @throws SettingsError unless the answer is good. */
  change(method: "DELETE" | "POST" | "PUT", path: string, json?: unknown): Promise<unknown>;
}

/**
 * Logs in as the Keycloak provider does, to read the realm of the settings, or to change it.
 * @param accessToken from a login before, which is used instead as long as Keycloak takes it
 */
export async function loginAsDeployer(
  keycloak: KeycloakConnection,
  asking: Pick<Settings, "connection" | "deployer" | "realm">,
  accessToken?: string,
): Promise<KeycloakManager> {
  let token = accessToken ?? (await login(keycloak, asking));
  const base = `/admin/realms/${asking.realm}`;
  const attempt = (method: string, path: string, json: unknown) =>
    keycloak.request(`${base}${path}`, { method, headers: { authorization: `Bearer ${token}` }, json });
  const send = async (method: string, path: string, isGood: (status: number) => boolean, json?: unknown) => {
    let { status, body } = await attempt(method, path, json);
    if (status === 401) {
      // Recovering a large stack takes longer than a token lives.
      token = await login(keycloak, asking);
      ({ status, body } = await attempt(method, path, json));
    }
    if (!isGood(status)) {
      throw new SettingsError([explainAdmin({ status, path: `${base}${path}` }, asking)]);
    }
    return body;
  };
  return {
    get: (path) => send("GET", path, (status) => status === 200),
    change: (method, path, json) => send(method, path, (status) => status >= 200 && status < 300, json),
  };
}
