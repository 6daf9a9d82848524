import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";

import { COMMENT_LIMIT } from "./review/claimsText";
import { readPreview } from "./pulumi/preview";
import { checkStackName } from "./review/revision";
import { summaryMarkdown } from "./review/reviewSummary";
import { runCommand, UsageError } from "./cli/commandLine";

/** Less has no room for what must be said in any case. */
const LEAST_LIMIT = 2_000;

runCommand(
  {
    name: "summary",
    description:
      "Sums up a preview as Markdown, customer by customer: pulumi preview --json | npm run --silent summary -- --stack\n" +
      "NAME. Shows no secrets. Exits with 1 where the preview failed, and says why.",
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
    const { file, limit = String(COMMENT_LIMIT) } = options;
    checkStackName(stack);
    if (!/^\d+$/.test(limit) || Number(limit) < LEAST_LIMIT) {
      throw new UsageError(`--limit must be a whole number from ${LEAST_LIMIT}.`);
    }
    const preview = readPreview(file === undefined ? await text(process.stdin) : await read(file));
    console.log(summaryMarkdown(preview, stack, Number(limit)));
    return preview.errors.length > 0 ? 1 : 0;
  },
);

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new UsageError(`--file ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
