import * as v from "valibot";

import { type Fault, SettingsError, shown } from "../faults/faults.ts";
import { type KeycloakAdmin, read } from "../keycloak/admin.ts";
import { findUser, type User } from "../keycloak/users.ts";
import { integrationKey } from "../settings/rules/organizations.ts";
import { deployersUser, type Settings } from "../settings/settings.ts";

const PREFIX = "service-account-";

/** What is wrong with a user. */
export type UserFault = Pick<Fault, "rule" | "reason" | "remedy">;

/** The user who stands for an organization, or what is wrong with that user. A retired customer's may be disabled. */
export async function lookUpUser(
  admin: KeycloakAdmin,
  username: string,
  retired: boolean,
  settings: Settings,
): Promise<User | UserFault> {
  if (username.startsWith(PREFIX)) {
    return {
      rule: "must not be a service account",
      reason: "it stands for a client, not for a user of the customer's organization",
      remedy: "name a user of the customer's organization",
    };
  }
  const user = await findUser(admin, username);
  if (user === undefined) {
    return absentUser(retired, settings);
  }
  if (user.username !== username) {
    return {
      rule: "must be spelt in lower case",
      reason: "Keycloak stores user names in lower case, and commands and reviews compare them letter by letter",
      remedy: `write ${JSON.stringify(user.username)}`,
    };
  }
  return user.enabled || retired
    ? user
    : {
        rule: "must not be a disabled user",
        reason: "a user who was switched off no longer stands for the organization",
        remedy: "name another user of the organization, or have this one enabled in the admin console",
      };
}

function absentUser(retired: boolean, settings: Settings): UserFault {
  // A deployer of the realm that may not view users is told that instead.
  const orHidden = deployersUser(settings) === undefined ? ", or the deployer lacks the role view-users" : "";
  return {
    rule: `must be a user of realm ${settings.realm}`,
    reason: `Keycloak shows the deployer no such user: it does not exist, or its name is spelt differently${orHidden}`,
    remedy: retired
      ? "if the user was deleted, write organizationId instead, with the id that pulumi stack output integrations shows; or " +
        "remove the retired customer's entry, by which Pulumi deletes its client"
      : "compare the name with the admin console's list of users, or have the user made",
  };
}

const USERNAMES = v.array(v.object({ username: v.string() }));

/**
 * The customers whose service account cannot be made, as an ordinary user has its name. Keycloak then says that the client
 * exists, which it does not (tried on 26.7.3). Its search leaves service accounts out, so that one request tells all.
 */
export async function serviceAccountFaults(
  admin: KeycloakAdmin,
  { integrations, realm }: Pick<Settings, "integrations" | "realm">,
): Promise<Fault[]> {
  const users = await unlessRefused(
    read(admin, `/users?briefRepresentation=true&max=1000&search=${PREFIX}`, USERNAMES),
  );
  const names = new Set(users.map(({ username }) => username));
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

/** The answer to a question that the program can do without: an empty list where the deployer may not ask it. */
export async function unlessRefused<T>(list: Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await list;
  } catch (error) {
    if (error instanceof SettingsError) {
      return [];
    }
    throw error;
  }
}
