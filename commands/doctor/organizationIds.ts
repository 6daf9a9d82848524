import type { KeycloakAdmin } from "../../keycloak/admin.ts";
import { usersOfIds } from "../../keycloak/users.ts";
import type { Settings } from "../../settings/settings.ts";
import { type Check, right, unknown, warning } from "./check.ts";

const CUSTOMERS_NAMED = 10;

/**
 * Whether each `organizationId` is a user's. A preview does not ask, and Keycloak takes any text: with a misspelt id the
 * customer's tokens would name an organization that does not exist.
 */
export async function checkOrganizations(
  admin: KeycloakAdmin,
  roles: readonly string[] = [],
  { integrations, realm }: Pick<Settings, "integrations" | "realm">,
): Promise<Check[]> {
  const about = "organizations";
  const given = integrations.flatMap(({ clientId, organization }) =>
    "id" in organization ? [{ clientId, id: organization.id }] : [],
  );
  if (given.length === 0) {
    return [];
  }
  // Without it, Keycloak shows an empty list, as if there were no such user.
  if (!roles.includes("view-users") && !roles.includes("manage-users")) {
    return [unknown(about, "whether each organizationId is a user's cannot be told without the role view-users")];
  }
  const known = new Set((await usersOfIds(admin, [...new Set(given.map(({ id }) => id))])).map(({ id }) => id));
  const absent = given.filter(({ id }) => !known.has(id)).map(({ clientId }) => clientId);
  if (absent.length === 0) {
    return [right(about, `each organizationId is that of a user of realm ${realm}`)];
  }
  const more = absent.length - CUSTOMERS_NAMED;
  const names = absent.slice(0, CUSTOMERS_NAMED).join(", ") + (more > 0 ? ` and ${more} more` : "");
  const remedy = "compare it with the user's id in the admin console, or write organizationUser with the user's name";
  return [warning(about, `no user of realm ${realm} has the organizationId of ${names}`, remedy)];
}
