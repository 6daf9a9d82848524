import { text as textOf } from "node:stream/consumers";

import { SettingsError } from "../../faults/faults.ts";
import { readStackFiles } from "../../settings/stackFile/files.ts";
import { stacksOfRealm } from "../../settings/stackFile/realmStacks.ts";
import { EXIT_CODES, readNamedFile, refuseMistakes, UsageError, worstOf } from "../cli/errors.ts";
import { PROJECT_DIRECTORY } from "../pulumi/projectDirectory.ts";
import { ofStacks, type StackReport } from "../cli/verb.ts";
import { previewWithPolicies } from "../pulumi/policyPreview.ts";
import { failed, type Preview, readPreview } from "../pulumi/preview.ts";
import { PulumiError } from "../pulumi/pulumiCli.ts";
import { committedFiles, workingTreeFiles } from "../repository/revision.ts";
import { countChanged } from "./claimsDiff.ts";
import { reviewClaims } from "./claimsReview.ts";
import { claimsHeadline, claimsPart } from "./claimsText.ts";
import { COMMENT_LIMIT, partText } from "./part.ts";
import { summaryPart } from "./summary.ts";

/** Less has no room for what must be said in any case. */
const LEAST_LIMIT = 2_000;

export default ofStacks(
  {
    purpose:
      "Says as Markdown what a change means. With --base: how customers' tokens differ between the stack file of a git " +
      "revision and that of the working tree; this reads files and nothing else, no server, no state, no secret. With " +
      "--preview or --run-preview: what a preview changes, customer by customer. Shows no secrets.",
    changes: "nothing",
    options: {
      base: { value: "REVISION", description: "compare tokens with those of this revision, such as origin/main" },
      preview: {
        value: "FILE",
        description: "what `pulumi preview --json` printed; - waits for it on standard input",
      },
      "run-preview": { description: "run the preview of each stack" },
      "policy-pack": { value: "FOLDER", description: "with --run-preview: a policy pack that the previews ask" },
      limit: { value: "NUMBER", description: `the most characters of a preview's part; by default ${COMMENT_LIMIT}` },
    },
    examples: [
      ["--stack prod --base origin/main", "whose token the changes on this branch change"],
      ["--realm-stack prod --base origin/main --run-preview", "that, and what up would do, of all stacks of a realm"],
    ],
    fine: "no token changes, and nothing is refused",
    found: "a token changes",
  },
  async ({ stack, options, ofRealm }) => {
    const { base, preview: file, "run-preview": runs = false, "policy-pack": policyPack } = options;
    const { limit = String(COMMENT_LIMIT) } = options;
    refuseMistakes([
      [
        base === undefined && file === undefined && !runs,
        "Say what to review: --base REVISION, --preview FILE or --run-preview",
      ],
      [
        file !== undefined && (runs || ofRealm !== undefined),
        "--preview FILE is the preview of one stack: it goes with neither --run-preview nor --realm-stack.",
      ],
      [
        policyPack !== undefined && !runs,
        "--policy-pack needs --run-preview: of another preview's output nothing tells the policies.",
      ],
      [!/^\d+$/.test(limit) || Number(limit) < LEAST_LIMIT, `--limit must be a whole number from ${LEAST_LIMIT}.`],
    ]);
    const parts: StackReport[] = [];
    if (base !== undefined) {
      parts.push(await reviewTokens(stack, base));
    }
    if (file !== undefined || runs) {
      const preview = file === undefined ? await previewOf(stack, ofRealm, policyPack) : await readFrom(file);
      const isRefused = preview.errors.length > 0 || (preview.policies?.violations.length ?? 0) > 0;
      const part = summaryPart(preview, stack, Number(limit));
      const text = partText(part, Number(limit), "see: pulumi preview --diff");
      parts.push({ text, data: { preview: text }, exitCode: isRefused ? EXIT_CODES.failed : 0 });
    }
    return {
      text: parts.map(({ text }) => text).join("\n\n"),
      data: Object.assign({ stack }, ...parts.map(({ data }) => data)) as unknown,
      exitCode: worstOf(parts.map(({ exitCode }) => exitCode)),
    };
  },
  stacksToReview,
);

async function reviewTokens(stack: string, base: string): Promise<StackReport> {
  const [before, after] = await Promise.all([
    committedFiles(PROJECT_DIRECTORY, stack, base),
    workingTreeFiles(PROJECT_DIRECTORY, stack),
  ]);
  if (before.stack === undefined && after.stack === undefined) {
    throw new UsageError(`There is no Pulumi.${stack}.yaml, neither at ${before.label} nor in the working tree.`);
  }
  const review = reviewClaims(stack, before, after);
  const isRefused = review.faults.head !== undefined;
  const changes = review.changes === undefined ? 0 : countChanged(review.changes);
  return {
    text: partText(claimsPart(review), COMMENT_LIMIT, "--json has everything"),
    data: { headline: claimsHeadline(review), ...review },
    exitCode: isRefused ? EXIT_CODES.failed : changes > 0 ? EXIT_CODES.found : 0,
  };
}

/** Those of the working tree, and those whose file is removed. */
async function stacksToReview(realmStack: string, { base }: { readonly base?: string | undefined }): Promise<string[]> {
  const here = readStackFiles(PROJECT_DIRECTORY);
  const before = base === undefined ? [] : [(await committedFiles(PROJECT_DIRECTORY, realmStack, base)).stacks];
  try {
    const names = [here, ...before]
      .filter((files) => files.has(realmStack))
      .flatMap((files) => stacksOfRealm(realmStack, files).map(({ stack }) => stack));
    return names.length === 0 ? [realmStack] : [...new Set(names)];
  } catch (error) {
    // Where the stack files do not tell, the realm's own stack, whose review then fails with the reason.
    if (error instanceof SettingsError) {
      return [realmStack];
    }
    throw error;
  }
}

/**
 * Runs the preview of a stack. What fails becomes the preview, since its place is below this stack's heading.
 * @param ofRealm the stack of the realm whose stacks are all previewed
 */
async function previewOf(stack: string, ofRealm: string | undefined, policyPack: string | undefined): Promise<Preview> {
  try {
    if (ofRealm !== undefined) {
      stacksOfRealm(ofRealm, readStackFiles(PROJECT_DIRECTORY));
    }
    return await previewWithPolicies(stack, policyPack);
  } catch (error) {
    if (error instanceof SettingsError || error instanceof PulumiError) {
      return failed([error.message]);
    }
    throw error;
  }
}

async function readFrom(file: string): Promise<Preview> {
  if (file === "-") {
    if (process.stdin.isTTY) {
      console.error("Waiting for what pulumi preview --json prints ...");
    }
    return readPreview(await textOf(process.stdin));
  }
  return readPreview(await readNamedFile("preview", file));
}
