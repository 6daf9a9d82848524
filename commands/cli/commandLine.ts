import { constants } from "node:os";
import { parseArgs } from "node:util";

import { InterruptedError } from "../../processes/run";
import { stacksOfRealm } from "../../settings/realmStacks";
import { readStackFiles } from "../../settings/stackFiles";
import { UserError } from "../../settings/userError";
import { explainMissingCli, withoutPasswords } from "../pulumi/pulumiCli";
import { PROJECT_DIRECTORY, selectedStack } from "./stack";

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
  readonly options: Values<O & typeof STACK & typeof HELP>;
}

type Values<O extends Options> = ReturnType<typeof parseArgs<{ options: O }>>["values"];

/** The same of a command that can say something of all stacks of a realm. */
export interface ReportInvocation<O extends Options> {
  readonly stack: string;
  readonly options: Values<O & typeof REPORT_OPTIONS>;
}

/** The command was called wrongly. */
export class UsageError extends UserError {
  override readonly name = "UsageError";
}

const HELP = { help: { type: "boolean", description: "show this text" } } as const satisfies Options;
const STACK = {
  stack: { type: "string", value: "NAME", description: "the stack's name; by default the one that is selected" },
} as const satisfies Options;
const REALM_STACK = {
  "realm-stack": {
    type: "string",
    value: "NAME",
    description: "instead: all stacks of this realm, its own stack first",
  },
} as const satisfies Options;
const REPORT_OPTIONS = { ...STACK, ...REALM_STACK, ...HELP };

/** The exit code where what was looked for is there: neither that of errors, 1, nor 2, which shells and make use. */
export const FOUND = 3;

/** Runs a command on a stack to its exit code. What the user can mend is told without a stack trace. */
export function runCommand<const O extends Options>(
  command: Command<O>,
  action: (invocation: Invocation<O>) => Promise<number>,
): void {
  run({ ...command, options: { ...command.options, ...STACK, ...HELP } }, async (options) =>
    action({ stack: await chosenStack(options), options }),
  );
}

/** Of how many stacks a command finds out at a time: two keep two cores busy. */
const AT_A_TIME = 2;

/** What a command says of one stack. */
export interface StackReport {
  readonly text: string;
  /** The same for `--json`, where the command has that. */
  readonly data?: unknown;
  readonly exitCode: number;
}

/**
 * Runs a command that says something of a stack, or, with `--realm-stack`, of each stack of a realm. Then `--json` gives a
 * list; a stack of which nothing can be said stands in it with its `error`, and does not keep the others from being told.
 * The exit code is 1 where any has that, else the highest.
 * @param stacksOf the stacks of a realm; by default those of the stack files
 */
export function runReport<const O extends Options>(
  command: Command<O>,
  report: (invocation: ReportInvocation<O>) => Promise<StackReport>,
  stacksOf: (realmStack: string, options: ReportInvocation<O>["options"]) => Promise<readonly string[]> = (
    realmStack,
  ) => Promise.resolve(stacksOfRealm(realmStack, readStackFiles(PROJECT_DIRECTORY)).map(({ stack }) => stack)),
): void {
  run({ ...command, options: { ...command.options, ...REPORT_OPTIONS } }, async (options) => {
    const { json, stack, "realm-stack": realmStack }: AnyReportOptions = options;
    if (realmStack === undefined) {
      const { text, data, exitCode } = await report({ stack: await chosenStack(options), options });
      console.log(json === true ? JSON.stringify(data, undefined, 2) : text);
      return exitCode;
    }
    if (stack !== undefined) {
      throw new UsageError("Say --stack or --realm-stack, not both.");
    }
    const reports: StackReport[] = [];
    const stacks = await stacksOf(realmStack, options);
    for (const [one, begun] of begunInTurn(stacks, (next) => report({ stack: next, options }))) {
      const told = await begun.catch((error: unknown): StackReport => {
        if (error instanceof InterruptedError || error instanceof UsageError) {
          throw error;
        }
        console.error(`${one}: ${messageOf(error)}`);
        return { text: "", data: { stack: one, error: messageOf(error) }, exitCode: 1 };
      });
      reports.push(told);
      if (json !== true && told.text !== "") {
        console.log(reports.length > 1 ? `\n${told.text}` : told.text);
      }
    }
    if (json === true) {
      console.log(
        JSON.stringify(
          reports.map(({ data }) => data),
          undefined,
          2,
        ),
      );
    }
    const codes = reports.map(({ exitCode }) => exitCode);
    return codes.includes(1) ? 1 : Math.max(0, ...codes);
  });
}

/** In the order of the stacks, for whoever awaits each before the next one. */
function* begunInTurn<T>(
  stacks: readonly string[],
  begin: (stack: string) => Promise<T>,
): Generator<readonly [stack: string, begun: Promise<T>]> {
  const queue: (readonly [string, Promise<T>])[] = [];
  for (const stack of stacks) {
    const begun = begin(stack);
    // Its error is told in its turn.
    begun.catch(() => undefined);
    queue.push([stack, begun]);
    if (queue.length >= AT_A_TIME) {
      yield* queue.splice(0, 1);
    }
  }
  yield* queue;
}

/** The compiler does not look into the options of a command that it does not know. */
type AnyReportOptions = Values<typeof REPORT_OPTIONS> & { readonly json?: unknown };

async function chosenStack({ stack }: Values<typeof STACK>): Promise<string> {
  const chosen = stack ?? (await selectedStack());
  if (chosen === undefined) {
    throw new UsageError("No stack is selected; say --stack NAME, or run: pulumi stack select NAME");
  }
  return chosen;
}

/** The same of a command that is about several stacks, which options of its own name. */
export function runProjectCommand<const O extends Options>(
  command: Command<O>,
  action: (options: Values<O & typeof HELP>) => Promise<number>,
): void {
  run({ ...command, options: { ...command.options, ...HELP } }, action);
}

function run<O extends Options & typeof HELP>(
  command: Command<O>,
  action: (options: Values<O>) => Promise<number>,
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

async function main<O extends Options & typeof HELP>(
  { options, ...about }: Command<O>,
  action: (options: Values<O>) => Promise<number>,
): Promise<number> {
  const help = usage(about, options);
  const values = parse(options, help);
  const common: Values<typeof HELP> = values;
  if (common.help === true) {
    console.log(help);
    return 0;
  }
  return action(values);
}

function parse<O extends Options>(options: O, help: string): Values<O> {
  try {
    return parseArgs({ args: process.argv.slice(2), options }).values;
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : ""}\n\n${help}`);
  }
}

function usage({ name, description }: Omit<Command<Options>, "options">, options: Options): string {
  const lines = Object.entries(options).map(([option, { type, value = "VALUE", description: text }]) => ({
    typed: type === "string" ? `${option} ${value}` : option,
    text,
  }));
  const width = Math.max(...lines.map(({ typed }) => typed.length));
  return [
    `npm run ${name} -- [OPTIONS]`,
    "",
    description,
    "",
    ...lines.map(({ typed, text }) => `  --${typed.padEnd(width)}  ${text}`),
  ].join("\n");
}

/** What an error is told by: its message where it is the user's, else where it was thrown, too. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  return error instanceof UserError
    ? error.message
    : (explainMissingCli(error.message) ?? withoutPasswords(error.stack ?? error.message));
}
