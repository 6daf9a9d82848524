import { readdir, readFile, readlink, realpath } from "node:fs/promises";
import { connect } from "node:net";
import { basename } from "node:path";

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
  const processes = (await readdir("/proc").catch((): string[] => [])).filter((name) => /^\d+$/.test(name));
  const project = await realpath(directory);
  const found = (await Promise.all(processes.map((id) => orphanedPlugin(id, project)))).flatMap((one) => one ?? []);
  return found.flatMap(({ processId, name }) => {
    try {
      process.kill(processId, "SIGKILL");
      return [`${name} (process ${processId})`];
    } catch {
      // It has ended by itself, or is another user's.
      return [];
    }
  });
}

async function orphanedPlugin(id: string, project: string): Promise<Plugin | undefined> {
  try {
    const name = basename(await readlink(`/proc/${id}/exe`));
    if (!/^pulumi-(resource|language)-/.test(name) || (await readlink(`/proc/${id}/cwd`)) !== project) {
      return undefined;
    }
    const port = (await readFile(`/proc/${id}/cmdline`, "utf8"))
      .split("\0")
      .flatMap((argument) => /^127\.0\.0\.1:(\d+)$/.exec(argument)?.[1] ?? [])
      .map(Number)[0];
    return port === undefined || (await listens(port)) ? undefined : { processId: Number(id), name };
  } catch {
    // It has ended meanwhile, or is another user's.
    return undefined;
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
