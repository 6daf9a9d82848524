import { constants } from "node:os";
import { parseArgs } from "node:util";

import { CommandError } from "@pulumi/pulumi/automation";

import { InterruptedError } from "../../processes/run";
import { UserError } from "../../settings/userError";
import { selectedStack } from "./stack";

interface Option {
  readonly type: "boolean" | "string";
  /** Whether it may be said several times. */
  readonly multiple?: boolean;
  /** What stands for its value in the help. */
  readonly value?: string;
  readonly description: string;
}

/** A command of this project, run as `npm run NAME -- OPTIONS`. */
export interface Command {
  readonly name: string;
  readonly description: string;
  readonly options?: Readonly<Record<string, Option>>;
}

/** What the user typed. */
export interface Invocation {
  readonly stack: string;
  readonly options: Readonly<Record<string, OptionValue | readonly OptionValue[] | undefined>>;
}

type OptionValue = string | boolean;

/** The texts that were given for an option, however often it was said. */
export function givenTexts(value: Invocation["options"][string]): string[] {
  return [value].flat().filter((one) => typeof one === "string");
}

/** The command was called wrongly. */
export class UsageError extends UserError {
  override readonly name = "UsageError";
}

const COMMON_OPTIONS = {
  stack: { type: "string", value: "NAME", description: "the stack's name; by default the one that is selected" },
  help: { type: "boolean", description: "show this text" },
} as const satisfies Record<string, Option>;

/** Runs a command to its exit code. What the user can mend is told without a stack trace. */
export function runCommand(command: Command, action: (invocation: Invocation) => Promise<number>): void {
  main(command, action).then(
    (exitCode) => {
      process.exitCode = exitCode;
    },
    (error: unknown) => {
      console.error(messageOf(error));
      process.exitCode = error instanceof InterruptedError ? 128 + constants.signals[error.signal] : 1;
    },
  );
}

async function main(command: Command, action: (invocation: Invocation) => Promise<number>): Promise<number> {
  const options = { ...command.options, ...COMMON_OPTIONS };
  const { stack, help, ...rest } = parse(command, options);
  if (help === true) {
    console.log(usage(command, options));
    return 0;
  }
  const name = typeof stack === "string" ? stack : await selectedStack();
  if (name === undefined) {
    throw new UsageError("No stack is selected; say --stack NAME, or run: pulumi stack select NAME");
  }
  return action({ stack: name, options: rest });
}

function parse(command: Command, options: Readonly<Record<string, Option>>): Invocation["options"] {
  try {
    return parseArgs({ options: options }).values;
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : ""}\n\n${usage(command, options)}`);
  }
}

function usage(command: Command, options: Readonly<Record<string, Option>>): string {
  const lines = Object.entries(options).map(
    ([name, { type, value = "VALUE", description }]) =>
      `  --${(type === "string" ? `${name} ${value}` : name).padEnd(16)} ${description}`,
  );
  return [`npm run ${command.name} -- [OPTIONS]`, "", command.description, "", ...lines].join("\n");
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  return error instanceof UserError ? error.message : explainPulumi(error);
}

/** The Automation API's errors hold the CLI's whole output; its own "error:" lines say what matters. */
function explainPulumi(error: Error): string {
  const lines = new Set([...error.message.matchAll(/^ *error: (.*)$/gm)].map(([, line]) => line));
  if (lines.size > 0) {
    return [...lines].map((line) => `pulumi: ${line}`).join("\n");
  }
  return error instanceof CommandError ? error.message.trim() : (error.stack ?? error.message);
}
