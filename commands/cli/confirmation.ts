import { createInterface } from "node:readline/promises";

/** Asks on a terminal whether to go on; elsewhere nobody can answer, and the option --yes has to be said. */
export async function confirmed(yes: boolean | undefined): Promise<boolean> {
  if (yes === true) {
    return true;
  }
  if (!process.stdin.isTTY || !process.stdout.isTTY) {
    console.error("Nothing was changed; to go on, say --yes.");
    return false;
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const isWished = /^y(es)?$/i.test((await terminal.question("Go on? [y/N] ")).trim());
    if (!isWished) {
      console.error("Nothing was changed.");
    }
    return isWished;
  } finally {
    terminal.close();
  }
}
