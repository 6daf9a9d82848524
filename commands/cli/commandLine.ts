import { constants } from "node:os";
import { parseArgs } from "node:util";

import { CommandError } from "@pulumi/pulumi/automation";

import { InterruptedError } from "../../processes/run";
import { UserError } from "../../settings/userError";
import { withoutPasswords } from "../pulumi/pulumiCli";
import { selectedStack } from "./stack";

interface Option {
  readonly type: "boolean" | "string";
  /** Whether it may be said several times. */
  readonly multiple?: boolean;
  /** What stands for its value in the help. */
  readonly value?: string;
  readonly description: string;
}

type Options = Readonly<Record<string, Option>>;

/** A command of this project, run as `npm run NAME -- OPTIONS`. */
export interface Command<O extends Options> {
  readonly name: string;
  readonly description: string;
  readonly options: O;
}

/** What the user typed, with the types of the command's own options. */
export interface Invocation<O extends Options> {
  readonly stack: string;
  readonly options: Values<O & typeof COMMON_OPTIONS>;
}

type Values<O extends Options> = ReturnType<typeof parseArgs<{ options: O }>>["values"];

/** The command was called wrongly. */
export class UsageError extends UserError {
  override readonly name = "UsageError";
}

const COMMON_OPTIONS = {
  stack: { type: "string", value: "NAME", description: "the stack's name; by default the one that is selected" },
  help: { type: "boolean", description: "show this text" },
} as const satisfies Options;

/** The exit code where what was looked for is there: neither that of errors, 1, nor 2, which shells and make use. */
export const FOUND = 3;

/** Runs a command to its exit code. What the user can mend is told without a stack trace. */
export function runCommand<const O extends Options>(
  command: Command<O>,
  action: (invocation: Invocation<O>) => Promise<number>,
): void {
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

async function main<O extends Options>(
  { options: own, ...about }: Command<O>,
  action: (invocation: Invocation<O>) => Promise<number>,
): Promise<number> {
  const options = { ...own, ...COMMON_OPTIONS };
  const help = usage(about, options);
  const values = parse(options, help);
  const common: Values<typeof COMMON_OPTIONS> = values;
  if (common.help === true) {
    console.log(help);
    return 0;
  }
  const stack = common.stack ?? (await selectedStack());
  if (stack === undefined) {
    throw new UsageError("No stack is selected; say --stack NAME, or run: pulumi stack select NAME");
  }
  return action({ stack, options: values });
}

function parse<O extends Options>(options: O, help: string): Values<O> {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : ""}\n\n${help}`);
  }
}

function usage({ name, description }: Omit<Command<Options>, "options">, options: Options): string {
  const lines = Object.entries(options).map(
    ([option, { type, value = "VALUE", description }]) =>
      `  --${(type === "string" ? `${option} ${value}` : option).padEnd(16)} ${description}`,
  );
  return [`npm run ${name} -- [OPTIONS]`, "", description, "", ...lines].join("\n");
}

/** What an error is told by: its message where it is the user's, the words of the Pulumi CLI where they are its. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  return error instanceof UserError ? error.message : withoutPasswords(explainPulumi(error));
}

/** The Automation API's errors hold the CLI's whole output; its own "error:" lines say what matters. */
function explainPulumi(error: Error): string {
  const lines = new Set([...error.message.matchAll(/^ *error: (.*)$/gm)].map(([, line]) => line));
  if (lines.size > 0) {
    return [...lines].map((line) => `pulumi: ${line}`).join("\n");
  }
  return error instanceof CommandError ? error.message.trim() : (error.stack ?? error.message);
}
