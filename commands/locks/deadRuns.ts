import { readlink, realpath } from "node:fs/promises";
import { connect } from "node:net";
import { basename } from "node:path";

import { type RunningProcess, runningProcesses } from "../../processes/runningProcesses";

/** A plugin of the Pulumi CLI's, running on this machine. */
interface Plugin {
  readonly processId: number;
  readonly name: string;
}

/**
 * Ends the plugins that a killed run has left: until one notices that its CLI is gone, minutes later, it may still
 * finish what it was asked for. A plugin is such a one if it works in this project's folder and the CLI that it was
 * started by, whose address is its argument, listens no more. Linux only: elsewhere the system does not tell the folder.
 * @returns what was ended, in words
 */
export async function endPluginsOfDeadRuns(directory: string): Promise<readonly string[]> {
  const project = await realpath(directory);
  const found = await Promise.all(runningProcesses().map((process) => orphanedPlugin(process, project)));
  return found.flat().flatMap(({ processId, name }) => {
    try {
      process.kill(processId, "SIGKILL");
      return [`${name} (process ${processId})`];
    } catch {
      // It has ended by itself, or is another user's.
      return [];
    }
  });
}

async function orphanedPlugin({ commandLine, processId }: RunningProcess, project: string): Promise<Plugin[]> {
  const [, port] = /pulumi-.* 127\.0\.0\.1:(\d+) /.exec(commandLine) ?? [];
  if (port === undefined) {
    return [];
  }
  try {
    const name = basename(await readlink(`/proc/${processId}/exe`));
    const isOurs = /^pulumi-(resource|language)-/.test(name) && (await readlink(`/proc/${processId}/cwd`)) === project;
    return isOurs && !(await listens(Number(port))) ? [{ processId, name }] : [];
  } catch {
    // It has ended meanwhile, or is another user's.
    return [];
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    // Only a refusal proves that nobody listens.
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code !== "ECONNREFUSED"));
  });
}
