import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import type { ServerHome } from "./home";

/** A running process of a server: kc.sh, or the Java process that it waits for. */
export interface ServerProcess {
  readonly processId: number;
  readonly commandLine: string;
  readonly isJava: boolean;
}

const STOP_LIMIT_MILLISECONDS = 30_000;
const POLL_MILLISECONDS = 100;

/**
 * The processes of the server in this home, found by their command lines. There is no process id file: it could be
 * stale and name a stranger, and be absent after an interrupt although the server runs.
 */
export async function serverProcesses(home: ServerHome): Promise<ServerProcess[]> {
  const script = `${home.script} start `;
  const java = `-Dkc.home.dir=${home.path}/bin/.. `;
  return (await allProcesses())
    .map((process) => ({ ...process, isJava: process.commandLine.includes(java) }))
    .filter((process) => process.isJava || process.commandLine.includes(script));
}

/** Ends the server in this home, by force after half a minute; false if there was none. */
export function endServer(home: ServerHome): Promise<boolean> {
  return endProcesses(() => serverProcesses(home));
}

/** Ends all processes that are found, by force after half a minute; false if there was none. */
export async function endProcesses(find: () => Promise<readonly RunningProcess[]>): Promise<boolean> {
  const deadline = Date.now() + STOP_LIMIT_MILLISECONDS;
  let running = await find();
  if (running.length === 0) return false;
  running.forEach((process) => signal(process, "SIGTERM"));
  while ((running = await find()).length > 0) {
    if (Date.now() > deadline) running.forEach((process) => signal(process, "SIGKILL"));
    await delay(POLL_MILLISECONDS);
  }
  return true;
}

function signal(target: RunningProcess, name: NodeJS.Signals): void {
  try {
    process.kill(target.processId, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** A process of this machine; a blank follows each part of its command line. */
export type RunningProcess = Pick<ServerProcess, "processId" | "commandLine">;

/** All processes of this machine. */
export async function allProcesses(): Promise<RunningProcess[]> {
  return process.platform === "linux" ? linuxProcesses() : psProcesses();
}

/** Slim containers have no ps. */
async function linuxProcesses(): Promise<RunningProcess[]> {
  const ids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  return Promise.all(
    ids.map(async (id) => {
      const text = await readFile(`/proc/${id}/cmdline`, "utf8").catch(() => "");
      return { processId: Number(id), commandLine: text.replaceAll("\0", " ") };
    }),
  );
}

async function psProcesses(): Promise<RunningProcess[]> {
  const { stdout } = await promisify(execFile)("ps", ["-A", "-ww", "-o", "pid=,args="], { maxBuffer: 16 * 1024 ** 2 });
  return stdout.split("\n").flatMap((line) => {
    const [, id, commandLine] = /^\s*(\d+) (.*)$/.exec(line) ?? [];
    return id === undefined ? [] : [{ processId: Number(id), commandLine: `${commandLine} ` }];
  });
}
