import { inWords, TYPES } from "../../contract/types.ts";
import { type Owner, ownerOf, parentsOf, typeOf } from "../pulumi/owners.ts";
import { changingSteps, type ChangingStep, type Preview } from "../pulumi/preview.ts";
import { cell, code, names, table } from "./markdown.ts";
import { changedProperties, type PropertyChange, textInput } from "./propertyChanges.ts";

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
  readonly enabled: boolean | undefined;
  /** The claim that a mapper gives. */
  readonly claim: { readonly name: string; readonly value: string } | undefined;
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
    isComponent: custom !== true,
    enabled: enabled === undefined ? undefined : enabled === "true",
    claim: claim === undefined || value === undefined ? undefined : { name: claim, value },
    isLost: action === "create" && wasKnown,
    properties,
  };
}

function rank({ action }: ResourceChange): number {
  return ACTIONS.indexOf(action);
}

/** Whose changes a part of the summary shows. */
export function ownerTitle(owners: readonly Owner[]): string {
  const [first] = owners;
  switch (first?.kind) {
    case "shared":
      return "Shared by all customers";
    case "stack":
      return "The stack itself";
    case "customer":
    case undefined:
      return owners.length > 1
        ? `${owners.length} customers: ${names(owners.map(({ name }) => name))}`
        : names(owners.map(({ name }) => name));
  }
}

/**
 * Owners whose changes are alike in words are told together, in the order of the first.
 * @param textOf the changes in words
 */
export function alikeOwners(
  owners: readonly OwnerChanges[],
  textOf: (changes: readonly ResourceChange[]) => string,
): { readonly title: string; readonly text: string }[] {
  const told = owners.map(({ changes, owner }) => ({ owner, text: textOf(changes) }));
  const groups = Map.groupBy(told, ({ owner, text }) => `${owner.kind} ${text}`);
  return [...groups.values()].map((alike) => ({
    title: ownerTitle(alike.map(({ owner }) => owner)),
    text: alike[0]?.text ?? "",
  }));
}

/** What becomes of one owner's resources; the same text for all customers with the same changes. */
export function changesText(changes: readonly ResourceChange[]): string {
  const of = (wanted: ResourceChange["action"], isLost = false) =>
    changes.filter((change) => change.action === wanted && change.isLost === isLost);
  const [lost, created, deleted, replaced] = [of("create", true), of("create"), of("delete"), of("replace")];
  const rows = changes.flatMap(({ properties, resource }) =>
    properties.map(({ after, before, property, replaces }) => [
      cell(resource),
      cell(property) + (replaces ? " **(replaces it)**" : ""),
      cell(before),
      cell(after),
    ]),
  );
  return [
    ...listed("**Deleted**", deleted),
    ...listed("**Replaced**", replaced),
    ...listed("**Made anew**, because the server has lost it", lost),
    ...listed("Created", created),
    ...stateOfClient(changes),
    ...(rows.length > 0 ? [table(["resource", "property", "before", "after"], rows)] : []),
  ].join("\n\n");
}

function listed(verb: string, changes: readonly ResourceChange[]): string[] {
  // A component is no object of its own on any server.
  const objects = changes.filter(({ isComponent }) => !isComponent);
  const items = (objects.length > 0 ? objects : changes).map(
    ({ action, claim, isLost, resource }) =>
      code(resource) + (claim !== undefined && action === "create" && !isLost ? ` (${code(claim.value)})` : ""),
  );
  return items.length > 0 ? [`${verb}: ${items.join(", ")}.`] : [];
}

function stateOfClient(changes: readonly ResourceChange[]): string[] {
  switch (changes.find(({ enabled }) => enabled !== undefined)?.enabled) {
    case undefined:
      return [];
    case false:
      return ["**Retired**: the client is disabled, so that no token is given any more."];
    case true:
      return ["Brought back: the client is enabled again, with the secret that it had."];
  }
}
