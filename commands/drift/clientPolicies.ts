import { isRotationName } from "../../components/names";
import type { KeycloakAdmin } from "../../keycloak/admin";
import { recordOf } from "../../settings/decode";
import type { Change } from "./changes";
import { TYPES } from "../../components/types";

/** Whether a client policy can have done it: Keycloak carries them out whenever a client is written, an `up` included. */
export function mayBePolicy(change: Change): boolean {
  return change.kind === "changed" && change.resource.type === TYPES.client;
}

/** The names of the realm's client policies that are enabled, without our own; who may view the realm sees them. */
export async function enabledPolicies(admin: KeycloakAdmin): Promise<string[]> {
  const { policies } = recordOf(await admin.get("/client-policies/policies"));
  return (Array.isArray(policies) ? policies : []).flatMap((policy) => {
    const { enabled, name } = recordOf(policy);
    return enabled === true && typeof name === "string" && !isRotationName(name) ? [name] : [];
  });
}
