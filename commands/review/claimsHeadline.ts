import type { ClaimsReview } from "./claimsReview";
import { countChanged, type TokenChanges } from "./claimsDiff";
import { plural } from "../changes/markdown";

/** In one line, how far the change reaches. */
export function claimsHeadline(review: ClaimsReview): string {
  const { changes, faults, stack, stackFile } = review;
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
  const counts = [
    { count: added.length + addedRetired.length, what: "added" },
    { count: restored.length, what: "brought back" },
    { count: retired.length, what: "retired" },
    { count: removed.length, what: "removed" },
  ].filter(({ count }) => count > 0);
  return counts.map(({ count, what }, index) => `${index === 0 ? plural(count, "customer") : count} ${what}`);
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
