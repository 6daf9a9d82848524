import { type Change, type ManagedResource, managedResources } from "../../commands/drift/changesByHand.ts";
import { TYPES } from "../../contract/types.ts";
import type { Preview, Step } from "../../commands/pulumi/preview.ts";

type Values = Readonly<Record<string, unknown>>;

/** Something that the state has. */
export interface Had {
  readonly type: string;
  readonly name: string;
  /** The customer's client id, or the type of the component to which it belongs. */
  readonly of: string;
  readonly inputs?: Values;
  readonly outputs?: Values;
}

const URN = "urn:pulumi:prod::scpcloud::";
const INTEGRATION = "scpcloud:keycloak:Integration";
export const SHARED = "scpcloud:keycloak:RealmScopes";

export const clientOf = (customer: string, outputs: Values = {}): Had => ({
  type: TYPES.client,
  name: `${customer}-client`,
  of: customer,
  inputs: { clientId: customer },
  outputs,
});

export const mapperOf = (customer: string, outputs: Values = {}): Had => ({
  type: TYPES.hardcodedClaim,
  name: `${customer}-organization-id`,
  of: customer,
  inputs: { name: "organizationId", claimName: "organizationId" },
  outputs,
});

export function urnOf({ name, of, type }: Had): string {
  return `${URN}${of.includes(":") ? of : INTEGRATION}$${type}::${name}`;
}

const stateOf = (had: Had, outputs = had.outputs) => ({
  custom: true,
  id: `id of ${had.name}`,
  parent: had.of.includes(":") ? `${URN}${had.of}::shared` : `${URN}${INTEGRATION}::${had.of}`,
  inputs: had.inputs ?? {},
  outputs: outputs ?? {},
});

/** The step of a refresh that found it as the state has it. */
export const refreshOf = (had: Had): Step => ({
  op: "refresh",
  urn: urnOf(had),
  oldState: stateOf(had),
  newState: stateOf(had),
});

/** The step of a refresh that found these properties otherwise. */
export const foundOf = (had: Had, real: Values): Step => ({
  op: "update",
  urn: urnOf(had),
  oldState: stateOf(had),
  newState: stateOf(had, { ...had.outputs, ...real }),
  detailedDiff: differing(real),
});

/** The step of a refresh that did not find it. */
export const goneOf = (had: Had): Step => ({ op: "delete", urn: urnOf(had), oldState: stateOf(had) });

/** The step by which a preview would bring these properties to what the program says. */
export const updateOf = (had: Had, said: Values, op = "update"): Step => ({
  op,
  urn: urnOf(had),
  oldState: stateOf(had),
  newState: { ...stateOf(had), inputs: { ...had.inputs, ...said } },
  detailedDiff: differing(said),
});

const differing = (values: Values) =>
  Object.fromEntries(Object.keys(values).map((property) => [property, { kind: "update" }]));

/** The step by which a preview would make it anew. */
export const createOf = (had: Had): Step => ({ op: "create", urn: urnOf(had), newState: stateOf(had) });

export const previewOf = (...steps: readonly Step[]): Preview => ({ steps, counts: {}, errors: [], warnings: [] });

export function managed(had: Had): ManagedResource {
  return managedResources(previewOf(refreshOf(had))).get(urnOf(had)) as ManagedResource;
}

export const changed = (had: Had, property: string, stored: unknown, real: unknown): Change => ({
  resource: managed(had),
  property,
  stored,
  real,
});

export const lost = (had: Had): Change => ({ resource: managed(had) });
