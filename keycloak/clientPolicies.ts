import { isRotationName, rotationName } from "../components/names";
import { recordOf, stringsOf } from "../settings/decode";
import type { KeycloakAdmin } from "./admin";

/** A client policy of a realm: for the clients that it picks, its client profiles hold. */
export interface ClientPolicy {
  readonly name: string;
  readonly enabled: boolean;
  readonly profiles: readonly string[];
}

/** A client profile of a realm, with what it does. */
export interface ClientProfile {
  readonly name: string;
  readonly executors: readonly { readonly name: string; readonly configuration: Readonly<Record<string, unknown>> }[];
}

/** Who may view the realm sees them. */
export async function readClientPolicies(admin: KeycloakAdmin): Promise<ClientPolicy[]> {
  const { policies } = recordOf(await admin.get("/client-policies/policies"));
  return listOf(policies).map(({ name, enabled, profiles }) => ({
    name: String(name),
    enabled: enabled === true,
    profiles: stringsOf(profiles),
  }));
}

/** The realm's own, and Keycloak's for all realms. */
export async function readClientProfiles(admin: KeycloakAdmin): Promise<ClientProfile[]> {
  const answer = recordOf(await admin.get("/client-policies/profiles?include-global-profiles=true"));
  return [...listOf(answer["profiles"]), ...listOf(answer["globalProfiles"])].map(({ name, executors }) => ({
    name: String(name),
    executors: listOf(executors).map((one) => ({
      name: String(one["executor"]),
      configuration: recordOf(one["configuration"]),
    })),
  }));
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
    profiles.some(({ name, executors }) => name === profile && executors.some((one) => REFUSING.includes(one.name)));
  return policies.filter((policy) => policy.profiles.some(isRefusing));
}

/** A policy in words. */
export function policyInWords({ name, profiles }: ClientPolicy): string {
  return `"${name}" (client profiles: ${profiles.join(", ")})`;
}

/** What Keycloak lacks of what makes secrets overlap, in words. */
export async function missingForRotation(admin: KeycloakAdmin, overlapDays: number): Promise<string[]> {
  const name = rotationName(overlapDays);
  const [policies, profiles] = await Promise.all([readClientPolicies(admin), readClientProfiles(admin)]);
  return [
    ...(profiles.some((one) => one.name === name) ? [] : [`client profile ${name}`]),
    ...(policies.some((one) => one.name === name) ? [] : [`client policy ${name}`]),
  ];
}

function listOf(value: unknown): Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.map(recordOf) : [];
}
