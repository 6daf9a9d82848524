import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

import { lastingPort } from "../../development/keycloak/ports.ts";
import { REPOSITORY } from "./project.ts";
import { serverOfTests } from "./server.ts";
import type { Stack } from "./stack.ts";
import { until } from "./until.ts";

/** Starts the stand-ins for BFF and API as processes of this machine, configured by a stack's outputs. */
export async function startStandIns(stack: Stack) {
  const { bffEnvironment, apiEnvironment } = await stack.outputs();
  const start = async (service: string, environment: unknown, further: Record<string, string> = {}) => {
    const port = await lastingPort();
    const child = spawn(process.execPath, [join("development", "stand-ins", "main.ts"), service], {
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
    const url = `http://127.0.0.1:${port}`;
    const isHealthy = () =>
      fetch(`${url}/health`).then(
        ({ status }) => status === 200,
        () => false,
      );
    await until(isHealthy, (healthy) => healthy);
    return { url, child };
  };
  const api = await start("api", apiEnvironment);
  const bff = await start("bff", bffEnvironment, { ProductionApi__BaseUrl: api.url });
  const stop = async () => {
    const children = [api.child, bff.child];
    const ended = children.map((child) => once(child, "exit"));
    children.forEach((child) => child.kill("SIGTERM"));
    await Promise.all(ended);
  };
  return { bffUrl: bff.url, apiUrl: api.url, stop };
}
