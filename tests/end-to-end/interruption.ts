import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { readdir, readFile, readlink, realpath } from "node:fs/promises";

import type { Project } from "./project";
import { until } from "./until";

interface InterruptOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly leavesPlugins?: boolean;
}

/**
 * Starts `pulumi up` and sends a signal to the CLI, and to it alone, as soon as the condition holds. Ends what the CLI
 * leaves behind, unless that is wished: after SIGKILL its plugin goes on.
 * @returns whatever the run printed
 */
export async function interruptUp(
  project: Project,
  stack: string,
  signal: "SIGINT" | "SIGKILL",
  condition: () => Promise<boolean>,
  { environment = {}, leavesPlugins = false }: InterruptOptions = {},
): Promise<string> {
  // After SIGINT the CLI lets finish what has begun, so that with several at a time nothing may be left to interrupt.
  const parallel = signal === "SIGINT" ? "1" : "4";
  const args = ["up", "--yes", "--skip-preview", "--non-interactive", "--parallel", parallel, "--stack", stack];
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
  await until(async () => child.exitCode !== null || (await condition()), isTrue);
  const descendants = descendantsOf(child.pid ?? 0);
  child.kill(signal);
  // Where it fails once and never again, this is what tells the moment.
  const milliseconds = Math.round(performance.now() - began);
  process.stderr.write(`${signal} to up of ${stack} after ${milliseconds} ms, when it had said:\n${output}\n`);
  await ended;
  if (leavesPlugins) {
    // They hold them open.
    child.stdout.destroy();
    child.stderr.destroy();
    return output;
  }
  await endAll(descendants);
  return output;
}

/** Kills a process and all that it has started; resolves when all of them are gone. */
export async function killTree(child: ChildProcess): Promise<void> {
  const descendants = descendantsOf(child.pid ?? 0);
  child.kill("SIGKILL");
  await endAll(descendants);
}

async function endAll(processIds: readonly number[]): Promise<void> {
  processIds.forEach(endProcess);
  await until(() => !processIds.some(isAlive), isTrue);
}

/** The ids of the processes that work in a folder; Linux only. */
export async function processesIn(folder: string): Promise<string[]> {
  const directory = await realpath(folder);
  const processes = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const folders = await Promise.all(processes.map((id) => readlink(`/proc/${id}/cwd`).catch(() => "")));
  return processes.filter((_, index) => folders[index] === directory);
}

/** The command lines of all processes; Linux only, where a slim machine has no ps. */
export async function commandLines(): Promise<string> {
  const ids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const texts = await Promise.all(ids.map((id) => readFile(`/proc/${id}/cmdline`, "utf8").catch(() => "")));
  return texts.join("\n").replaceAll("\0", " ");
}

const isTrue = (answer: boolean) => answer;

/** The ids of all that a process has started, directly or not; Linux only. */
export function descendantsOf(processId: number): number[] {
  const parents = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => [Number(name), parentOf(name)] as const);
  const below = (parent: number): number[] => {
    const children = parents.filter(([, one]) => one === parent).map(([child]) => child);
    return [...children, ...children.flatMap(below)];
  };
  return below(processId);
}

/** The second field after the name, which may hold anything. */
function parentOf(processId: string): number {
  try {
    return Number(/^.*\) \S (\d+)/s.exec(readFileSync(`/proc/${processId}/stat`, "utf8"))?.[1]);
  } catch {
    // It has ended meanwhile.
    return Number.NaN;
  }
}

function endProcess(processId: number): void {
  try {
    process.kill(processId, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch {
    return false;
  }
}
