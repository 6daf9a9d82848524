import { readFile } from "node:fs/promises";
import { constants } from "node:os";

import { UserError } from "../../faults/userError.ts";
import { InterruptedError } from "../../processes/run.ts";
import { explainMissingCli, withoutPasswords } from "../pulumi/pulumiCli.ts";

/** What every command exits with, besides 0, and 128 + n where signal n ended it. */
export const EXIT_CODES = {
  /** It could not be found out or done. */
  failed: 1,
  /** The command was called wrongly. */
  usage: 2,
  /** What was looked for is there: a difference, drift, an old secret. */
  found: 3,
} as const;

export class UsageError extends UserError {
  override readonly name: string = "UsageError";
}

/** @throws UsageError that tells the first mistake that was made */
export function refuseMistakes(mistakes: readonly (readonly [isMade: boolean, message: string])[]): void {
  const [, message] = mistakes.find(([isMade]) => isMade) ?? [];
  if (message !== undefined) {
    throw new UsageError(message);
  }
}

/** The text of a file that an option names. @throws UsageError where it cannot be read */
export async function readNamedFile(option: string, file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new UsageError(`--${option} ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The message of a mistake that the user can mend; of any other error also the stack trace. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  return error instanceof UserError
    ? error.message
    : (explainMissingCli(error.message) ?? withoutPasswords(error.stack ?? error.message));
}

/** The exit code of a command that has done several things: what failed is told before what was found. */
export function worstOf(codes: readonly number[]): number {
  return codes.includes(EXIT_CODES.failed) ? EXIT_CODES.failed : Math.max(0, ...codes);
}

/** The exit code of a command that an error has ended. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof InterruptedError) {
    return 128 + constants.signals[error.signal];
  }
  return error instanceof UsageError ? EXIT_CODES.usage : EXIT_CODES.failed;
}
