import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, realpathSync } from "node:fs";
import { readlink } from "node:fs/promises";

import { runningProcesses } from "../../processes/runningProcesses.ts";
import type { Stack } from "./stack.ts";
import { until } from "./until.ts";

interface InterruptOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly leavesPlugins?: boolean;
}

/**
 * Starts `pulumi up` and sends a signal to the CLI, and to it alone, as soon as the condition holds. Ends what the CLI
 * leaves behind, unless that is wished: after SIGKILL its plugin goes on.
 */
export async function interruptUp(
  { name, project }: Stack,
  signal: "SIGINT" | "SIGKILL",
  condition: () => Promise<boolean>,
  { environment = {}, leavesPlugins = false }: InterruptOptions = {},
): Promise<void> {
  // After SIGINT the CLI lets finish what has begun, so that with several at a time nothing may be left to interrupt.
  const parallel = signal === "SIGINT" ? "1" : "4";
  const args = ["up", "--yes", "--skip-preview", "--non-interactive", "--parallel", parallel, "--stack", name];
  const child = spawn("pulumi", args, {
    cwd: project.directory,
    env: { ...process.env, ...project.environment, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stdout.on("data", (data: Buffer) => (output += data.toString()));
  child.stderr.on("data", (data: Buffer) => (output += data.toString()));
  const ended = once(child, "exit");
  const began = performance.now();
  await until(async () => child.exitCode !== null || (await condition()), Boolean);
  const descendants = descendantsOf(child.pid);
  child.kill(signal);
  // Where it fails once and never again, this is what tells the moment.
  const milliseconds = Math.round(performance.now() - began);
  process.stderr.write(`${signal} to up of ${name} after ${milliseconds} ms, when it had said:\n${output}\n`);
  await ended;
  if (leavesPlugins) {
    // They hold them open.
    child.stdout.destroy();
    child.stderr.destroy();
  } else {
    await endAll(descendants);
  }
}

/** Kills a process and all that it has started as soon as the condition holds, which has to be before its end. */
export async function killTree(child: ChildProcess, condition: () => Promise<boolean> | boolean = () => true) {
  await until(async () => child.exitCode !== null || (await condition()), Boolean);
  expect(child.exitCode).toBeNull();
  const descendants = descendantsOf(child.pid);
  child.kill("SIGKILL");
  await endAll(descendants);
}

async function endAll(processIds: readonly number[]): Promise<void> {
  processIds.forEach((id) => send(id, "SIGKILL"));
  await until(() => !processIds.some((id) => send(id, 0)), Boolean);
}

/** The ids of the processes that work in a folder; Linux only. */
export async function processesIn(folder: string): Promise<number[]> {
  const directory = realpathSync(folder);
  const ids = runningProcesses().map(({ processId }) => processId);
  const folders = await Promise.all(ids.map((id) => readlink(`/proc/${id}/cwd`).catch(() => "")));
  return ids.filter((_, index) => folders[index] === directory);
}

/** The command lines of all processes. */
export function commandLines(): string {
  return runningProcesses()
    .map(({ commandLine }) => commandLine)
    .join("\n");
}

/** The ids of all that a process has started, directly or not; Linux only. */
export function descendantsOf(processId = 0): number[] {
  const parents = runningProcesses().map((one) => [parentOf(one.processId), one.processId] as const);
  const below = (parent: number): number[] => {
    const children = parents.filter(([id]) => id === parent).map(([, child]) => child);
    return [...children, ...children.flatMap(below)];
  };
  return below(processId);
}

/** The second field after the name, which may hold anything. */
function parentOf(processId: number): number {
  try {
    return Number(/^.*\) \S (\d+)/s.exec(readFileSync(`/proc/${processId}/stat`, "utf8"))?.[1]);
  } catch {
    // It has ended meanwhile.
    return Number.NaN;
  }
}

/** @returns whether the process is there */
function send(processId: number, signal: "SIGKILL" | 0): boolean {
  try {
    return process.kill(processId, signal);
  } catch {
    return false;
  }
}
