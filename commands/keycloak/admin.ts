import { SettingsError } from "../../settings/faults";
import { explainAdmin } from "../../settings/keycloakAnswers";
import type { Settings } from "../../settings/settings";
import type { KeycloakConnection } from "./http";
import { login } from "./login";

/** Reads what Keycloak's admin REST API has, with the deployer's own rights. */
export interface KeycloakAdmin {
  /** Below `/admin/realms/<realm>`. @throws SettingsError unless the answer is 200. */
  get(path: string): Promise<unknown>;
}

/**
 * Logs in as the Keycloak provider does, to read the realm of the settings.
 * @param accessToken from a login before, which is used instead as long as Keycloak takes it
 */
export async function loginAsDeployer(
  keycloak: KeycloakConnection,
  asking: Pick<Settings, "connection" | "deployer" | "realm">,
  accessToken?: string,
): Promise<KeycloakAdmin> {
  let token = accessToken ?? (await login(keycloak, asking));
  const base = `/admin/realms/${asking.realm}`;
  const send = (path: string) => keycloak.request(`${base}${path}`, { headers: { authorization: `Bearer ${token}` } });
  return {
    async get(path) {
      let { status, body } = await send(path);
      if (status === 401) {
        // Recovering a large stack takes longer than a token lives.
        token = await login(keycloak, asking);
        ({ status, body } = await send(path));
      }
      if (status !== 200) {
        throw new SettingsError([explainAdmin({ status, path: `${base}${path}` }, asking)]);
      }
      return body;
    },
  };
}
