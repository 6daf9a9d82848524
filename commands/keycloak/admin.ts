import type { Settings } from "../../settings/settings";
import { type KeycloakConnection, KeycloakError } from "./http";
import { login } from "./login";

/** Reads what Keycloak's admin REST API has, with the deployer's own rights. */
export interface KeycloakAdmin {
  /** Below `/admin/realms/<realm>`. @throws KeycloakError unless the answer is 200. */
  get(path: string): Promise<unknown>;
}

/** Logs in as the Keycloak provider does, to read the realm of the settings. */
export async function loginAsDeployer(
  keycloak: KeycloakConnection,
  { connection, deployer, realm }: Pick<Settings, "connection" | "deployer" | "realm">,
): Promise<KeycloakAdmin> {
  let token = await login(keycloak, connection, deployer);
  const send = (path: string) =>
    keycloak.request(`/admin/realms/${realm}${path}`, { headers: { authorization: `Bearer ${token}` } });
  return {
    async get(path) {
      let { status, body } = await send(path);
      if (status === 401) {
        // Recovering a large stack takes longer than a token lives.
        token = await login(keycloak, connection, deployer);
        ({ status, body } = await send(path));
      }
      if (status !== 200) {
        throw new KeycloakError(
          `GET /admin/realms/${realm}${path} answered ${status} to client "${deployer.clientId}"`,
        );
      }
      return body;
    },
  };
}
