import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

const STOP_LIMIT_MILLISECONDS = 30_000;
const POLL_MILLISECONDS = 100;

/** A process of this machine. */
export interface RunningProcess {
  readonly processId: number;
  /** With a blank behind each part. Empty for a process that has ended, but whose parent has not asked for that yet. */
  readonly commandLine: string;
}

/** The processes of this machine, as far as this user sees them; none where the system does not tell. */
export function runningProcesses(): RunningProcess[] {
  try {
    // Slim containers have no ps.
    return process.platform === "linux" ? fromProc() : fromPs();
  } catch {
    return [];
  }
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

function fromProc(): RunningProcess[] {
  return readdirSync("/proc").flatMap((name) => {
    try {
      return /^\d+$/.test(name) ? { processId: Number(name), commandLine: commandLineOf(name) } : [];
    } catch {
      // It has ended meanwhile, or is another user's.
      return [];
    }
  });
}

function commandLineOf(id: string): string {
  return readFileSync(`/proc/${id}/cmdline`, "utf8").replaceAll("\0", " ");
}

function fromPs(): RunningProcess[] {
  const told = execFileSync("ps", ["-A", "-ww", "-o", "pid=,stat=,args="], { encoding: "utf8", maxBuffer: 2 ** 24 });
  return told.split("\n").flatMap((line) => {
    const [, id, state = "", commandLine = ""] = /^\s*(\d+) +(\S+) +(.*)$/.exec(line) ?? [];
    return id === undefined
      ? []
      : [{ processId: Number(id), commandLine: state.startsWith("Z") ? "" : `${commandLine} ` }];
  });
}
