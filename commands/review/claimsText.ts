import type { ClaimsReview } from "./claimsReview";
import type { NewCustomer, OtherOrganization, TokenChanges } from "./claimsDiff";
import { claimsHeadline } from "./claimsHeadline";
import { USER_ID } from "./contracts";
import { claimsTable } from "../changes/claims";
import { type Section, withinLimit } from "./limit";
import { block, cell, code, danger, marker, names, plural, table } from "../changes/markdown";

/** GitHub takes 65,536 characters for a comment. */
export const COMMENT_LIMIT = 60_000;

const SIDES = ["before", "after"] as const;

/** So many new customers in one table; a comment has room for several tables. */
const ROWS = 50;

/** The review as a comment: how far the change reaches, and then claim by claim, what is dangerous first. */
export function claimsMarkdown(review: ClaimsReview, limit = COMMENT_LIMIT): string {
  const { changes, stackFile } = review;
  const sections = [...(changes === undefined ? [] : sectionsOf(changes, stackFile)), ...otherSections(review)];
  return withinLimit(
    [...headOf(review)].join("\n\n"),
    sections,
    limit,
    (leftOut) =>
      `… and ${plural(leftOut.length, "more part")}, for which a comment has no room; --json has everything.`,
  );
}

function* headOf(review: ClaimsReview): Generator<string> {
  const { base, faults, stack, stackFile } = review;
  yield `${marker("claims", stack)}\n### ${claimsHeadline(review)}`;
  if (faults.head !== undefined) {
    yield `In the working tree:\n\n${block(faults.head)}`;
  }
  if (faults.base !== undefined) {
    yield (
      `The program refuses the stack file at ${code(base)}, so it was never deployed; every customer counts as new.` +
      `\n\n${block(faults.base)}`
    );
  }
  if (stackFile === "removed") {
    yield "The clients stay in Keycloak until somebody runs `pulumi destroy`.";
  }
}

function* sectionsOf(changes: TokenChanges, stackFile: ClaimsReview["stackFile"]): Generator<Section> {
  const { added, addedRetired, changed, changedForAll, existing, restored, retired } = changes;
  if (stackFile !== "removed") {
    yield* removedSections(changes);
  }
  yield* organizationSections(changes);
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
      yield section(
        `${code(clientId)} succeeds ${code(successorOf)}: both see the same organization's data until ` +
          `${code(successorOf)} is retired.`,
      );
    }
  }
  if (addedRetired.length > 0) {
    yield section(`#### Added as retired: ${names(addedRetired)}`, "No token is given.");
  }
  if (added.length + restored.length > 0) {
    yield section(sharedLine(changes));
  }
}

function* removedSections({ deletionRefused, removed }: TokenChanges): Generator<Section> {
  const ids = (wasRetired: boolean) =>
    removed.filter((customer) => customer.wasRetired === wasRetired).map(({ clientId }) => clientId);
  const [sudden, prepared] = [ids(false), ids(true)];
  if (sudden.length > 0) {
    const consequence = deletionRefused
      ? "The deployment will refuse to delete a protected client: retire it first (`retired: true`)."
      : "The client is deleted with its secret, and whoever still uses it is refused from that moment on.";
    yield section(danger(`#### Removed: ${names(sudden)}\n\n**Removed without having been retired.** ${consequence}`));
  }
  if (prepared.length > 0) {
    yield section(`#### Removed: ${names(prepared)}`, "Retired before; the disabled client is deleted.");
  }
}

/** What may show one customer's data to another. */
function* organizationSections({ organizations }: TokenChanges): Generator<Section> {
  if (organizations.length > 0) {
    yield section(danger(["#### Other organizations", organizations.map(organizationLine).join("\n")].join("\n\n")));
  }
}

function organizationLine({ after, before, clientId, of }: OtherOrganization): string {
  const change =
    before === undefined ? `gets ${code(after)}` : `gets another organization's data: ${code(before)} → ${code(after)}`;
  const owners = of.length > 0 ? `; this organization was that of ${names(of)} before` : "";
  const mayBeSame = before !== undefined && before.startsWith(USER_ID) !== after.startsWith(USER_ID);
  return `- **${code(clientId)} ${change}${owners}.**${mayBeSame ? ` ${MAY_BE_SAME}` : ""}`;
}

/** Of a user's name and an id. */
const MAY_BE_SAME = "Only the server knows that user's id; it may be the same one.";

function newSections(title: string, customers: readonly NewCustomer[]): Section[] {
  const claims = Object.keys(customers[0]?.claims ?? {});
  const chunks = Array.from({ length: Math.ceil(customers.length / ROWS) }, (_, index) =>
    customers.slice(index * ROWS, (index + 1) * ROWS),
  );
  return chunks.map((chunk) =>
    section(
      `#### ${title}: ${names(chunk.map(({ clientId }) => clientId))}`,
      table(
        claims.map(code),
        chunk.map((customer) => claims.map((claim) => cell(customer.claims[claim] ?? ""))),
      ),
    ),
  );
}

function sharedLine({ shared }: TokenChanges): string {
  const claims = Object.entries(shared).map(([claim, value]) => `${code(claim)} ${code(value)}`);
  return `Like all others they have: ${claims.join(", ")}.`;
}

function otherSections({ otherChanges }: ClaimsReview): Section[] {
  return otherChanges.length > 0 ? [section(`Also changed, with no effect on tokens: ${names(otherChanges)}.`)] : [];
}

function section(...paragraphs: readonly string[]): Section {
  return { text: paragraphs.join("\n\n") };
}
