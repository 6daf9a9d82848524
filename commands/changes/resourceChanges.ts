import { inWords, TYPES } from "../../contract/types.ts";
import { type Owner, ownerOf, parentsOf, typeOf } from "../pulumi/owners.ts";
import { changingSteps, type ChangingStep, type Preview } from "../pulumi/preview.ts";
import { changedProperties, type PropertyChange, textInput } from "./values.ts";

/** What becomes of a resource, in the order of danger. */
export const ACTIONS = ["delete", "replace", "update", "create"] as const;
export type Action = (typeof ACTIONS)[number];

export interface ResourceChange {
  readonly action: Action;
  /** In words and without the customer's name, so that two customers' changes can be told to be alike. */
  readonly resource: string;
  readonly isClient: boolean;
  readonly isComponent: boolean;
  /** A customer's client that is to be enabled from now on, or disabled; undefined where that stays. */
  readonly enabled?: boolean;
  /** The claim that a mapper gives. */
  readonly claim?: { readonly name: string; readonly value: string };
  /** Whether the resource is created because the server has lost it. */
  readonly isLost: boolean;
  readonly properties: readonly PropertyChange[];
}

export interface OwnerChanges {
  readonly owner: Owner;
  readonly changes: readonly ResourceChange[];
}

/** The changes by owner; whatever the order of the steps: many run at once. */
export function changesByOwner(preview: Pick<Preview, "steps">): OwnerChanges[] {
  const { steps } = preview;
  const known = new Set(steps.filter(({ op }) => op === "refresh").map(({ urn }) => urn));
  const parents = parentsOf(steps);
  const owners = new Map<string, { owner: Owner; changes: ResourceChange[] }>();
  for (const step of changingSteps(preview).values()) {
    const owner = ownerOf(step.urn, parents);
    const key = JSON.stringify([owner.kind, owner.name]);
    const { changes } = owners.get(key) ?? { changes: [] };
    owners.set(key, { owner, changes: [...changes, toChange(step, known.has(step.urn))] });
  }
  return [...owners.values()].map(({ owner, changes }) => ({
    owner,
    changes: changes.sort((a, b) => rank(a) - rank(b) || (a.resource < b.resource ? -1 : 1)),
  }));
}

/** An operation that is not known here counts as the most dangerous one. */
function actionOf(op: string): Action {
  if (/replace/.test(op)) {
    return "replace";
  }
  return op === "create" || op === "import" ? "create" : op === "update" ? "update" : "delete";
}

function toChange(step: ChangingStep, wasKnown: boolean): ResourceChange {
  const [only = "replace", ...others] = new Set(step.ops.map(actionOf));
  const action = others.length === 0 ? only : "replace";
  const properties = action === "update" || action === "replace" ? changedProperties(step) : [];
  const type = typeOf(step.urn);
  const { custom, inputs } = step.newState ?? step.oldState ?? {};
  const isClient = type === TYPES.client;
  const enabled = isClient ? properties.find(({ property }) => property === "enabled")?.after : undefined;
  const claim = textInput(inputs, "claimName");
  const value = textInput(inputs, "claimValue");
  const name = isClient ? undefined : textInput(inputs, "name");
  return {
    action,
    resource: [inWords(type), ...(name === undefined ? [] : [name])].join(" "),
    isClient,
    isComponent: custom === false,
    ...(enabled === undefined ? {} : { enabled: enabled === "true" }),
    ...(claim === undefined || value === undefined ? {} : { claim: { name: claim, value } }),
    isLost: action === "create" && wasKnown,
    properties,
  };
}

function rank({ action }: ResourceChange): number {
  return ACTIONS.indexOf(action);
}
