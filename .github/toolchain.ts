import { appendFileSync } from "node:fs";

import { ensureToolchain, type Toolchain } from "../development/toolchain/install.ts";
import { isStarted } from "../processes/program.ts";

/** What makes plain `pulumi` work in the following steps: lines for the files that GitHub names to each step. */
export function linesForGitHub({ environment, pathEntries }: Pick<Toolchain, "environment" | "pathEntries">) {
  const lines = (values: readonly string[]) => values.map((value) => `${value}\n`).join("");
  return {
    GITHUB_ENV: lines(Object.entries(environment).map(([name, value]) => `${name}=${value}`)),
    GITHUB_PATH: lines(pathEntries),
  };
}

if (isStarted(import.meta.filename)) {
  ensureToolchain((line) => console.log(line), { docker: process.argv.includes("--docker") }).then(
    (toolchain) => {
      for (const [variable, lines] of Object.entries(linesForGitHub(toolchain))) {
        appendFileSync(process.env[variable] ?? "/dev/stdout", lines);
      }
    },
    (error: unknown) => {
      console.error(error instanceof Error ? error.message : String(error));
      process.exitCode = 1;
    },
  );
}
