import * as v from "valibot";

import type { Settings } from "../settings/settings.ts";
import { type KeycloakAdmin, read } from "./admin.ts";

const USER = v.object({ id: v.string(), username: v.string(), enabled: v.optional(v.boolean(), true) });
const USERS = v.array(USER);

/** A user as Keycloak's admin REST API shows it, as far as it is looked at. */
export type User = v.InferOutput<typeof USER>;

/** The stack file names an organization by a user, and an `up` wrote that user's id into the tokens. What is true now? */
export type OrganizationNow =
  | { readonly kind: "same" }
  /** Keycloak shows the deployer no such user. */
  | { readonly kind: "absent" }
  /** @property before the name of the user whose id was written; absent where that is nobody's any more */
  | { readonly kind: "other"; readonly id: string; readonly before?: string };

export async function organizationNow(
  admin: KeycloakAdmin,
  username: string,
  writtenId: string,
): Promise<OrganizationNow> {
  const id = await findUserId(admin, username);
  if (id === undefined || id === writtenId) {
    return { kind: id === undefined ? "absent" : "same" };
  }
  const [before] = await usersOfIds(admin, [writtenId]);
  return { kind: "other", id, ...(before === undefined ? {} : { before: before.username }) };
}

/** A customer whose organization is another user than at the last `up`, though the user's name is the same. */
export interface OtherUser {
  readonly clientId: string;
  readonly text: string;
}

/** @param written by client id, what the last `up` wrote */
export async function otherUsers(
  admin: KeycloakAdmin,
  integrations: Settings["integrations"],
  written: Readonly<Record<string, { readonly organizationId: string }>> = {},
): Promise<OtherUser[]> {
  const found = await Promise.all(
    integrations.map(async ({ clientId, organization }) => {
      const id = written[clientId]?.organizationId;
      if (id === undefined || "id" in organization) {
        return [];
      }
      const now = await organizationNow(admin, organization.user, id);
      const text = describeOrganization(organization.user, id, now);
      return now.kind === "other" && now.before === undefined && text !== undefined ? [{ clientId, text }] : [];
    }),
  );
  return found.flat();
}

/** So many ids, federated users' too, stay within the 4,096 bytes that Keycloak reads of a request's first line. */
const IDS_IN_A_REQUEST = 10;

/** The users of these ids, as far as there are such. */
export async function usersOfIds(admin: KeycloakAdmin, ids: readonly string[]): Promise<User[]> {
  const parts = Array.from({ length: Math.ceil(ids.length / IDS_IN_A_REQUEST) }, (_, index) =>
    ids.slice(index * IDS_IN_A_REQUEST, (index + 1) * IDS_IN_A_REQUEST),
  );
  const found = await Promise.all(
    parts.map((part) => {
      const search = encodeURIComponent(`id:${part.join(" ")}`);
      return read(admin, `/users?briefRepresentation=true&search=${search}`, USERS);
    }),
  );
  return found.flat();
}

/** The user of this name, which Keycloak may spell in another case. */
export async function findUser(admin: KeycloakAdmin, username: string): Promise<User | undefined> {
  const users = await read(admin, `/users?exact=true&username=${encodeURIComponent(username)}`, USERS);
  return users.find((user) => user.username === username) ?? users[0];
}

/** The id of the user of this very name, or nothing. */
export async function findUserId(admin: KeycloakAdmin, username: string): Promise<string | undefined> {
  const user = await findUser(admin, username);
  return user?.username === username ? user.id : undefined;
}

/** What to tell of an organization that is not the same; nothing where it is. */
export function describeOrganization(username: string, writtenId: string, now: OrganizationNow): string | undefined {
  const name = JSON.stringify(username);
  switch (now.kind) {
    case "same":
      return undefined;
    case "absent":
      return `Keycloak shows the deployer no user ${name}: it was deleted or renamed, or the deployer lacks the role view-users`;
    case "other":
      return now.before === undefined
        ? `SAME NAME, OTHER ID: the user ${name} has the id ${now.id}, and the tokens have ${writtenId}, which is no user's ` +
            "any more. Somebody deleted that user, and another one has the name. See whose user it is before any pulumi up"
        : `the stack file names the user ${name} (${now.id}), and the tokens have the id of ${JSON.stringify(now.before)} ` +
            `(${writtenId})`;
  }
}
