import { cell, table } from "./markdown.ts";

/** Claims in words, by name. */
export type DescribedClaims = Readonly<Record<string, string>>;

/** One claim that changes. */
export interface ClaimChange {
  readonly claim: string;
  /** Nothing where the token did not have it. */
  readonly before: string | undefined;
  /** Nothing where the token no longer has it. */
  readonly after: string | undefined;
}

/** The claims that differ, in the order of their names. */
export function changedClaims(before: DescribedClaims, after: DescribedClaims): ClaimChange[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .sort()
    .filter((claim) => before[claim] !== after[claim])
    .map((claim) => ({ claim, before: before[claim], after: after[claim] }));
}

/**
 * Claims on two sides as a table.
 * @param remarks a further column, whose title is empty
 */
export function claimsTable(
  titles: readonly [before: string, after: string],
  changes: readonly ClaimChange[],
  remarks?: readonly string[],
): string {
  const value = (text: string | undefined) => (text === undefined ? "—" : cell(text));
  return table(
    ["claim", ...titles, ...(remarks === undefined ? [] : [""])],
    changes.map(({ after, before, claim }, index) => [
      cell(claim),
      value(before),
      value(after),
      ...(remarks === undefined ? [] : [remarks[index] ?? ""]),
    ]),
  );
}
