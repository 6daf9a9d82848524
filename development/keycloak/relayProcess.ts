import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

import type { Report } from "../../processes/progress.ts";
import { runningProcesses } from "../../processes/runningProcesses.ts";
import { endProcesses } from "./processes.ts";

const SCRIPT = join(import.meta.dirname, "relayMain.ts");
const PROJECT_DIRECTORY = join(import.meta.dirname, "..", "..");

/** Starts a relay that outlives this process, unless it runs already; see relay.ts. */
export async function ensureRelayRunning(address: string, port: number, report: Report): Promise<void> {
  const commandLine = ` ${SCRIPT} ${address} ${port} `;
  if (relayProcesses().some((process) => process.commandLine.includes(commandLine))) return;
  await stopRelay();
  report(`Passing connections to ${address}:${port} on to Keycloak, for the containers.`);
  const child = spawn(process.execPath, [SCRIPT, address, String(port)], {
    cwd: PROJECT_DIRECTORY,
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    detached: true,
  });
  const [said] = (await Promise.race([once(child, "message"), once(child, "exit")])) as [unknown];
  if (said !== "listening") {
    throw new Error(`Nothing can listen on ${address}:${port}, by which containers are to reach Keycloak.`);
  }
  child.unref();
}

/** Ends the relay, if there is one. */
export async function stopRelay(): Promise<void> {
  await endProcesses(relayProcesses);
}

/** Found by its command line, like the server itself. */
function relayProcesses() {
  return runningProcesses().filter(({ commandLine }) => commandLine.includes(` ${SCRIPT} `));
}
