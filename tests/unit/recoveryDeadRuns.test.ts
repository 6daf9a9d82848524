import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { endPluginsOfDeadRuns } from "../../commands/locks/deadRuns.ts";

const LINUX = process.platform === "linux";

const folder = mkdtempSync(join(tmpdir(), "scpcloud-dead-runs-test-"));
const project = join(folder, "project");
const elsewhere = join(folder, "elsewhere");
const started: ChildProcess[] = [];
let living: Server;
let deadPort: number;

beforeAll(async () => {
  mkdirSync(project);
  mkdirSync(elsewhere);
  for (const name of ["pulumi", "pulumi-resource-keycloak", "pulumi-language-nodejs", "not-pulumi-resource-keycloak"]) {
    copyFileSync("/bin/sh", join(folder, name));
  }
  living = await listening();
  const dead = await listening();
  deadPort = portOf(dead);
  await new Promise((resolve) => dead.close(resolve));
});

afterEach(() => started.splice(0).forEach((child) => child.kill("SIGKILL")));

afterAll(() => {
  living.close();
  rmSync(folder, { recursive: true });
});

async function listening(): Promise<Server> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

const portOf = (server: Server) => (server.address() as AddressInfo).port;

/** A program of this name, which waits, as a plugin of the CLI at this port does. */
async function startProgram(name: string, cwd: string, port: number): Promise<ChildProcess> {
  const path = join(folder, name);
  const child = spawn(path, ["-c", "echo started; read line", `127.0.0.1:${port}`], { cwd });
  started.push(child);
  await once(child.stdout, "data");
  return child;
}

describe("the processes that a killed run has left", () => {
  test("are ended if they are plugins in this project's folder whose CLI listens no more", async () => {
    const plugin = await startProgram("pulumi-resource-keycloak", project, deadPort);
    const host = await startProgram("pulumi-language-nodejs", project, deadPort);
    const exits = [plugin, host].map((child) => once(child, "exit"));
    const ended = await endPluginsOfDeadRuns(project);
    const names = [`pulumi-language-nodejs (process ${host.pid})`, `pulumi-resource-keycloak (process ${plugin.pid})`];
    expect([...ended].sort()).toEqual(LINUX ? names : []);
    await Promise.all(LINUX ? exits : []);
    expect(await endPluginsOfDeadRuns(project)).toEqual([]);
  });

  test.each([
    ["a plugin whose CLI lives", "pulumi-resource-keycloak", project, () => portOf(living)],
    ["a plugin of another project", "pulumi-resource-keycloak", elsewhere, () => deadPort],
    ["another program", "not-pulumi-resource-keycloak", project, () => deadPort],
    ["the CLI itself", "pulumi", project, () => deadPort],
  ])("are not %s", async (_, name, cwd, port) => {
    const child = await startProgram(name, cwd, port());
    expect(await endPluginsOfDeadRuns(project)).toEqual([]);
    expect(child.exitCode ?? child.signalCode).toBeNull();
  });
});
