import { reviewClaims } from "./review/claimsReview";
import { claimsHeadline } from "./review/claimsHeadline";
import { claimsMarkdown } from "./review/claimsText";
import { checkStackName, committedFiles, workingTreeFiles } from "./review/revision";
import { runCommand, UsageError } from "./cli/commandLine";
import { PROJECT_DIRECTORY } from "./cli/stack";

runCommand(
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
    const { base, json } = options;
    checkStackName(stack);
    if (base === undefined) {
      throw new UsageError("Say with what to compare: --base REVISION");
    }
    const [before, after] = await Promise.all([
      committedFiles(PROJECT_DIRECTORY, stack, base),
      workingTreeFiles(PROJECT_DIRECTORY, stack),
    ]);
    if (before.stack === undefined && after.stack === undefined) {
      throw new UsageError(`There is no Pulumi.${stack}.yaml, neither at ${before.label} nor in the working tree.`);
    }
    const review = reviewClaims(stack, before, after);
    const data = { headline: claimsHeadline(review), ...review };
    console.log(json ? JSON.stringify(data, undefined, 2) : claimsMarkdown(review));
    return review.faults.head === undefined ? 0 : 1;
  },
);
