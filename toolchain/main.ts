import { ensureToolchain } from "./install";
import { InterruptedError } from "../processes/run";

async function main(): Promise<void> {
  const { source } = await ensureToolchain((line) => console.log(line));
  console.log(`Toolchain ready: Pulumi CLI (${source.cli}), Keycloak plugin (${source.plugin}).`);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = error instanceof InterruptedError ? 130 : 1;
});
