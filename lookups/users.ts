import { deployerName } from "../keycloak/adminFaults.ts";
import * as keycloak from "../keycloak/provider/index.ts";
import type { Fault } from "../settings/faults.ts";
import { deployersUser, type Settings } from "../settings/settings.ts";
import { explainFailure } from "./failures.ts";

type UserFault = Pick<Fault, "rule" | "reason" | "remedy"> & {
  /** What to do where the customer is retired, if that is something else. */
  readonly remedyOfRetired?: string;
};

/** The user who stands for an organization, or what is wrong with that user. */
export async function lookUpUser(
  username: string,
  settings: Settings,
): Promise<{ readonly id: string; readonly enabled: boolean } | UserFault> {
  if (username.startsWith("service-account-")) {
    return SERVICE_ACCOUNT;
  }
  try {
    const user = await keycloak.getUser({ realmId: settings.realm, username });
    return { id: user.id, enabled: user.enabled };
  } catch (error) {
    return explainAbsence(username, settings, error);
  }
}

const SERVICE_ACCOUNT: UserFault = {
  rule: "must not be a service account",
  reason: "it stands for a client, not for a user of the customer's organization",
  remedy: "name a user of the customer's organization",
};

/** What is wrong with a disabled user, unless the customer is retired, too. */
export const DISABLED_USER: UserFault = {
  rule: "must not be a disabled user",
  reason: "a user who was switched off no longer stands for the organization",
  remedy: "name another user of the organization, or have this one enabled in the admin console",
};

/**
 * The provider says "not found" for an absent user, for one spelt in another case, for one the deployer may not see, and
 * for one behind a hundred others: it searches for names that contain the name, and Keycloak gives the first hundred.
 */
async function explainAbsence(username: string, settings: Settings, error: unknown): Promise<UserFault> {
  const { realm, deployer } = settings;
  if (!/not found/i.test(String(error))) {
    const { rule, reason, remedy } = explainFailure(error, settings);
    return { rule, reason, remedy };
  }
  const lowerCase = username.toLowerCase();
  if (lowerCase !== username && (await exists(realm, lowerCase))) {
    return {
      rule: "must be spelt in lower case",
      reason: LOWER_CASE,
      remedy: `write "${lowerCase}"`,
    };
  }
  if (!(await maySeeUsers(settings))) {
    return {
      rule: `must be visible to the deployer, ${deployerName(deployer)}`,
      reason: "Keycloak shows the deployer no users: it lacks the role view-users",
      remedy: `give the service account of ${deployerName(deployer)} the role view-users of the client realm-management`,
    };
  }
  const hasCapitals = lowerCase !== username;
  return {
    rule: `must be a user of realm ${realm}`,
    reason:
      "Keycloak shows the deployer no such user: it does not exist, or its name is spelt differently, or the names of " +
      "more than a hundred users contain this one, and the provider reads only the first hundred" +
      (hasCapitals ? `. ${LOWER_CASE}` : ""),
    remedy:
      (hasCapitals ? `write "${lowerCase}", where that is the user; else ` : "") +
      "compare the name with the admin console's list of users: if it is there, write organizationId with the user's id " +
      "instead; if not, have the user made",
    remedyOfRetired:
      "if the user was deleted, write organizationId instead, with the id that pulumi stack output integrations shows; or " +
      "remove the retired customer's entry, by which Pulumi deletes its client",
  };
}

const LOWER_CASE = "Keycloak stores user names in lower case, and the provider compares them letter by letter";

async function exists(realmId: string, username: string): Promise<boolean> {
  return keycloak.getUser({ realmId, username }).then(
    () => true,
    () => false,
  );
}

/**
 * A deployer who may view users sees its own. A deployer of another realm has none there: it asks for the roles of nobody,
 * and Keycloak forbids that question only to those who may not view users.
 */
async function maySeeUsers(settings: Settings): Promise<boolean> {
  const { realm } = settings;
  const own = deployersUser(settings);
  return own === undefined
    ? keycloak.getUserRealmRoles({ realmId: realm, userId: NOBODY }).then(
        () => true,
        (error: unknown) => !/\b403 /.test(String(error)),
      )
    : exists(realm, own);
}

/** The empty UUID, which Keycloak gives to nobody. */
const NOBODY = "00000000-0000-0000-0000-000000000000";
