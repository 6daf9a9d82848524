import * as v from "valibot";

import { isRotationName } from "../contract/names.ts";
import { type KeycloakAdmin, read } from "./admin.ts";

const CONFIGURATION = v.optional(v.record(v.string(), v.unknown()), {});
const POLICY = v.object({
  name: v.string(),
  enabled: v.optional(v.boolean(), false),
  profiles: v.optional(v.array(v.string()), []),
  conditions: v.optional(v.array(v.object({ condition: v.string(), configuration: CONFIGURATION })), []),
});
const POLICIES = v.object({ policies: v.optional(v.array(POLICY), []) });
const EXECUTOR = v.object({ executor: v.string(), configuration: CONFIGURATION });
const PROFILE = v.object({ name: v.string(), executors: v.optional(v.array(EXECUTOR), []) });
const PROFILES = v.object({
  profiles: v.optional(v.array(PROFILE), []),
  globalProfiles: v.optional(v.array(PROFILE), []),
});

/** A client policy of a realm: for the clients that it picks, its client profiles hold. */
export type ClientPolicy = v.InferOutput<typeof POLICY>;

/** A client profile of a realm, with what it does. */
export type ClientProfile = v.InferOutput<typeof PROFILE>;

/** Who may view the realm sees them. */
export async function readClientPolicies(admin: KeycloakAdmin): Promise<ClientPolicy[]> {
  return (await read(admin, "/client-policies/policies", POLICIES)).policies;
}

/** The realm's own, and Keycloak's for all realms. */
export async function readClientProfiles(admin: KeycloakAdmin): Promise<ClientProfile[]> {
  const path = "/client-policies/profiles?include-global-profiles=true";
  const { globalProfiles, profiles } = await read(admin, path, PROFILES);
  return [...profiles, ...globalProfiles];
}

/** The enabled ones without our own. */
export async function foreignPolicies(admin: KeycloakAdmin): Promise<ClientPolicy[]> {
  return (await readClientPolicies(admin)).filter(({ enabled, name }) => enabled && !isRotationName(name));
}

/** What refuses a client that logs in with a secret, or its token requests (tried on 26.7.3), or asks users. */
const REFUSING = ["secure-client-authenticator", "holder-of-key-enforcer", "dpop-bind-enforcer", "consent-required"];

/** The enabled policies that refuse a customer's client, if they pick it; which they pick, only Keycloak can tell. */
export async function refusingPolicies(admin: KeycloakAdmin): Promise<ClientPolicy[]> {
  const policies = await foreignPolicies(admin);
  if (policies.length === 0) {
    return [];
  }
  const profiles = await readClientProfiles(admin);
  const isRefusing = (profile: string) =>
    profiles.some(
      ({ name, executors }) => name === profile && executors.some(({ executor }) => REFUSING.includes(executor)),
    );
  return policies.filter((policy) => policy.profiles.some(isRefusing));
}

/** A policy in words. */
export function policyInWords({ name, profiles }: ClientPolicy): string {
  return `"${name}" (client profiles: ${profiles.join(", ")})`;
}
