import { realpathSync } from "node:fs";
import { constants } from "node:os";

import { InterruptedError } from "./run.ts";

/** Whether Node.js was started with this file (`import.meta.filename`), which other files may import as well. */
export function isStarted(file: string): boolean {
  return realpathSync(process.argv[1] ?? "") === file;
}

/**
 * Runs a program to its exit code.
 * @param tell what to print of an error; by default its message, which is then written for the user
 */
export function runToExitCode(
  main: () => number | void | Promise<number | void>,
  tell = (error: unknown) => (error instanceof Error ? error.message : String(error)),
): void {
  Promise.resolve()
    .then(main)
    .then(
      (exitCode) => process.exit(exitCode ?? 0),
      (error: unknown) => {
        console.error(tell(error));
        process.exit(error instanceof InterruptedError ? 128 + constants.signals[error.signal] : 1);
      },
    );
}
