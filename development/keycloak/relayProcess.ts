import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { nodeArguments } from "../../processes/program";
import type { Report } from "../../processes/progress";
import { runningProcesses } from "../../processes/runningProcesses";
import { endProcesses } from "./processes";

const SCRIPT = join(__dirname, "relayMain.ts");
const PROJECT_DIRECTORY = join(__dirname, "..", "..");
const START_LIMIT_MILLISECONDS = 120_000;
const POLL_MILLISECONDS = 50;

/** Starts a relay that outlives this process, unless it runs already; see relay.ts. */
export async function ensureRelayRunning(address: string, port: number, report: Report): Promise<void> {
  const commandLine = ` ${SCRIPT} ${address} ${port} `;
  if (relayProcesses().some((process) => process.commandLine.includes(commandLine))) return;
  await stopRelay();
  report(`Passing connections to ${address}:${port} on to Keycloak, for the containers.`);
  const child = spawn(process.execPath, nodeArguments(SCRIPT, address, String(port)), {
    cwd: PROJECT_DIRECTORY,
    stdio: "ignore",
    detached: true,
  });
  await once(child, "spawn");
  const ended = once(child, "exit").then(() => "ended" as const);
  child.unref();
  const deadline = Date.now() + START_LIMIT_MILLISECONDS;
  while (!(await accepts(address, port))) {
    const outcome = await Promise.race([ended, delay(POLL_MILLISECONDS)]);
    if (outcome === "ended" || Date.now() > deadline) {
      throw new Error(`Nothing can listen on ${address}:${port}, by which containers are to reach Keycloak.`);
    }
  }
}

/** Ends the relay, if there is one. */
export async function stopRelay(): Promise<void> {
  await endProcesses(relayProcesses);
}

/** Found by its command line, like the server itself. */
function relayProcesses() {
  return runningProcesses().filter(({ commandLine }) => commandLine.includes(` ${SCRIPT} `));
}

async function accepts(address: string, port: number): Promise<boolean> {
  const socket = connect(port, address);
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
