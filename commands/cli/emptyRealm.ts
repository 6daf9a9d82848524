import { CLIENT_SCOPE } from "../../contract/names.ts";
import { UserError } from "../../faults/userError.ts";
import type { KeycloakAdmin } from "../../keycloak/admin.ts";
import { findClient, readClientScopes } from "../../keycloak/clients.ts";
import type { Settings } from "../../settings/settings.ts";
import type { StackOutputs } from "./stack.ts";

/**
 * Customers do not all go at once: a realm without any of them is another realm, or an empty copy. Where the stack has one
 * customer only, the client scope has to be missing, too.
 */
export async function refuseEmptyRealm(
  stack: string,
  { integrations = {} }: Pick<StackOutputs, "integrations">,
  { connection, realm }: Pick<Settings, "connection" | "realm">,
  admin: KeycloakAdmin,
): Promise<void> {
  const clientIds = Object.keys(integrations);
  for (const clientId of clientIds) {
    if ((await findClient(admin, clientId)) !== undefined) {
      return;
    }
  }
  if (clientIds.length === 0 || (clientIds.length === 1 && (await hasClientScope(admin)))) {
    return;
  }
  const what =
    clientIds.length === 1 ? "neither the client nor the client scope" : `none of the ${clientIds.length} clients`;
  throw new UserError(
    `Realm ${realm} of ${connection.url} has ${what} that the stack ${stack} has deployed. So it is ` +
      "another place than the last up went to, or an empty copy of it.\n" +
      "  Do: compare keycloak:url (or KEYCLOAK_URL) and scpcloud:realm. If the realm itself was lost, restore Keycloak's " +
      "backup. Do not run pulumi refresh, and no other command with --refresh: the stack's state would forget the secrets " +
      "that the customers have (docs/troubleshooting.md).",
  );
}

async function hasClientScope(admin: KeycloakAdmin): Promise<boolean> {
  return (await readClientScopes(admin)).some(({ name }) => name === CLIENT_SCOPE);
}
