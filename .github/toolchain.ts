import { appendFileSync } from "node:fs";

import { ensureToolchain } from "../development/toolchain/install.ts";

// What makes plain `pulumi` work in the following steps stands in the files that GitHub names to each step.
try {
  const { environment, pathEntries } = await ensureToolchain((line) => console.log(line), {
    docker: process.argv.includes("--docker"),
  });
  write(
    "GITHUB_ENV",
    Object.entries(environment).map(([name, value]) => `${name}=${value}`),
  );
  write("GITHUB_PATH", pathEntries);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

function write(variable: string, lines: readonly string[]): void {
  appendFileSync(process.env[variable] ?? "/dev/stdout", lines.map((line) => `${line}\n`).join(""));
}
