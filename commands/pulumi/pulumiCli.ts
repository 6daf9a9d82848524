import { constants } from "node:os";

import type * as v from "valibot";

import { UserError } from "../../faults/userError.ts";
import { run, type RunOptions } from "../../processes/run.ts";
import { ofJson } from "../../values/shapes.ts";
import { diagnosticsOf } from "./diagnostics.ts";
import { NOTHING_CHANGES, type Preview, readPreview } from "./preview.ts";
import { PROJECT_DIRECTORY } from "./projectDirectory.ts";
import { remedyFor } from "./remedies.ts";

/** From CLI 3.256 on, each option can be set so: this one lets `up` and `destroy` delete what is protected. */
export const IGNORE_PROTECT = "PULUMI_OPTION_IGNORE_PROTECT";

/** How a command of the Pulumi CLI is run. */
export interface PulumiRunOptions {
  /** Called with each line of its output, as it comes. */
  readonly onLine?: (line: string) => void;
  /** Whether it is not about a stack. */
  readonly global?: boolean;
}

/** Runs the Pulumi CLI on one stack; resolves to what it printed on standard output. */
export interface PulumiCli {
  /** The stack's short name. */
  readonly stack: string;
  /** @throws PulumiError when it fails */
  run(args: readonly string[], options?: PulumiRunOptions): Promise<string>;
}

/** The Pulumi CLI failed. The message has what it said of that, and nothing else of its output. */
export class PulumiError extends UserError {
  override readonly name = "PulumiError";
  /** What it said of its failure. */
  readonly told: string;
  /** What to do about it, where that is known. */
  readonly remedy: string | undefined;

  readonly output: string;

  /** @param output all that it printed, for the caller to read; a preview of thousands of lines, perhaps */
  constructor(args: readonly string[], output: string) {
    const lines = [`${commandOf(args)} failed:`, ...diagnosticsOf(output).map((line) => `  ${line}`)].join("\n");
    const told = explainMissingCli(output) ?? withoutPasswords(lines);
    const remedy = remedyFor(output);
    super(remedy === undefined ? told : `${told}\n  Do: ${remedy}`);
    this.output = output;
    this.told = told;
    this.remedy = remedy;
  }
}

/** A failure of the CLI, which its caller knows what to do about. @throws whatever else it is */
export function pulumiErrorOf(error: unknown): PulumiError {
  if (error instanceof PulumiError) {
    return error;
  }
  throw error;
}

/** Of all arguments those that tell what was run, as in `pulumi stack export --stack prod`. */
function commandOf(args: readonly string[]): string {
  const words = args.slice(0, 2).filter((arg, index) => index === 0 || !arg.startsWith("-"));
  const stack = args.indexOf("--stack");
  return ["pulumi", ...words, ...(stack < 0 ? [] : args.slice(stack, stack + 2))].join(" ");
}

/** What to do where Node.js's words say that there is no CLI. */
export function explainMissingCli(words: string): string | undefined {
  return words.includes("spawn pulumi ENOENT")
    ? 'The Pulumi CLI is not on PATH. Install it, or use the one of this checkout: eval "$(make env)", after make up.'
    : undefined;
}

