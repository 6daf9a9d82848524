import { SettingsError } from "../../faults/faults.ts";
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
  readonly faults: { readonly base: string | undefined; readonly head: string | undefined };
  readonly stackFile: "changed" | "added" | "removed";
  /** Undefined where the new stack file is refused. */
  readonly changes: TokenChanges | undefined;
  /** The paths, without values, of what changes besides. */
  readonly otherChanges: readonly string[];
}

/**
 * Compares the tokens that two revisions of a stack file promise. A base that the program refuses was never deployed:
 * its faults are told, and every customer counts as new.
 */
export function reviewClaims(stack: string, base: RevisionFiles, head: RevisionFiles): ClaimsReview {
  const [before, after] = [readRevision(stack, base, head), readRevision(stack, head, head)];
  const changes = after.faults === undefined ? tokenChanges(before.read?.settings, after.read?.settings) : undefined;
  return {
    stack,
    base: base.label,
    faults: { base: before.faults, head: after.faults },
    stackFile: base.stack === undefined ? "added" : head.stack === undefined ? "removed" : "changed",
    changes,
    otherChanges:
      changes && before.read && after.read ? otherChanges(before.read.written, after.read.written, changes) : [],
  };
}

/** Neither where the revision has no such stack. */
interface Revision {
  readonly read?: WrittenStack;
  readonly faults?: string;
}

function readRevision(stack: string, files: RevisionFiles, head: RevisionFiles): Revision {
  if (files.stack === undefined) {
    return {};
  }
  try {
    return { read: readWrittenStack(stack, files, files.stack, head) };
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
