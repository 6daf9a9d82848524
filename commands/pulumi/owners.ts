import type { Step } from "./preview.ts";

/** Who a resource belongs to. */
export interface Owner {
  readonly kind: "customer" | "shared" | "stack";
  /** A customer's client id; empty for all others. */
  readonly name: string;
}

type Parents = ReadonlyMap<string, string | undefined>;

/** The type of the component that is a customer; its name is the client id. */
export const CUSTOMER_TYPE = "scpcloud:keycloak:Integration";

export function parentsOf(steps: readonly Step[]): Parents {
  return new Map(steps.map(({ urn, newState, oldState }) => [urn, newState?.parent ?? oldState?.parent]));
}

export function ownerOf(urn: string, parents: Parents): Owner {
  const types = typesOf(urn);
  if (types.includes(CUSTOMER_TYPE)) {
    // A component's URN ends with its own type, and its name is the customer's client id.
    let ancestor: string | undefined = urn;
    while (ancestor !== undefined && typeOf(ancestor) !== CUSTOMER_TYPE) {
      ancestor = parents.get(ancestor);
    }
    return { kind: "customer", name: nameOf(ancestor ?? urn) };
  }
  return { kind: types.includes("scpcloud:keycloak:RealmScopes") ? "shared" : "stack", name: "" };
}

/** Whether Pulumi would delete or replace a resource from the next deployment on, and did not before. */
export function losesProtection({ newState, oldState }: Pick<Step, "newState" | "oldState">): boolean {
  return oldState?.protect === true && newState !== undefined && !newState.protect;
}

/** The owners of resources that Pulumi would delete or replace from the next deployment on, and did not before. */
export function unprotectedOwners(steps: readonly Step[]): Owner[] {
  const parents = parentsOf(steps);
  const owners = steps
    .filter(losesProtection)
    .map(({ urn }): [string, Owner] => [JSON.stringify(ownerOf(urn, parents)), ownerOf(urn, parents)])
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return [...new Map(owners).values()];
}

/** `urn:pulumi:STACK::PROJECT::TYPE$TYPE::NAME`. */
function typesOf(urn: string): string[] {
  return (urn.split("::")[2] ?? "").split("$");
}

export function typeOf(urn: string): string {
  return typesOf(urn).at(-1) ?? "";
}

/** The logical name, which may have colons itself. */
export function nameOf(urn: string): string {
  return urn.split("::").slice(3).join("::");
}
