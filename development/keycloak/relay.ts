import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type Server } from "node:net";

import { isStarted } from "../../processes/program.ts";
import type { Report } from "../../processes/progress.ts";
import { endProcesses, runningProcesses } from "../../processes/runningProcesses.ts";

const LOOPBACK = "127.0.0.1";
const SCRIPT = import.meta.filename;

/** Starts a relay (see {@link startRelay}) that outlives this process, unless it runs already. */
export async function ensureRelayRunning(address: string, port: number, report: Report): Promise<void> {
  const commandLine = ` ${SCRIPT} ${address} ${port} `;
  if (relayProcesses().some((process) => process.commandLine.includes(commandLine))) return;
  await stopRelay();
  report(`Passing connections to ${address}:${port} on to Keycloak, for the containers.`);
  const child = spawn(process.execPath, [SCRIPT, address, String(port)], {
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

/**
 * Passes the connections to a port of one address on to the same port of the loopback address, where the server listens.
 * Containers reach their host by a bridge's address only, and the server itself can listen on one address or on all.
 * @throws Error if the address is not this machine's or the port is taken
 */
export async function startRelay(address: string, port: number): Promise<Server> {
  const relay = createServer((incoming) => {
    const outgoing = connect(port, LOOPBACK);
    // Either side may vanish at any moment; then the other one has nothing to expect.
    incoming.on("error", () => outgoing.destroy()).on("close", () => outgoing.destroy());
    outgoing.on("error", () => incoming.destroy()).on("close", () => incoming.destroy());
    incoming.pipe(outgoing).pipe(incoming);
  });
  relay.listen(port, address);
  await once(relay, "listening");
  return relay;
}

if (isStarted(SCRIPT)) {
  const [address = "", port = ""] = process.argv.slice(2);
  startRelay(address, Number(port)).then(
    () => process.send?.("listening", () => process.disconnect()),
    () => process.exit(1),
  );
}
