import { isDeepStrictEqual } from "node:util";

import { rotationInWords, type RotationInKeycloak, rotationPair } from "../components/secretRotation.ts";
import { type KeycloakAdmin, type KeycloakManager, loginAsDeployer } from "../keycloak/admin.ts";
import { foreignPolicies, policyInWords, readClientPolicies, readClientProfiles } from "../keycloak/clientPolicies.ts";
import { connect } from "../keycloak/http.ts";
import type { Settings } from "../settings/settings.ts";

/** The realm's client policies that may have refused something, in words; none where that cannot be found out. */
export async function policiesInWords(settings: Settings): Promise<string[]> {
  const keycloak = connect(settings.connection);
  try {
    return (await foreignPolicies(await loginAsDeployer(keycloak, settings))).map(policyInWords);
  } catch {
    // What is being explained is the refusal, and not why this question failed.
    return [];
  } finally {
    await keycloak.close();
  }
}

/** What Keycloak has of the rotation of secrets; undefined where the stack has none, or the deployer may not look. */
export async function lookUpRotation(
  admin: Pick<KeycloakManager, "get" | "roles">,
  { overlapDays, realmStack }: Pick<Settings, "overlapDays" | "realmStack">,
): Promise<RotationInKeycloak | undefined> {
  const mayLook = admin.roles?.some((role) => /^(manage|view)-realm$/.test(role)) === true;
  return overlapDays === undefined || realmStack !== undefined || !mayLook ? undefined : rotationIn(admin, overlapDays);
}

/** What the realm has of what makes secrets overlap for so many days. */
export async function rotationIn(admin: KeycloakAdmin, overlapDays: number): Promise<RotationInKeycloak> {
  const [profiles, policies] = await Promise.all([readClientProfiles(admin), readClientPolicies(admin)]);
  const declared = rotationPair(overlapDays);
  const executors = declared.profile.executors.map(({ name, configuration }) => ({ executor: name, configuration }));
  const conditions = declared.policy.conditions.map(({ name, configuration }) => ({ condition: name, configuration }));
  const profile = profiles.find(({ name }) => name === declared.profile.name);
  const policy = policies.find(({ name }) => name === declared.policy.name);
  const isOurs = [
    profile && isDeepStrictEqual(profile.executors, executors),
    policy && isDeepStrictEqual([policy.conditions, policy.profiles], [conditions, declared.policy.profiles]),
  ];
  const words = rotationInWords(overlapDays);
  return {
    others: words.filter((_, index) => isOurs[index] === false),
    missing: words.filter((_, index) => isOurs[index] === undefined),
  };
}
