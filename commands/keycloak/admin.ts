import { providerSetting } from "../../settings/provider";
import type { Settings } from "../../settings/settings";
import type { ConfigurationSource } from "../../settings/source";
import { type KeycloakConnection, KeycloakError } from "./http";
import { fetchToken } from "./tokens";

/** Reads what Keycloak's admin REST API has, with the deployer's own rights. */
export interface KeycloakAdmin {
  /** Below `/admin/realms/<realm>`. @throws KeycloakError unless the answer is 200. */
  get(path: string): Promise<unknown>;
}

/** Logs in as the Keycloak provider does, with the client's secret, to read the realm of the settings. */
export async function loginAsDeployer(
  keycloak: KeycloakConnection,
  source: ConfigurationSource,
  { deployer, realm }: Pick<Settings, "deployer" | "realm">,
): Promise<KeycloakAdmin> {
  const clientSecret = providerSetting(source, "clientSecret");
  if (clientSecret === undefined) {
    throw new KeycloakError("keycloak:clientSecret is not set: this command logs in with the deployer's client secret");
  }
  // RFC 6749, 2.3.1: both halves are form-encoded before they are joined.
  const pair = [deployer.clientId, clientSecret].map(encodeURIComponent).join(":");
  const login = () => fetchToken(keycloak, deployer.realm, `Basic ${Buffer.from(pair).toString("base64")}`);
  let token = await login();
  const send = (path: string) =>
    keycloak.request(`/admin/realms/${realm}${path}`, { headers: { authorization: `Bearer ${token}` } });
  return {
    async get(path) {
      let { status, body } = await send(path);
      if (status === 401) {
        // Recovering a large stack takes longer than a token lives.
        token = await login();
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
