import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

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
