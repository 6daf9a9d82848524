import * as v from "valibot";

import type { Settings } from "../../settings/settings";
import { type KeycloakAdmin, read } from "../../keycloak/admin";
import { type Check, right, unknown, warning } from "./check";

/** So many ids, federated users' too, stay within the 4,096 bytes that Keycloak reads of a request's first line. */
const IDS_IN_A_REQUEST = 10;
/** More names do not help whoever reads them. */
const CUSTOMERS_NAMED = 10;

/**
 * Whether each `organizationId` is that of a user. A preview does not ask, and an id with a slip in it is as good to
 * Keycloak as any other text: the customer's tokens would name an organization that is none.
 */
export async function checkOrganizations(
  admin: KeycloakAdmin,
  roles: readonly string[] | undefined,
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
  if (roles?.some((role) => role === "view-users" || role === "manage-users") !== true) {
    return [unknown(about, "whether each organizationId is a user's cannot be told without the role view-users")];
  }
  const known = new Set(await existingIds(admin, [...new Set(given.map(({ id }) => id))]));
  const absent = given.filter(({ id }) => !known.has(id)).map(({ clientId }) => clientId);
  if (absent.length === 0) {
    return [right(about, `each organizationId is that of a user of realm ${realm}`)];
  }
  const more = absent.length - CUSTOMERS_NAMED;
  const names = absent.slice(0, CUSTOMERS_NAMED).join(", ") + (more > 0 ? ` and ${more} more` : "");
  return [
    warning(
      about,
      `no user of realm ${realm} has the organizationId of ${names}`,
      "compare it with the user's id in the admin console, or write organizationUser with the user's name",
    ),
  ];
}

const USERS = v.array(v.object({ id: v.string() }));

async function existingIds(admin: KeycloakAdmin, ids: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (let start = 0; start < ids.length; start += IDS_IN_A_REQUEST) {
    const search = encodeURIComponent(`id:${ids.slice(start, start + IDS_IN_A_REQUEST).join(" ")}`);
    const users = await read(admin, `/users?briefRepresentation=true&search=${search}`, USERS);
    found.push(...users.map(({ id }) => id));
  }
  return found;
}
