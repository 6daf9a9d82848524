import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";

import { COMMENT_LIMIT } from "./review/claimsText";
import { readPreview } from "./pulumi/preview";
import { pulumiCli, PulumiError } from "./pulumi/pulumiCli";
import { PROJECT_DIRECTORY } from "./cli/stack";
import { checkStackName } from "./review/revision";
import { summaryMarkdown } from "./review/reviewSummary";
import { runReport, UsageError } from "./cli/commandLine";

/** Less has no room for what must be said in any case. */
const LEAST_LIMIT = 2_000;

runReport(
  {
    name: "summary",
    description:
      "Sums up a preview as Markdown, customer by customer: pulumi preview --json | npm run --silent summary -- --stack\n" +
      "NAME. With --realm-stack it runs the previews itself. Shows no secrets. Exits with 1 where a preview failed, and says\n" +
      "why.",
    options: {
      file: { type: "string", value: "FILE", description: "where the preview's output is; by default standard input" },
      limit: {
        type: "string",
        value: "NUMBER",
        description: `the most characters to write; by default ${COMMENT_LIMIT}`,
      },
    },
  },
  async ({ stack, options }) => {
    const { file, "realm-stack": realmStack, limit = String(COMMENT_LIMIT) } = options;
    checkStackName(stack);
    if (!/^\d+$/.test(limit) || Number(limit) < LEAST_LIMIT) {
      throw new UsageError(`--limit must be a whole number from ${LEAST_LIMIT}.`);
    }
    const json =
      realmStack !== undefined
        ? await previewAsJson(stack)
        : file === undefined
          ? await text(process.stdin)
          : await read(file);
    const preview = readPreview(json);
    return { text: summaryMarkdown(preview, stack, Number(limit)), exitCode: preview.errors.length > 0 ? 1 : 0 };
  },
);

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new UsageError(`--file ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** What failed stands in the output, too. */
async function previewAsJson(stack: string): Promise<string> {
  try {
    return await pulumiCli(stack, PROJECT_DIRECTORY).run(["preview", "--json", "--suppress-permalink"]);
  } catch (error) {
    const [, json] = error instanceof PulumiError ? (/^\s*(\{[^]*\})/.exec(error.output) ?? []) : [];
    if (json === undefined) {
      throw error;
    }
    return json;
  }
}
