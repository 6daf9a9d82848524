import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";

import { COMMENT_LIMIT } from "./claimsText";
import { previewWithPolicies } from "../pulumi/policyPreview";
import { failed, type Preview, readPreview } from "../pulumi/preview";
import { PulumiError } from "../pulumi/pulumiCli";
import { PROJECT_DIRECTORY } from "../cli/stack";
import { checkStackName } from "../cli/stackName";
import { summaryMarkdown } from "./reviewSummary";
import { runReport, UsageError } from "../cli/commandLine";
import { SettingsError } from "../../settings/faults";
import { stacksOfRealm } from "../../settings/realmStacks";
import { readStackFiles } from "../../settings/stackFiles";

/** Less has no room for what must be said in any case. */
const LEAST_LIMIT = 2_000;

runReport(
  {
    name: "summary",
    description:
      "Sums up a preview as Markdown, customer by customer: pulumi preview --json | npm run --silent summary -- --stack\n" +
      "NAME. With --realm-stack it runs the previews itself. Shows no secrets. Exits with 1 where a preview failed, or a\n" +
      "policy refuses it, and says why.",
    options: {
      file: { type: "string", value: "FILE", description: "where the preview's output is; by default standard input" },
      limit: {
        type: "string",
        value: "NUMBER",
        description: `the most characters to write; by default ${COMMENT_LIMIT}`,
      },
      "policy-pack": {
        type: "string",
        value: "FOLDER",
        description: "with --realm-stack: a policy pack that the previews ask",
      },
    },
  },
  async ({ stack, options }) => {
    const { file, "realm-stack": realmStack, limit = String(COMMENT_LIMIT), "policy-pack": policyPack } = options;
    checkStackName(stack);
    if (!/^\d+$/.test(limit) || Number(limit) < LEAST_LIMIT) {
      throw new UsageError(`--limit must be a whole number from ${LEAST_LIMIT}.`);
    }
    if (policyPack !== undefined && realmStack === undefined) {
      throw new UsageError(
        "--policy-pack needs --realm-stack: of another preview's output nothing tells the policies.",
      );
    }
    const preview =
      realmStack !== undefined
        ? await previewOf(realmStack, stack, policyPack)
        : readPreview(file === undefined ? await text(process.stdin) : await read(file));
    const isRefused = preview.errors.length > 0 || (preview.policies?.violations.length ?? 0) > 0;
    return { text: summaryMarkdown(preview, stack, Number(limit)), exitCode: isRefused ? 1 : 0 };
  },
  (realmStack) => Promise.resolve(stacksToPreview(realmStack)),
);

/** Where the stack files do not tell, the realm stack, whose preview then fails with the reason. */
function stacksToPreview(realmStack: string): string[] {
  try {
    return stacksOfRealm(realmStack, readStackFiles(PROJECT_DIRECTORY)).map(({ stack }) => stack);
  } catch (error) {
    if (error instanceof SettingsError) {
      return [realmStack];
    }
    throw error;
  }
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new UsageError(`--file ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** What fails becomes the preview, since its place is below this stack's heading. */
async function previewOf(realmStack: string, stack: string, policyPack: string | undefined): Promise<Preview> {
  try {
    stacksOfRealm(realmStack, readStackFiles(PROJECT_DIRECTORY));
    return await previewWithPolicies(stack, PROJECT_DIRECTORY, policyPack === undefined ? [] : [policyPack]);
  } catch (error) {
    if (error instanceof SettingsError || error instanceof PulumiError) {
      return failed([error.message]);
    }
    throw error;
  }
}
