import { readFileSync } from "node:fs";
import { join } from "node:path";

import { stringify } from "yaml";

import { type ClaimsReview, reviewClaims } from "../../commands/review/claimsReview.ts";
import { claimsHeadline, claimsPart } from "../../commands/review/claimsText.ts";
import type { RevisionFiles } from "../../commands/repository/revision.ts";
import { MINIMAL } from "./configuration.ts";

const PROJECT = readFileSync(join(import.meta.dirname, "..", "..", "Pulumi.yaml"), "utf8");

/** A stack file with some keys replaced, or removed by `undefined`; none at all for `undefined`. */
export type Changes = Readonly<Record<string, unknown>> | undefined;

/** The files of a revision whose stack file says the least that it has to, but for these changes. */
export function revision(label: string, changes: Changes, project = PROJECT): RevisionFiles {
  return {
    label,
    project,
    // In quotes: what Pulumi reads otherwise without them, such as 0_ for 0, is refused.
    stack:
      changes &&
      stringify(
        { config: { ...MINIMAL, ...changes } },
        { defaultStringType: "QUOTE_DOUBLE", keepUndefined: false },
      ).replace(
        /[\x7f-\x9f\u2028\u2029\ufeff]/g,
        (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
      ),
    stacks: new Map(),
  };
}

export function review(before: Changes, after: Changes): ClaimsReview {
  return reviewClaims("prod", revision("0123456789ab", before), revision("the working tree", after));
}

/** The part's lines without blank ones, dangers first. */
export function linesOf(before: Changes, after: Changes): string[] {
  const { heading, dangers, sections } = claimsPart(review(before, after));
  return [heading, ...dangers, ...sections].flatMap((text) => text.split("\n").filter((line) => line !== ""));
}

/** How far the change reaches, as the comment's heading says it. */
export function headline(before: Changes, after: Changes): string {
  return claimsHeadline(review(before, after)).replace(/^prod: /, "");
}

export const customers = (integrations: Readonly<Record<string, unknown>>) => ({
  "scpcloud:integrations": integrations,
});
