import * as keycloak from "@pulumi/keycloak";

import type { Fault } from "../settings/faults";
import type { Settings } from "../settings/settings";
import { explainFailure } from "./failures";

type Problem = Pick<Fault, "rule" | "reason" | "remedy">;

/** The user who stands for an organization, or what is wrong with that user. */
export async function lookUpUser(
  username: string,
  settings: Settings,
): Promise<{ readonly id: string; readonly enabled: boolean } | Problem> {
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

const SERVICE_ACCOUNT: Problem = {
  rule: "must not be a service account",
  reason: "it stands for a client, not for a user of the customer's organization",
  remedy: "name a user of the customer's organization",
};

/** What is wrong with a user who was switched off, unless the customer is retired as well. */
export const DISABLED_USER: Problem = {
  rule: "must not be a disabled user",
  reason: "a user who was switched off no longer stands for the organization",
  remedy: "name another user of the organization, or have this one enabled in the admin console",
};

/**
 * The provider says "not found" for an absent user, for one spelt in another case, for one the deployer may not see, and
 * for one behind a hundred others: it searches for names that contain the name, and Keycloak gives the first hundred.
 */
async function explainAbsence(username: string, settings: Settings, error: unknown): Promise<Problem> {
  const { realm, deployer } = settings;
  if (!/not found/i.test(String(error))) {
    const { rule, reason, remedy } = explainFailure(error, settings);
    return { rule, reason, remedy };
  }
  const lowerCase = username.toLowerCase();
  if (lowerCase !== username && (await exists(realm, lowerCase))) {
    return {
      rule: "must be spelt in lower case",
      reason: "Keycloak stores user names in lower case and the provider compares them letter by letter",
      remedy: `write "${lowerCase}"`,
    };
  }
  // The deployer's own service account certainly exists, so not seeing it is a matter of permission; and Keycloak sorts
  // by name, so that no other service account comes before it.
  const probe = `service-account-${deployer.clientId.toLowerCase()}`;
  if (deployer.realm === realm && !(await exists(realm, probe))) {
    return {
      rule: `must be visible to the deployer "${deployer.clientId}"`,
      reason: "Keycloak shows it no users at all, not even its own service account: it lacks the role view-users",
      remedy: `give the service account of "${deployer.clientId}" the role view-users of the client realm-management`,
    };
  }
  return {
    rule: `must be a user of realm ${realm}`,
    reason:
      "Keycloak shows the deployer no such user among the first hundred whose names contain this one, which are all that " +
      "the provider asks for: either it does not exist, or its name is spelt differently, or it comes later" +
      (deployer.realm === realm ? "" : ", or the deployer lacks the role view-users of that realm"),
    remedy:
      "compare the name with the admin console's list of users, or have the user made; if it is there, write " +
      "organizationId with the user's id instead",
  };
}

async function exists(realmId: string, username: string): Promise<boolean> {
  return keycloak.getUser({ realmId, username }).then(
    () => true,
    () => false,
  );
}
