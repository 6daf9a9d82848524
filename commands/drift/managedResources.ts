import { inWords, TYPES } from "../../contract/types";
import { ACCOUNT_CLIENT_SCOPE, CLIENT_SCOPE } from "../../contract/names";
import { code } from "../changes/markdown";
import { nameOf, type Owner, ownerOf, parentsOf, typeOf } from "../pulumi/owners";
import type { Preview } from "../pulumi/preview";
import { textInput } from "../changes/values";
import { recordOf } from "../../settings/decode";

/** A resource that the stack's state has. */
export interface ManagedResource {
  readonly urn: string;
  readonly type: string;
  /** The last part of the URN. */
  readonly name: string;
  /** By which its server knows it. */
  readonly id: string;
  readonly owner: Owner;
  /** What the last `up` said. */
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** What the state has, by URN: a preview of a refresh has a step for each. Components are nothing on any server. */
export function managedResources({ steps }: Preview): ReadonlyMap<string, ManagedResource> {
  const parents = parentsOf(steps);
  const resources = steps.flatMap(({ oldState, urn }): [string, ManagedResource][] => {
    const { id } = recordOf(oldState);
    if (oldState?.custom !== true || typeof id !== "string") {
      return [];
    }
    return [
      [
        urn,
        { urn, type: typeOf(urn), name: nameOf(urn), id, owner: ownerOf(urn, parents), inputs: oldState.inputs ?? {} },
      ],
    ];
  });
  return new Map(resources);
}

/** The resource as a sentence names it. */
export function phrase(resource: ManagedResource): string {
  const { inputs, type } = resource;
  const name = textInput(inputs, "name");
  switch (type) {
    case TYPES.client:
      return `the client of ${whom(resource)}`;
    case TYPES.clientScope:
      return `the client scope ${name}`;
    case TYPES.hardcodedClaim:
    case TYPES.audience:
      return `the mapper ${code(name ?? "")} of ${whom(resource)}`;
    case TYPES.clientProfile:
      return `the client profile ${code(name ?? "")}`;
    case TYPES.clientPolicy:
      return `the client policy ${code(name ?? "")}`;
    case TYPES.roleMapping:
      return `the role mapping ${code(roleOf(resource))} of ${whom(resource)}`;
    default:
      return `the ${inWords(type)} of ${whom(resource)}`;
  }
}

/** Whose it is. */
export function whom({ owner, type }: Pick<ManagedResource, "owner" | "type">): string {
  switch (owner.kind) {
    case "customer":
      return `customer ${owner.name}`;
    case "shared":
      return `the client scope ${type === TYPES.roleMapping ? ACCOUNT_CLIENT_SCOPE : CLIENT_SCOPE}`;
    case "stack":
      return "the stack";
  }
}

/** The state knows the role by its id only; the program has named the resource after it. */
function roleOf({ name }: ManagedResource): string {
  return name.replace(/^.*?-account-/, "");
}
