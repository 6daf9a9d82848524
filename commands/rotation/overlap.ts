import * as v from "valibot";

import { ROTATION_ATTRIBUTE, rotationName } from "../../components/names";
import { recordOf } from "../../settings/decode";
import type { Settings } from "../../settings/settings";
import { type KeycloakAdmin, read } from "../../keycloak/admin";
import type { ClientRepresentation } from "../../keycloak/clients";

/** For how many seconds Keycloak keeps a previous secret alive; or why it does not. */
export type Overlap = { readonly seconds: number } | { readonly missing: string };

const POLICY = v.object({
  name: v.string(),
  enabled: v.exactOptional(v.boolean()),
  profiles: v.optional(v.array(v.string()), []),
});
const EXECUTOR = v.object({ executor: v.string(), configuration: v.exactOptional(v.unknown()) });
const PROFILE = v.object({ name: v.string(), executors: v.optional(v.array(EXECUTOR), []) });
const POLICIES = v.object({ policies: v.optional(v.array(POLICY), []) });
const PROFILES = v.object({ profiles: v.optional(v.array(PROFILE), []) });

/** What the realm's client profile and client policy say, which the stack declares. Needs the right to view the realm. */
export async function readOverlap(
  admin: KeycloakAdmin,
  { overlapDays }: Pick<Settings, "overlapDays">,
): Promise<Overlap> {
  if (overlapDays === undefined) {
    return { missing: "the stack file does not set scpcloud:secretRotation" };
  }
  const name = rotationName(overlapDays);
  const { policies } = await read(admin, "/client-policies/policies", POLICIES);
  const { profiles } = await read(admin, "/client-policies/profiles", PROFILES);
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
