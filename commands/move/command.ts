import { stackFileName } from "../../settings/stackFile/files.ts";
import { plural } from "../changes/markdown.ts";
import { agreed, CHANGE_OPTIONS } from "../cli/confirmation.ts";
import { readNamedFile, UsageError } from "../cli/errors.ts";
import { teller } from "../cli/teller.ts";
import { JSON_OPTION, ofProject } from "../cli/verb.ts";
import { lookAhead, moveCustomers } from "./moveCustomers.ts";

export default ofProject(
  {
    purpose:
      "Moves customers from one stack to another of the same realm. Client, secret and service account stay. Makes the " +
      "other stack where there is none. If it is interrupted, run it again.",
    changes: "both stack files, whose comments stay, and both states; nothing in Keycloak.",
    options: {
      from: { value: "STACK", required: true, description: "the stack that they are in" },
      to: { value: "STACK", required: true, description: "the stack that they come to" },
      customer: { value: "ID", many: true, description: "a client id" },
      "customers-file": { value: "FILE", description: "a file with a client id in each line" },
      ...JSON_OPTION,
      ...CHANGE_OPTIONS,
    },
    examples: [
      ["--from prod --to prod-b --customer acme --preview", "what would be moved"],
      ["--from prod --to prod-b --customers-file ids.txt", "asks, and moves all whose ids are in the file"],
    ],
    fine: "they are moved",
  },
  async (options) => {
    const { from, to, customer = [], "customers-file": file } = options;
    if (from === to) {
      throw new UsageError("Say two stacks: --from STACK --to STACK");
    }
    const clientIds = [...new Set([...customer, ...(file === undefined ? [] : await readIds(file))])];
    if (clientIds.length === 0) {
      throw new UsageError("Say which customers: --customer ID, or --customers-file FILE with an id in each line");
    }
    const move = { from, to, clientIds };
    const { say, end } = teller(options);
    const prospect = await lookAhead(move);
    const { inState, isNewStack, plan } = prospect;
    const isNewFile = plan.newFile !== undefined;
    const count = plural(clientIds.length, "customer");
    say(
      [
        `${plan.isBegun ? "Going on with the move of" : "Moves"} ${count} from ${from} to ${to}:`,
        `- ${stackFileName(from)}: without them`,
        `- ${stackFileName(to)}: with them${isNewFile ? `; a new file, with the connection of ${stackFileName(from)}` : ""}`,
        ...(isNewStack ? [`- a new stack ${to}`] : []),
        `- in the state: ${inState} to move`,
        "- Keycloak: nothing",
      ].join("\n"),
    );
    const isDone = await agreed({ stacks: [from, to], steps: [`move ${count}`] }, options);
    if (isDone) {
      await moveCustomers(move, prospect, say);
      say(`✓ moved ${count} from ${from} to ${to}; commit ${stackFileName(from)} and ${stackFileName(to)} together`);
    }
    end({ from, to, done: isDone, customers: clientIds, inState, newStack: isNewStack, newFile: isNewFile });
    return 0;
  },
);

/** Empty lines and comments are left out. */
async function readIds(file: string): Promise<string[]> {
  return (await readNamedFile("customers-file", file))
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .map((line) => line.replace(/#.*/, "").trim())
    .filter((line) => line !== "");
}
