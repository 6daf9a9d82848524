import type { KeycloakConnection } from "../keycloak/http";
import { recordOf } from "../settings/decode";
import { type Fault, shown } from "../settings/faults";
import { integrationKey } from "../settings/integrations";
import type { Settings } from "../settings/settings";

const PREFIX = "service-account-";

/**
 * The customers whose service account cannot be made, as an ordinary user has its name. Keycloak then says that the client
 * exists, which it does not (tried on 26.7.3). Its search leaves service accounts out, so that one request tells all.
 */
export async function serviceAccountFaults(
  keycloak: KeycloakConnection,
  accessToken: string,
  { integrations, realm }: Pick<Settings, "integrations" | "realm">,
): Promise<Fault[]> {
  const path = `/admin/realms/${realm}/users?briefRepresentation=true&max=1000&search=${PREFIX}`;
  const { body } = await keycloak.request(path, { headers: { authorization: `Bearer ${accessToken}` } });
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
