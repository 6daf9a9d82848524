import { administrationClient } from "../contract/names.ts";
import { SettingsError } from "../faults/faults.ts";
import { deployersUser, type Settings } from "../settings/settings.ts";
import { explainBlindness } from "./adminFaults.ts";

type Asking = Pick<Settings, "deployer" | "realm">;

/**
 * Keycloak answers 200 with an empty list to a deployer who may ask for clients or users (query-clients, query-users), but
 * not view them. So an empty list counts only if the deployer sees what is certainly there.
 * @throws SettingsError naming the role that the deployer lacks
 */
export async function refuseBlindness(
  path: string,
  body: unknown,
  asking: Asking,
  get: (path: string) => Promise<unknown>,
): Promise<void> {
  if (!isEmpty(body)) {
    return;
  }
  if (
    /^\/(clients|client-scopes)($|\?)/.test(path) &&
    isEmpty(await get(`/clients?clientId=${administrationClient(asking.realm)}`))
  ) {
    throw new SettingsError([explainBlindness("view-clients", asking)]);
  }
  const user = deployersUser(asking);
  if (
    /^\/users\?/.test(path) &&
    user !== undefined &&
    isEmpty(await get(`/users?exact=true&username=${encodeURIComponent(user)}`))
  ) {
    throw new SettingsError([explainBlindness("view-users", asking)]);
  }
}

const isEmpty = (body: unknown) => Array.isArray(body) && body.length === 0;
