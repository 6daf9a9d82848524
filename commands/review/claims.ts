import { reviewClaims } from "./claimsReview";
import { claimsHeadline } from "./claimsHeadline";
import { claimsMarkdown } from "./claimsText";
import { checkStackName } from "../cli/stackName";
import { committedFiles, workingTreeFiles } from "../repository/revision";
import { runReport, UsageError } from "../cli/commandLine";
import { PROJECT_DIRECTORY } from "../cli/stack";
import { stacksOfRealm } from "../../settings/realmStacks";
import { readStackFiles } from "../../settings/stackFiles";

runReport(
  {
    name: "claims",
    description:
      "Says as Markdown how customers' tokens differ between the stack file of a git revision and that of the working\n" +
      "tree. Reads these files and Pulumi.yaml and nothing else: no server, no state, no secret. Exits with 1 where the\n" +
      "program would refuse the stack file.",
    options: {
      base: {
        type: "string",
        value: "REVISION",
        description: "the revision to compare with, such as origin/main; it must be said",
      },
      json: { type: "boolean", description: "the same as data" },
    },
  },
  async ({ stack, options }) => {
    const base = readBase(options);
    checkStackName(stack);
    const [before, after] = await Promise.all([
      committedFiles(PROJECT_DIRECTORY, stack, base),
      workingTreeFiles(PROJECT_DIRECTORY, stack),
    ]);
    if (before.stack === undefined && after.stack === undefined) {
      throw new UsageError(`There is no Pulumi.${stack}.yaml, neither at ${before.label} nor in the working tree.`);
    }
    const review = reviewClaims(stack, before, after);
    return {
      text: claimsMarkdown(review),
      data: { headline: claimsHeadline(review), ...review },
      exitCode: review.faults.head === undefined ? 0 : 1,
    };
  },
  // Also those whose file is removed.
  async (realmStack, options) => {
    checkStackName(realmStack);
    const before = await committedFiles(PROJECT_DIRECTORY, realmStack, readBase(options));
    const names = [readStackFiles(PROJECT_DIRECTORY), before.stacks]
      .filter((files) => files.has(realmStack))
      .flatMap((files) => stacksOfRealm(realmStack, files).map(({ stack }) => stack));
    return names.length === 0 ? [realmStack] : [...new Set(names)];
  },
);

function readBase({ base }: { readonly base?: string | undefined }): string {
  if (base === undefined) {
    throw new UsageError("Say with what to compare: --base REVISION");
  }
  return base;
}
