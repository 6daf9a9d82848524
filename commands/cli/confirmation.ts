import { createInterface } from "node:readline/promises";

import { UserError } from "../../faults/userError.ts";
import { InterruptedError } from "../../processes/run.ts";
import type { Settings } from "../../settings/settings.ts";
import { pulumiCli, withoutPasswords } from "../pulumi/pulumiCli.ts";
import { UsageError } from "./errors.ts";
import type { OptionSpecs, Values } from "./options.ts";
import { backendUrl } from "./stack.ts";

/** The options of each verb that changes something. */
export const CHANGE_OPTIONS = {
  preview: { description: "only show what it would do" },
  yes: { short: "y", description: "do not ask; everything else stays the same" },
} as const satisfies OptionSpecs;

type ChangeOptions = Values<typeof CHANGE_OPTIONS>;

/** What a verb is about to change. */
export interface Change {
  /** Several, where it changes several at once. */
  readonly stacks: readonly string[];
  /** Where the verb changes something in Keycloak, or by its administrator. */
  readonly keycloak?: Pick<Settings, "connection" | "realm">;
  /** One line each; those that the user has read already are left out. */
  readonly steps: readonly string[];
}

/**
 * Shows on standard error what is about to change and where, and asks whether to go on.
 * @returns whether to go on; false with `--preview`
 * @throws UsageError where nobody can answer
 */
export async function agreed(change: Change, options: ChangeOptions): Promise<boolean> {
  const [stack = ""] = change.stacks;
  const backend = withoutPasswords(await backendUrl(pulumiCli(stack)));
  const { keycloak, stacks, steps } = change;
  console.error(
    [
      "",
      `${stacks.length === 1 ? "Stack   " : "Stacks  "}  ${stacks.join(", ")}`,
      `Backend   ${backend}`,
      ...(keycloak === undefined ? [] : [`Keycloak  ${keycloak.connection.url}, realm ${keycloak.realm}`]),
      ...steps.map((step) => `- ${step}`),
    ].join("\n"),
  );
  if (options.preview) {
    return false;
  }
  if (!options.yes) {
    refuseWithoutTerminal(options, stack);
    await ask();
  }
  return true;
}

/** A verb that takes long to find out what it will do calls this first. @throws UsageError where nobody could answer */
export function refuseWithoutTerminal({ preview, yes }: ChangeOptions, stack: string): void {
  if (!preview && !yes && !(process.stdin.isTTY && process.stderr.isTTY)) {
    throw new UsageError(
      `Nothing was changed, because there is no terminal to ask on. To go on: ${lineWithYes(stack)}`,
    );
  }
}

/** With the stack's name: the user may select another one before the line is typed. */
function lineWithYes(stack: string): string {
  const args = process.argv.slice(2);
  const named = args.some((arg) => /^(-s|--stack|--realm-stack|--from)(=|$)/.test(arg) || /^-s./.test(arg));
  return ["scpcloud", ...args, ...(named ? [] : ["--stack", stack]), "--yes"].map(quoted).join(" ");
}

function quoted(arg: string): string {
  return /^[\w./:@=,+-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", `'\\''`)}'`;
}

async function ask(): Promise<void> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await new Promise<string>((resolve, reject) => {
      terminal.on("SIGINT", () => reject(new InterruptedError("SIGINT")));
      // Ctrl-D, or a terminal that is gone.
      terminal.on("close", () => resolve(""));
      terminal.question("Go on? [y/N] ").then(resolve, reject);
    });
    if (!/^y(es)?$/i.test(answer.trim())) {
      throw new UserError("Nothing was changed.");
    }
  } finally {
    terminal.close();
  }
}
