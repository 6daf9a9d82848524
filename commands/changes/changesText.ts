import { cell, code, names, table } from "./markdown.ts";
import type { Owner } from "../pulumi/owners.ts";
import type { ResourceChange } from "./resourceChanges.ts";

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
