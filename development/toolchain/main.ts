import { appendFileSync } from "node:fs";
import { parseArgs } from "node:util";

import { runToExitCode } from "../../processes/program.ts";
import { ensureToolchain } from "./install.ts";

runToExitCode(async () => {
  const { values } = parseArgs({ options: { docker: { type: "boolean" }, github: { type: "boolean" } } });
  const { docker = false, github = false } = values;
  const { environment, pathEntries, source } = await ensureToolchain((line) => console.log(line), { docker });
  if (github) {
    const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
    tellNextSteps("GITHUB_ENV", variables);
    tellNextSteps("GITHUB_PATH", pathEntries);
  }
  const dockerPlugin = source.docker === undefined ? "" : `, Docker plugin (${source.docker})`;
  console.log(`Toolchain ready: Pulumi CLI (${source.cli}), Keycloak plugin (${source.keycloak})${dockerPlugin}.`);
});

/** What makes plain `pulumi` work in the next steps of a job stands in files whose names GitHub tells each step. */
function tellNextSteps(variable: string, lines: readonly string[]): void {
  appendFileSync(process.env[variable] ?? "/dev/stdout", lines.map((line) => `${line}\n`).join(""));
}
