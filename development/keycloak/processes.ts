import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { run } from "../../processes/run";
import type { ServerHome } from "./home";
import { homeProperty } from "./runtime";

/** A process of this machine; a blank follows each part of its command line. */
export interface RunningProcess {
  readonly processId: number;
  readonly commandLine: string;
}

const STOP_LIMIT_MILLISECONDS = 30_000;
const POLL_MILLISECONDS = 100;

/**
 * The processes of the server in this home, found by their command lines. There is no process id file: it could be
 * stale and name a stranger, and be absent after an interrupt although the server runs.
 */
export async function serverProcesses(home: ServerHome): Promise<RunningProcess[]> {
  const property = homeProperty(home);
  // An older checkout has started it with the distribution's parts in its home.
  const marks = [`${property} `, `${property}/bin/.. `];
  return (await allProcesses()).filter(({ commandLine }) => marks.some((mark) => commandLine.includes(mark)));
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

/** All processes of this machine. Slim containers have no ps. */
export async function allProcesses(): Promise<RunningProcess[]> {
  if (process.platform !== "linux") {
    const { stdout } = await run("ps", ["-A", "-ww", "-o", "pid=,args="]);
    return [...stdout.matchAll(/^\s*(\d+) (.*)$/gm)].map(([, id, line]) => ({
      processId: Number(id),
      commandLine: `${line} `,
    }));
  }
  const ids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  return Promise.all(
    ids.map(async (id) => {
      const text = await readFile(`/proc/${id}/cmdline`, "utf8").catch(() => "");
      return { processId: Number(id), commandLine: text.replaceAll("\0", " ") };
    }),
  );
}
