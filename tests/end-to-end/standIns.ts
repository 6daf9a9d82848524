import { REPOSITORY } from "./project.ts";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

import { lastingPort } from "../../development/keycloak/ports.ts";
import { serverOfTests } from "./server.ts";
import type { Stack } from "./stack.ts";
import { until } from "./until.ts";

/** The stand-ins for BFF and API as processes of this machine, configured by a stack's outputs. */
export class StandIns {
  readonly bffUrl: string;
  readonly apiUrl: string;
  private readonly processes: readonly ChildProcess[];

  private constructor(bffUrl: string, apiUrl: string, processes: readonly ChildProcess[]) {
    this.bffUrl = bffUrl;
    this.apiUrl = apiUrl;
    this.processes = processes;
  }

  static async start(stack: Stack): Promise<StandIns> {
    const { bffEnvironment, apiEnvironment } = await stack.outputs();
    const [bffPort, apiPort] = [await lastingPort(), await lastingPort()];
    const start = (service: string, port: number, environment: unknown, further: Record<string, string> = {}) =>
      spawn(process.execPath, [join("development", "stand-ins", "main.ts"), service], {
        cwd: REPOSITORY,
        stdio: "ignore",
        env: {
          ...process.env,
          ...(environment as Record<string, string>),
          ...further,
          ASPNETCORE_HTTP_PORTS: String(port),
          NODE_EXTRA_CA_CERTS: serverOfTests().caCertificateFile,
        },
      });
    const bffUrl = `http://127.0.0.1:${bffPort}`;
    const standIns = new StandIns(bffUrl, `http://127.0.0.1:${apiPort}`, [
      start("api", apiPort, apiEnvironment?.value),
      start("bff", bffPort, bffEnvironment?.value, { ProductionApi__BaseUrl: `http://127.0.0.1:${apiPort}` }),
    ]);
    for (const port of [bffPort, apiPort]) {
      const isHealthy = () =>
        fetch(`http://127.0.0.1:${port}/health`).then(
          ({ status }) => status === 200,
          () => false,
        );
      await until(isHealthy, (healthy) => healthy);
    }
    return standIns;
  }

  async stop(): Promise<void> {
    const ended = this.processes.map((child) => once(child, "exit"));
    this.processes.forEach((child) => child.kill("SIGTERM"));
    await Promise.all(ended);
  }
}
