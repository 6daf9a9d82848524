import { claimsTable } from "../changes/claimChanges.ts";
import { block, cell, code, names, plural, table } from "../changes/markdown.ts";
import { countChanged, type NewCustomer, type OtherOrganization, type TokenChanges } from "./claimsDiff.ts";
import type { ClaimsReview } from "./claimsReview.ts";
import { USER_ID } from "./contracts.ts";
import type { ReviewPart } from "./part.ts";

const SIDES = ["before", "after"] as const;

/** So many new customers in one table; a comment has room for several tables. */
const ROWS = 50;

/** How far the change reaches, and then claim by claim. */
export function claimsPart(review: ClaimsReview): ReviewPart {
  return {
    heading: claimsHeadline(review),
    dangers: review.changes === undefined ? [] : [...dangersOf(review.changes, review.stackFile)],
    sections: [...sectionsOf(review)],
  };
}

/** In one line, how far the change reaches. */
export function claimsHeadline({ changes, faults, stack, stackFile }: ClaimsReview): string {
  if (changes === undefined) {
    return `${stack}: the stack file is refused, so there are no tokens to compare`;
  }
  const prefix = {
    changed: faults.base === undefined ? [] : ["nothing to compare with"],
    added: ["new stack"],
    removed: ["stack file removed"],
  }[stackFile];
  const moves = movesOf(changes);
  const tokens = changes.existing.length === 0 && moves.length > 0 ? [] : [tokensOf(changes, moves.length > 0)];
  return `${stack}: ${[...prefix, ...moves, ...tokens].join(", ")}`;
}

/** Who comes and goes, as in "1 customer added", "2 removed". */
function movesOf({ added, addedRetired, removed, restored, retired }: TokenChanges): string[] {
  const counts = {
    added: added.length + addedRetired.length,
    "brought back": restored.length,
    retired: retired.length,
    removed: removed.length,
  };
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([what, count], index) => `${index === 0 ? plural(count, "customer") : count} ${what}`);
}

function tokensOf(changes: TokenChanges, isAnyoneMoved: boolean): string {
  const all = changes.existing.length;
  const changed = countChanged(changes);
  // Whoever comes in the same change is none of them.
  const existing = isAnyoneMoved ? "existing " : "";
  if (changed === 0) {
    return isAnyoneMoved ? "0 tokens of existing customers change" : "no token changes";
  }
  if (changed < all) {
    return `the tokens of ${changed} of ${all} ${existing}customers change`;
  }
  return all === 1
    ? `the token of the only ${existing}customer changes`
    : `the tokens of all ${all} ${existing}customers change`;
}

/** Whose client is deleted at once, and what may show one customer's data to another. */
function* dangersOf({ deletionRefused, organizations, removed }: TokenChanges, stackFile: ClaimsReview["stackFile"]) {
  const sudden = removed.filter(({ wasRetired }) => !wasRetired).map(({ clientId }) => clientId);
  if (sudden.length > 0 && stackFile !== "removed") {
    const consequence = deletionRefused
      ? "The deployment will refuse to delete a protected client: retire it first (`retired: true`)."
      : "The client is deleted with its secret, and whoever still uses it is refused from that moment on.";
    yield section(`#### Removed: ${names(sudden)}`, `**Removed without having been retired.** ${consequence}`);
  }
  if (organizations.length > 0) {
    yield section("#### Other organizations", organizations.map(organizationLine).join("\n"));
  }
}

function organizationLine({ after, before, clientId, of }: OtherOrganization): string {
  const change =
    before === undefined ? `gets ${code(after)}` : `gets another organization's data: ${code(before)} → ${code(after)}`;
  const owners = of.length > 0 ? `; this organization was that of ${names(of)} before` : "";
  // Of a user's name and an id.
  const mayBeSame = before !== undefined && before.startsWith(USER_ID) !== after.startsWith(USER_ID);
  const note = mayBeSame ? " Only the server knows that user's id; it may be the same one." : "";
  return `- **${code(clientId)} ${change}${owners}.**${note}`;
}

function* sectionsOf({ base, changes, faults, otherChanges, stackFile }: ClaimsReview): Generator<string> {
  if (faults.head !== undefined) {
    yield section("In the working tree:", block(faults.head));
  }
  if (faults.base !== undefined) {
    yield section(
      `The program refuses the stack file at ${code(base)}, so it was never deployed; every customer counts as new.`,
      block(faults.base),
    );
  }
  if (stackFile === "removed") {
    yield "The clients stay in Keycloak until somebody runs `pulumi destroy`.";
  }
  if (changes !== undefined) {
    yield* tokenSections(changes, stackFile);
  }
  if (otherChanges.length > 0) {
    yield `Also changed, with no effect on tokens: ${names(otherChanges)}.`;
  }
}

function* tokenSections(changes: TokenChanges, stackFile: ClaimsReview["stackFile"]): Generator<string> {
  const { added, addedRetired, changed, changedForAll, existing, removed, restored, retired, shared } = changes;
  const prepared = removed.filter(({ wasRetired }) => wasRetired).map(({ clientId }) => clientId);
  if (prepared.length > 0 && stackFile !== "removed") {
    yield section(`#### Removed: ${names(prepared)}`, "Retired before; the disabled client is deleted.");
  }
  if (changedForAll.length > 0) {
    yield section(`#### All ${existing.length} customers: ${names(existing)}`, claimsTable(SIDES, changedForAll));
  }
  for (const { clientIds, changes } of changed) {
    yield section(`#### ${names(clientIds)}`, claimsTable(SIDES, changes));
  }
  if (retired.length > 0) {
    yield section(`#### Retired: ${names(retired)}`, "The client is disabled: no token is given any more.");
  }
  yield* newSections("Brought back", restored);
  yield* newSections("Added", added);
  for (const { clientId, successorOf } of [...restored, ...added]) {
    if (successorOf !== undefined) {
      const old = code(successorOf);
      yield `${code(clientId)} succeeds ${old}: both see the same organization's data until ${old} is retired.`;
    }
  }
  if (addedRetired.length > 0) {
    yield section(`#### Added as retired: ${names(addedRetired)}`, "No token is given.");
  }
  if (added.length + restored.length > 0) {
    const claims = Object.entries(shared).map(([claim, value]) => `${code(claim)} ${code(value)}`);
    yield `Like all others they have: ${claims.join(", ")}.`;
  }
}

function newSections(title: string, customers: readonly NewCustomer[]): string[] {
  const claims = Object.keys(customers[0]?.claims ?? {});
  return Array.from({ length: Math.ceil(customers.length / ROWS) }, (_, index) => {
    const some = customers.slice(index * ROWS, (index + 1) * ROWS);
    const rows = some.map((customer) => claims.map((claim) => cell(customer.claims[claim] ?? "")));
    return section(`#### ${title}: ${names(some.map(({ clientId }) => clientId))}`, table(claims.map(code), rows));
  });
}

function section(...paragraphs: readonly string[]): string {
  return paragraphs.join("\n\n");
}
