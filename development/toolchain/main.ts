import { parseArgs } from "node:util";

import { InterruptedError } from "../../processes/run.ts";
import { ensureToolchain } from "./install.ts";

async function main(): Promise<void> {
  const { docker } = parseArgs({ options: { docker: { type: "boolean" } } }).values;
  const { source } = await ensureToolchain((line) => console.log(line), { docker: docker ?? false });
  const dockerPlugin = source.docker === undefined ? "" : `, Docker plugin (${source.docker})`;
  console.log(`Toolchain ready: Pulumi CLI (${source.cli}), Keycloak plugin (${source.keycloak})${dockerPlugin}.`);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = error instanceof InterruptedError ? 130 : 1;
});
