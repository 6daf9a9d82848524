import type { Command } from "commander";

import { InterruptedError } from "../../processes/run.ts";
import { readStackFiles } from "../../settings/stackFile/files.ts";
import { stacksOfRealm } from "../../settings/stackFile/realmStacks.ts";
import { exitCodeOf, messageOf, UsageError, worstOf } from "./errors.ts";
import { declareOptions, type OptionSpecs, STACK_VALUE, type Values } from "./options.ts";
import { PROJECT_DIRECTORY } from "../pulumi/projectDirectory.ts";
import { selectedStack } from "./stack.ts";
import { stackNameOf } from "./stackName.ts";

/** What a verb's help says. */
export interface About<O extends OptionSpecs> {
  readonly purpose: string;
  readonly changes: string;
  readonly options: O;
  /** Lines behind `scpcloud VERB`, each with what it does. */
  readonly examples: readonly (readonly [args: string, does: string])[];
  /** What the exit code 0 says. */
  readonly fine: string;
  /** What the exit code 3 says, where the verb looks for something. */
  readonly found?: string;
}

/** A verb of `scpcloud`. */
export interface Verb {
  readonly about: About<OptionSpecs>;
  /** Declares its options in the library for command lines; the function returned runs it to its exit code. */
  readonly declare: (command: Command) => () => Promise<number>;
}

/** What the user typed for a verb on one stack. */
export interface Invocation<O extends OptionSpecs> {
  readonly stack: string;
  readonly options: Values<O>;
}

const STACK = {
  stack: { short: "s", value: STACK_VALUE, description: "the stack; by default the one that is selected" },
} as const satisfies OptionSpecs;
const REALM_STACK = {
  "realm-stack": { value: STACK_VALUE, description: "instead: all stacks of this realm, its own stack first" },
} as const satisfies OptionSpecs;
export const JSON_OPTION = {
  json: { description: "the same as data (docs/json.md)" },
} as const satisfies OptionSpecs;

/** A verb that names its stacks by options of its own, or has none. */
export function ofProject<const O extends OptionSpecs>(
  about: About<O>,
  action: (options: Values<O>) => Promise<number>,
): Verb {
  return verb(about, {}, (_, options) => action(options));
}

/** A verb on one stack. */
export function ofStack<const O extends OptionSpecs>(
  about: About<O>,
  action: (invocation: Invocation<O>) => Promise<number>,
): Verb {
  return verb(about, STACK, async (common, options) => action({ stack: await chosenStack(common), options }));
}

function verb<const O extends OptionSpecs, const C extends OptionSpecs>(
  about: About<O>,
  common: C,
  run: (common: Values<C>, options: Values<O>) => Promise<number>,
): Verb {
  return {
    about: { ...about, options: { ...about.options, ...common } },
    declare: (command) => {
      const [readCommon, read] = [declareOptions(command, common), declareOptions(command, about.options)];
      return () => run(readCommon(), read());
    },
  };
}

/** A verb looks at so many stacks at a time: two keep two cores busy. */
const AT_A_TIME = 2;

/** What a verb says of one stack. */
export interface StackReport {
  readonly text: string;
  /** The same for `--json`. */
  readonly data: unknown;
  readonly exitCode: number;
}

const stacksOfFiles = (realmStack: string) =>
  Promise.resolve(stacksOfRealm(realmStack, readStackFiles(PROJECT_DIRECTORY)).map(({ stack }) => stack));

/**
 * A verb that says something of one stack, or with `--realm-stack` of each stack of a realm. Then `--json` gives a list. A
 * stack that fails stands in it with its `error`, and the others are told all the same. The exit code is 1 where one failed,
 * else the highest.
 * @param stacksOf the stacks of a realm; by default those of the stack files
 */
export function ofStacks<const O extends OptionSpecs>(
  about: About<O>,
  report: (invocation: Invocation<O> & { readonly ofRealm: string | undefined }) => Promise<StackReport>,
  stacksOf: (realmStack: string, options: Values<O>) => Promise<readonly string[]> = stacksOfFiles,
): Verb {
  const common = { ...STACK, ...REALM_STACK, ...JSON_OPTION };
  return verb(about, common, async ({ stack, "realm-stack": ofRealm, json = false }, options) => {
    if (stack !== undefined && ofRealm !== undefined) {
      throw new UsageError("Say --stack or --realm-stack, not both.");
    }
    const stacks = ofRealm === undefined ? [await chosenStack({ stack })] : await stacksOf(ofRealm, options);
    const begin = (one: string) => [one, Promise.allSettled([report({ stack: one, options, ofRealm })])] as const;
    const begun = stacks.slice(0, AT_A_TIME).map(begin);
    const reports: StackReport[] = [];
    // Each is told in its turn, and makes room for the next one, to which this loop then comes.
    for (const [one, pending] of begun) {
      const [outcome] = await pending;
      begun.push(...stacks.slice(begun.length, begun.length + 1).map(begin));
      const told = outcome.status === "fulfilled" ? outcome.value : failedReport(one, outcome.reason, ofRealm);
      reports.push(told);
      if (!json && told.text !== "") {
        console.log(reports.length > 1 ? `\n${told.text}` : told.text);
      }
    }
    if (json) {
      const data = reports.map((told) => told.data);
      console.log(JSON.stringify(ofRealm === undefined ? data[0] : data, undefined, 2));
    }
    return worstOf(reports.map(({ exitCode }) => exitCode));
  });
}

function failedReport(stack: string, error: unknown, ofRealm: string | undefined): StackReport {
  if (error instanceof InterruptedError || error instanceof UsageError) {
    throw error;
  }
  console.error(ofRealm === undefined ? messageOf(error) : `${stack}: ${messageOf(error)}`);
  return { text: "", data: { stack, error: messageOf(error) }, exitCode: exitCodeOf(error) };
}

async function chosenStack({ stack }: Values<typeof STACK>): Promise<string> {
  const chosen = stack ?? (await selectedStack());
  if (chosen === undefined) {
    throw new UsageError("No stack is selected; say --stack STACK, or run: pulumi stack select STACK");
  }
  return stackNameOf(chosen);
}
