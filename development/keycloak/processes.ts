import { setTimeout as delay } from "node:timers/promises";

import { type RunningProcess, runningProcesses } from "../../processes/runningProcesses.ts";
import type { ServerHome } from "./home.ts";
import { homeProperty } from "./runtime.ts";

const STOP_LIMIT_MILLISECONDS = 30_000;
const POLL_MILLISECONDS = 100;

/**
 * The processes of the server in this home, found by their command lines. There is no process id file: it could be
 * stale and name a stranger, and be absent after an interrupt although the server runs.
 */
export function serverProcesses(home: ServerHome): RunningProcess[] {
  const property = homeProperty(home);
  // An older checkout has started it with the distribution's parts in its home.
  const marks = [`${property} `, `${property}/bin/.. `];
  return runningProcesses().filter(({ commandLine }) => marks.some((mark) => commandLine.includes(mark)));
}

/** Ends the server in this home, by force after half a minute; false if there was none. */
export function endServer(home: ServerHome): Promise<boolean> {
  return endProcesses(() => serverProcesses(home));
}

/** Ends all processes that are found, by force after half a minute; false if there was none. */
export async function endProcesses(find: () => readonly RunningProcess[]): Promise<boolean> {
  const deadline = Date.now() + STOP_LIMIT_MILLISECONDS;
  let running = find();
  if (running.length === 0) return false;
  running.forEach((process) => signal(process, "SIGTERM"));
  while ((running = find()).length > 0) {
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
