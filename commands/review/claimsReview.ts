import { SettingsError } from "../../settings/faults.ts";
import { readWrittenStack, type WrittenStack } from "../../settings/stackFile/writtenStack.ts";
import { UsageError } from "../cli/errors.ts";
import type { RevisionFiles } from "../repository/revision.ts";
import { type TokenChanges, tokenChanges } from "./claimsDiff.ts";
import { otherChanges } from "./otherChanges.ts";

/** What a reviewer has to know of a change of a stack file. */
export interface ClaimsReview {
  readonly stack: string;
  readonly base: string;
  /** What the program says of a stack file that it would refuse; then there is nothing to compare it with. */
  readonly faults: { readonly base?: string; readonly head?: string };
  readonly stackFile: "changed" | "added" | "removed";
  /** Undefined where the new stack file is refused. */
  readonly changes?: TokenChanges;
  /** The paths, without values, of what changes besides. */
  readonly otherChanges: readonly string[];
}

type Revision = WrittenStack | { readonly faults: string };

/**
 * Compares the tokens that two revisions of a stack file promise. A base that the program refuses was never deployed:
 * its faults are told, and every customer counts as new.
 */
export function reviewClaims(stack: string, base: RevisionFiles, head: RevisionFiles): ClaimsReview {
  const [before, after] = [readRevision(stack, base, head), readRevision(stack, head, head)];
  const review: ClaimsReview = {
    stack,
    base: base.label,
    faults: {
      ...(before !== undefined && "faults" in before ? { base: before.faults } : {}),
      ...(after !== undefined && "faults" in after ? { head: after.faults } : {}),
    },
    stackFile: before === undefined ? "added" : after === undefined ? "removed" : "changed",
    otherChanges: [],
  };
  if (after !== undefined && "faults" in after) {
    return review;
  }
  const known = before === undefined || "faults" in before ? undefined : before;
  const changes = tokenChanges(known?.settings, after?.settings);
  return {
    ...review,
    changes,
    otherChanges: known === undefined || after === undefined ? [] : otherChanges(known.written, after.written, changes),
  };
}

/** Undefined where the revision has no such stack. */
function readRevision(stack: string, files: RevisionFiles, head: RevisionFiles): Revision | undefined {
  if (files.stack === undefined) {
    return undefined;
  }
  try {
    return readWrittenStack(stack, files, files.stack, head);
  } catch (error) {
    if (error instanceof SettingsError) {
      return { faults: error.message };
    }
    throw error;
  }
}

/**
 * A stack's settings from its files alone, without state and secrets.
 * @throws SettingsError with all faults; UsageError where there is no such stack
 */
export function readStackFile(stack: string, files: RevisionFiles): WrittenStack {
  if (files.stack === undefined) {
    throw new UsageError(`There is no Pulumi.${stack}.yaml.`);
  }
  return readWrittenStack(stack, files, files.stack, files);
}
