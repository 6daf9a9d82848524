import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";

import { until } from "./until.ts";

/** A server that a test file starts for itself on this machine's loopback address; its folder goes with it. */
export class LocalServer {
  private readonly directory: string;
  private readonly child: ChildProcess;

  private constructor(directory: string, child: ChildProcess) {
    this.directory = directory;
    this.child = child;
  }

  /**
   * @param isReady asked until it says so
   * @param environment besides that of the tests
   */
  static async start(
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
    const server = new LocalServer(directory, child);
    const output: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => output.push(chunk));
    if (!(await until(isReady, (ready) => ready || child.exitCode !== null))) {
      await server.stop();
      throw new Error(`${command.join(" ")} does not start: ${Buffer.concat(output).toString("utf8")}`);
    }
    return server;
  }

  async stop(): Promise<void> {
    const isRunning = this.child.exitCode === null && this.child.signalCode === null;
    const hasEnded = isRunning ? once(this.child, "exit") : undefined;
    this.child.kill("SIGINT");
    await hasEnded;
    await rm(this.directory, { recursive: true, force: true, maxRetries: 10 });
  }
}

/** Whether a URL is answered, with whatever. */
export function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    () => true,
    () => false,
  );
}
