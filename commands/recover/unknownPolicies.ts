import { TYPES } from "../../components/types";
import { recordOf } from "../../settings/decode";
import type { KeycloakManager } from "../../keycloak/admin";
import type { PlannedResource } from "../pulumi/plan";

/** What Keycloak calls them; the policies first, which name the profiles. */
const KINDS = [
  [TYPES.clientPolicy, "policies"],
  [TYPES.clientProfile, "profiles"],
] as const;

/**
 * Removes the client profile and client policy that a killed run made and the state does not know, for the next `up` to
 * make them: the provider cannot import them, and Keycloak refuses a second one of a name. Those of others stay.
 * @returns what was removed, in words
 */
export async function removeUnknownPolicies(
  creates: readonly PlannedResource[],
  admin: KeycloakManager,
): Promise<string[]> {
  const removed: string[] = [];
  for (const [type, kind] of KINDS) {
    const names = creates.filter((planned) => planned.type === type).map(({ inputs }) => inputs["name"]);
    if (names.length > 0) {
      const found = recordOf(await admin.get(`/client-policies/${kind}`))[kind];
      const all = (Array.isArray(found) ? found : []) as readonly { readonly name: string }[];
      const unknown = all.filter(({ name }) => names.includes(name));
      if (unknown.length > 0) {
        await admin.change("PUT", `/client-policies/${kind}`, { [kind]: all.filter((one) => !unknown.includes(one)) });
        removed.push(...unknown.map(({ name }) => `client ${kind === "profiles" ? "profile" : "policy"} ${name}`));
      }
    }
  }
  return removed;
}
