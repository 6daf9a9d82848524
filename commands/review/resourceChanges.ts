import { type Owner, ownerOf, parentsOf, typesOf } from "../pulumi/owners";
import { IDLE_OPS, type Preview, type Step } from "../pulumi/preview";
import { changedProperties, type PropertyChange, textInput } from "./values";

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

const CLIENT_TYPE = "keycloak:openid/client:Client";

/** The changes by owner; the order of the steps, of which many run at once, has no influence. */
export function changesByOwner({ steps }: Preview): OwnerChanges[] {
  const known = new Set(steps.filter(({ op }) => op === "refresh").map(({ urn }) => urn));
  const parents = parentsOf(steps);
  const owners = new Map<string, { owner: Owner; changes: ResourceChange[] }>();
  for (const { action, step } of changedResources(steps)) {
    const owner = ownerOf(step.urn, parents);
    const key = JSON.stringify([owner.kind, owner.name]);
    const { changes } = owners.get(key) ?? { changes: [] };
    owners.set(key, { owner, changes: [...changes, toChange(action, step, known.has(step.urn))] });
  }
  return [...owners.values()].map(({ owner, changes }) => ({
    owner,
    changes: changes.sort((a, b) => rank(a) - rank(b) || (a.resource < b.resource ? -1 : 1)),
  }));
}

/** One step for each resource: a replacement may take several. */
function changedResources(steps: readonly Step[]): { action: Action; step: Step }[] {
  const byUrn = new Map<string, { action: Action; step: Step }>();
  for (const step of steps.filter(({ op }) => !IDLE_OPS.includes(op))) {
    const action = actionOf(step.op);
    const other = byUrn.get(step.urn);
    const isReplaced = action === "replace" || (other !== undefined && other.action !== action);
    const best = other !== undefined && (other.step.detailedDiff ?? null) !== null ? other.step : step;
    byUrn.set(step.urn, { action: isReplaced ? "replace" : action, step: best });
  }
  return [...byUrn.values()];
}

/** An operation that is not known here counts as the most dangerous one. */
function actionOf(op: string): Action {
  if (/replace/.test(op)) {
    return "replace";
  }
  return op === "create" || op === "import" ? "create" : op === "update" ? "update" : "delete";
}

function toChange(action: Action, step: Step, wasKnown: boolean): ResourceChange {
  const properties = action === "update" || action === "replace" ? changedProperties(step) : [];
  const type = typesOf(step.urn).at(-1) ?? "";
  const { custom, inputs } = step.newState ?? step.oldState ?? {};
  const isClient = type === CLIENT_TYPE;
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

/** `keycloak:openid/clientScope:ClientScope` as "client scope". */
function inWords(type: string): string {
  return (type.split(":").at(-1) ?? "").replace(/(?<=[a-z])(?=[A-Z])/g, " ").toLowerCase();
}
