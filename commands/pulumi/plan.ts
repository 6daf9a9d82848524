import { TYPES } from "../../contract/types.ts";
import { nameOf, typeOf } from "./owners.ts";
import type { Preview, Step } from "./preview.ts";

/** A resource that an `up` would create. */
export interface PlannedResource {
  readonly urn: string;
  readonly type: string;
  /** The logical name: the last part of the URN. */
  readonly name: string;
  readonly parent?: string | undefined;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly isComponent: boolean;
}

/** What an `up` would do. */
export interface Plan {
  readonly creates: readonly PlannedResource[];
  readonly lostClients: readonly LostClient[];
}

/** A client that an `up` would delete or replace, whose customer would lose its credential. */
export interface LostClient {
  readonly urn: string;
  /** The properties for which it would be replaced; none where it would be deleted. */
  readonly replacedFor: readonly string[];
}

/** What a preview says that an `up` would do. */
export function planOf({ steps }: Pick<Preview, "steps">): Plan {
  return {
    creates: steps
      // A client policy that replaces another one has a new name (components/secretRotation.ts).
      .filter(({ op, urn }) => op === "create" || (op === "create-replacement" && isClientPolicy(typeOf(urn))))
      .map(({ urn, newState = {} }) => ({
        urn,
        type: typeOf(urn),
        name: nameOf(urn),
        parent: newState.parent,
        inputs: newState.inputs ?? {},
        isComponent: newState.custom !== true,
      })),
    lostClients: lostClients(steps),
  };
}

function isClientPolicy(type: string): boolean {
  return type === TYPES.clientProfile || type === TYPES.clientPolicy;
}

/** A replacement is several steps; not every one tells the reasons. */
function lostClients(steps: readonly Step[]): LostClient[] {
  const reasons = new Map<string, readonly string[]>();
  for (const { op, urn, replaceReasons } of steps) {
    if (/delete|replace/.test(op) && typeOf(urn) === TYPES.client) {
      reasons.set(urn, [...new Set([...(reasons.get(urn) ?? []), ...(replaceReasons ?? [])])]);
    }
  }
  return [...reasons].map(([urn, replacedFor]) => ({ urn, replacedFor }));
}

/** A file for `pulumi import --file`. It brings Keycloak's objects into the state under the program's own URNs. */
export interface ImportFile {
  readonly nameTable: Readonly<Record<string, string>>;
  readonly resources: readonly Readonly<Record<string, unknown>>[];
}

/**
 * @param adopted the planned resources that exist already, with their import ids
 * @param version the version of the Keycloak provider, so that the state names the program's default provider
 */
export function importFile(
  adopted: readonly (PlannedResource & { readonly importId: string })[],
  plan: Plan,
  version: string,
): ImportFile {
  const parents = new Set(adopted.flatMap(({ parent }) => (parent === undefined ? [] : [parent])));
  const missingParents = plan.creates.filter(({ urn, isComponent }) => isComponent && parents.has(urn));
  // The file refers to parents by name. Names need not be unique (a customer may be called "realm"), so each parent is
  // named by its URN.
  return {
    // Parents that the state has already; the others have an entry below.
    nameTable: Object.fromEntries(
      [...parents].filter((urn) => !missingParents.some((parent) => parent.urn === urn)).map((urn) => [urn, urn]),
    ),
    resources: [
      ...missingParents.map(({ urn, type, name }) => ({ type, name: urn, logicalName: name, component: true })),
      ...adopted.map(({ type, name, importId: id, parent }) => ({ type, name, id, version, parent })),
    ],
  };
}
