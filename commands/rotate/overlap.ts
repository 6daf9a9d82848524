import { ROTATION_ATTRIBUTE, rotationName } from "../../contract/names";
import { recordOf } from "../../settings/decode";
import type { Settings } from "../../settings/settings";
import type { KeycloakAdmin } from "../../keycloak/admin";
import { readClientPolicies, readClientProfiles } from "../../keycloak/clientPolicies";
import type { ClientRepresentation } from "../../keycloak/clients";

/** For how many seconds Keycloak keeps a previous secret alive; or why it does not. */
export type Overlap = { readonly seconds: number } | { readonly missing: string };

/** What the realm's client profile and client policy say, which the stack declares. Needs the right to view the realm. */
export async function readOverlap(
  admin: KeycloakAdmin,
  { overlapDays }: Pick<Settings, "overlapDays">,
): Promise<Overlap> {
  if (overlapDays === undefined) {
    return { missing: "the stack file does not set scpcloud:secretRotation" };
  }
  const name = rotationName(overlapDays);
  const [policies, profiles] = await Promise.all([readClientPolicies(admin), readClientProfiles(admin)]);
  const policy = policies.find((one) => one.name === name);
  const executors = profiles.find((one) => one.name === name)?.executors ?? [];
  const { configuration } = executors.find(({ executor }) => executor === "secret-rotation") ?? {};
  const seconds = Number(recordOf(configuration)["rotated-expiration-period"]);
  return policy?.enabled === true && policy.profiles.includes(name) && seconds > 0
    ? { seconds }
    : { missing: `Keycloak has no client policy ${name} that is enabled and has the profile of that name` };
}

/** Whether the policy picks the client. */
export function isPicked({ attributes = {} }: ClientRepresentation): boolean {
  return attributes[ROTATION_ATTRIBUTE] === "true";
}
