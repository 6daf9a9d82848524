import { explainAdmin } from "../keycloak/adminFaults.ts";
import type { KeycloakConnection } from "../keycloak/http.ts";
import { recordOf } from "../settings/decode.ts";
import { type Fault, SettingsError, shown } from "../settings/faults.ts";
import { integrationKey } from "../settings/integrations.ts";
import type { Settings } from "../settings/settings.ts";

const PREFIX = "service-account-";

/**
 * The customers whose service account cannot be made, as an ordinary user has its name. Keycloak then says that the client
 * exists, which it does not (tried on 26.7.3). Its search leaves service accounts out, so that one request tells all.
 * @throws SettingsError where the admin REST API takes no token of this deployer, for any request
 */
export async function serviceAccountFaults(
  keycloak: KeycloakConnection,
  accessToken: string,
  settings: Pick<Settings, "connection" | "deployer" | "integrations" | "realm">,
): Promise<Fault[]> {
  const { integrations, realm } = settings;
  const path = `/admin/realms/${realm}/users`;
  const { body, status } = await keycloak.request(`${path}?briefRepresentation=true&max=1000&search=${PREFIX}`, {
    headers: { authorization: `Bearer ${accessToken}` },
  });
  if (status === 401) {
    throw new SettingsError([explainAdmin({ status, path }, settings)]);
  }
  // A deployer who may not look at users is told nothing.
  const names = new Set((Array.isArray(body) ? body : []).map((user) => recordOf(user)["username"]));
  return integrations
    .map(({ clientId }) => ({ clientId, username: `${PREFIX}${clientId}` }))
    .filter(({ username }) => names.has(username))
    .map(({ clientId, username }) => ({
      key: integrationKey(clientId),
      rule: "must be a client id whose service account Keycloak can make",
      reason: `Keycloak names it ${username}, and realm ${realm} has an ordinary user of that name`,
      value: shown(clientId),
      remedy: "have that user deleted in the admin console, where nobody needs it; else write another client id",
    }));
}
