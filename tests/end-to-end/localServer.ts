import { spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";

import { until } from "./until.ts";

/** A server that a test file starts for itself on this machine's loopback address. */
export interface LocalServer {
  /** Its folder goes with it. */
  stop(): Promise<void>;
}

/**
 * @param isReady asked until it says so
 * @param environment besides that of the tests
 */
export async function startLocalServer(
  directory: string,
  command: readonly string[],
  isReady: () => boolean | Promise<boolean>,
  environment: Readonly<Record<string, string>> = {},
): Promise<LocalServer> {
  // It ends with whoever has started it, however that ends. SIGINT is what PostgreSQL does not wait for clients at.
  const child = spawn("setpriv", ["--pdeathsig", "INT", ...command], {
    cwd: directory,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => output.push(chunk));
  const stop = async () => {
    const isRunning = child.exitCode === null && child.signalCode === null;
    const hasEnded = isRunning ? once(child, "exit") : undefined;
    child.kill("SIGINT");
    await hasEnded;
    await rm(directory, { recursive: true, force: true, maxRetries: 10 });
  };
  if (!(await until(isReady, (ready) => ready || child.exitCode !== null))) {
    await stop();
    throw new Error(`${command.join(" ")} does not start: ${Buffer.concat(output).toString("utf8")}`);
  }
  return { stop };
}

/** Whether a URL is answered, with whatever. */
export function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    () => true,
    () => false,
  );
}