/** A text without the passwords of the URLs in it: that of a PostgreSQL backend may have one. */
export function withoutPasswords(text: string): string {
  return text.replace(/(\b\w+:\/\/[^\s:/@"]*:)[^\s/"]*@/g, "$1****@").replace(/([?&]password=)[^\s&"]*/g, "$1****");
}

/**
 * The CLI on a stack of the project. An interrupt reaches the CLI, which saves its state before it ends.
 * @param env added to this process's environment
 * @param cwd the folder of another project
 */
export function pulumiCli(
  stack: string,
  env: Readonly<Record<string, string>> = {},
  cwd = PROJECT_DIRECTORY,
): PulumiCli {
  return {
    stack,
    async run(args, { onLine, global = false } = {}) {
      const about = global ? [] : ["--stack", stack];
      return (await runPulumi([...args, ...about], { cwd, env, ...(onLine && { onLine }) })).stdout;
    },
  };
}

/**
 * What the CLI prints as JSON. @throws PulumiError where it is cut off, or of another form; nothing of it is quoted
 */
export async function readJson<Schema extends v.GenericSchema>(
  pulumi: PulumiCli,
  schema: Schema,
  args: readonly string[],
  options?: PulumiRunOptions,
): Promise<v.InferOutput<Schema>> {
  const text = await pulumi.run(args, options);
  const read = ofJson(schema, text);
  if ("wrong" in read) {
    throw new PulumiError(args, `error: what it printed is not what the CLI prints: ${read.wrong}`);
  }
  return read.value;
}

/**
 * Runs the CLI in a process group of its own, for it to save its state on an interrupt. Where the arguments ask for secrets
 * in plain text, no error has anything of what it printed on standard output.
 * @throws PulumiError, InterruptedError
 */
export async function runPulumi(args: readonly string[], { env, ...options }: RunOptions) {
  const { exitCode, stdout, stderr } = await run("pulumi", [...args, "--non-interactive"], {
    ...options,
    env: {
      // The plugin is asked for the differences of several resources at a time (docs/performance.md).
      PULUMI_PARALLEL_DIFF: process.env["PULUMI_PARALLEL_DIFF"] ?? "true",
      // Go's garbage collector runs less often: 0.83 of the CPU time of 400 customers, half as much memory again.
      GOGC: process.env["GOGC"] ?? "400",
      ...env,
      // Whoever has it set for another command: nothing of ours walks around `protect`.
      [IGNORE_PROTECT]: undefined,
    },
    savesOnInterrupt: true,
  });
  if (exitCode !== 0) {
    const showsSecrets = args.some((arg) => /^--show-secrets\b/.test(arg));
    throw new PulumiError(args, [...(showsSecrets ? [] : [stdout]), stderr, ...endOf(exitCode)].join("\n"));
  }
  return { stdout, stderr };
}

/** How a CLI ended that could not say it any more. */
function endOf(exitCode: number): string[] {
  const signal = Object.entries(constants.signals).find(([, number]) => number === exitCode - 128)?.[0];
  const reason = signal === "SIGKILL" ? "; the system does that where memory is short" : "";
  return signal === undefined ? [] : [`error: ${signal} ended the CLI${reason}`];
}

/** What an `up` would change. @throws PulumiError also where the CLI's output cannot be read */
export function runPreview(pulumi: PulumiCli, ...options: readonly string[]): Promise<Preview> {
  return readSteps(pulumi, ["preview", ...options]);
}

/**
 * What the servers have otherwise than the state: `update` or `delete` of each resource that differs, with the real one
 * as the new state, and `refresh` of all others. It changes nothing, takes no lock and does not run the program, unless
 * that is needed: the login is that of the last `up`, and the deployer may have a new id or secret since. Its time
 * grows with the resources, that of `preview --refresh` with their square.
 * @throws PulumiError also where the CLI's output cannot be read
 */
export async function runRefreshPreview(pulumi: PulumiCli, ...options: readonly string[]): Promise<Preview> {
  const command = ["refresh", "--preview-only", ...options];
  try {
    return await readSteps(pulumi, command, true);
  } catch (error) {
    if (!(error instanceof PulumiError)) {
      throw error;
    }
    return readSteps(pulumi, [...command, "--run-program"], true);
  }
}

/**
 * What the stack file changes (`plain`, which asks no server), and what the servers have otherwise than the state
 * (`refreshed`): together what `preview --refresh` tells, whose time grows with the square of the resources.
 * @param isAllDeployed finds out, sooner than a preview, that the stack file changes nothing
 * @throws PulumiError
 */
export async function runBothPreviews(
  pulumi: PulumiCli,
  options: readonly string[] = [],
  isAllDeployed: () => Promise<boolean> = () => Promise.resolve(false),
) {
  const plain = isAllDeployed().then((isAll) =>
    isAll ? NOTHING_CHANGES : runPreview(pulumi, "--refresh=false", ...options),
  );
  const refreshed = runRefreshPreview(pulumi, ...options);
  await Promise.allSettled([plain, refreshed]);
  return { plain: await plain, refreshed: await refreshed };
}

async function readSteps(pulumi: PulumiCli, command: readonly string[], isRefresh = false): Promise<Preview> {
  const args = [...command, "--json", "--suppress-permalink=true"];
  const text = await pulumi.run(args);
  const preview = readPreview(text, isRefresh);
  if (preview.errors.length > 0) {
    throw new PulumiError(args, text);
  }
  return preview;
}
