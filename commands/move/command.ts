import { readFile } from "node:fs/promises";

import { runProjectCommand, UsageError } from "../cli/commandLine";
import { projectName, PROJECT_DIRECTORY } from "../cli/stack";
import { lookAhead, mendStates, moveCustomers } from "./moveCustomers";
import { checkStackName } from "../cli/stackName";
import { stackFileName } from "../../settings/stackFiles";

runProjectCommand(
  {
    name: "move",
    description:
      "Moves customers from one stack to another of the same realm. Nothing changes in Keycloak: client, secret and\n" +
      "service account stay. Edits both stack files, whose comments stay, and makes the other stack where there is none.\n" +
      "Changes nothing without --yes. If it is interrupted, run it again.",
    options: {
      customer: { type: "string", multiple: true, value: "ID", description: "a client id; may be said several times" },
      "customers-file": { type: "string", value: "FILE", description: "a file with a client id in each line" },
      from: { type: "string", value: "STACK", description: "the stack that they are in" },
      to: { type: "string", value: "STACK", description: "the stack that they come to" },
      yes: { type: "boolean", description: "move them" },
    },
  },
  async (options) => {
    const { from, to, customer = [], "customers-file": file } = options;
    if (from === undefined || to === undefined || from === to) {
      throw new UsageError("Say two stacks: --from STACK --to STACK");
    }
    [from, to].forEach(checkStackName);
    const clientIds = [...new Set([...customer, ...(file === undefined ? [] : await readIds(file))])];
    if (clientIds.length === 0) {
      throw new UsageError("Say which customers: --customer ID, or --customers-file FILE with an id in each line");
    }
    const move = { directory: PROJECT_DIRECTORY, from, to, clientIds };
    const report = (line: string) => console.log(line);
    if (options.yes === true) {
      await mendStates(move, await projectName(), report);
    }
    const prospect = await lookAhead(move);
    const { inState, isNewStack, plan } = prospect;
    const begun = plan.begun.length > 0;
    const count = clientIds.length === 1 ? "1 customer" : `${clientIds.length} customers`;
    report(
      [
        `${begun ? "Going on with the move of" : "Moves"} ${count} from ${from} to ${to}:`,
        `- ${stackFileName(from)}: without them`,
        `- ${stackFileName(to)}: with them${plan.newFile !== undefined ? "; a new file, with the connection of " + stackFileName(from) : ""}`,
        ...(isNewStack ? [`- a new stack ${to}`] : []),
        `- in the state: ${inState} to move`,
        "- Keycloak: nothing",
      ].join("\n"),
    );
    if (options.yes !== true) {
      report("Nothing was changed; say --yes.");
      return 0;
    }
    await moveCustomers(move, prospect, report);
    report(`✓ moved ${count} from ${from} to ${to}; commit ${stackFileName(from)} and ${stackFileName(to)} together`);
    return 0;
  },
);

/** Empty lines and comments are left out. */
async function readIds(file: string): Promise<string[]> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw new UsageError(`--customers-file ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .map((line) => line.replace(/#.*/, "").trim())
    .filter((line) => line !== "");
}
