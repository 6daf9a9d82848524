import { readlink, realpath } from "node:fs/promises";
import { connect } from "node:net";
import { basename } from "node:path";

import { runningProcesses } from "../../processes/runningProcesses.ts";

/**
 * Ends the plugins that a killed run has left: until one notices that its CLI is gone, minutes later, it may still
 * finish what it was asked for. A plugin is such a one if it works in this project's folder and the CLI that it was
 * started by, whose address is its argument, listens no more. Linux only: elsewhere the system does not tell the folder.
 * @returns what was ended, in words
 */
export async function endPluginsOfDeadRuns(directory: string): Promise<readonly string[]> {
  const project = await realpath(directory);
  const ended = runningProcesses().map(async ({ commandLine, processId }) => {
    const [, port] = /pulumi-.* 127\.0\.0\.1:(\d+) /.exec(commandLine) ?? [];
    try {
      const name = port === undefined ? "" : basename(await readlink(`/proc/${processId}/exe`));
      const isOurs =
        /^pulumi-(resource|language)-/.test(name) && (await readlink(`/proc/${processId}/cwd`)) === project;
      if (!isOurs || (await listens(Number(port)))) {
        return [];
      }
      process.kill(processId, "SIGKILL");
      return [`${name} (process ${processId})`];
    } catch {
      // It has ended meanwhile, or is another user's.
      return [];
    }
  });
  return (await Promise.all(ended)).flat();
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
