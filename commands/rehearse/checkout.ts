import { mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { nodeArguments } from "../../processes/program";
import { run, type RunResult } from "../../processes/run";

const REPOSITORY = resolve(__dirname, "..", "..");
/** What a checkout has to itself. */
const OWN = /^(Pulumi\..+\.yaml|\.git|\.local|\.ci)$/;

/**
 * A checkout in a temporary folder: the program, the commands and Pulumi.yaml of this repository by links, but own stack
 * files and an own state.
 */
export class Checkout {
  protected constructor(
    readonly directory: string,
    readonly environment: Readonly<Record<string, string>>,
  ) {}

  /** @param prefix what the temporary folder's name begins with */
  protected static async prepare(prefix: string): Promise<string> {
    const directory = await mkdtemp(join(tmpdir(), prefix));
    const names = (await readdir(REPOSITORY)).filter((name) => !OWN.test(name));
    await Promise.all(names.map((name) => symlink(join(REPOSITORY, name), join(directory, name))));
    return directory;
  }

  /** The Pulumi CLI as a user types it. */
  pulumi(...args: string[]): Promise<RunResult> {
    return this.runHere("pulumi", [...args, "--non-interactive", "--color", "never"]);
  }

  /** One of the project's own commands, as `npm run` starts it. */
  command(name: string, ...args: string[]): Promise<RunResult> {
    return this.runHere(process.execPath, nodeArguments(fileOfCommand(name), ...args));
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }

  protected timeoutMilliseconds: number | undefined;

  private runHere(command: string, args: readonly string[]): Promise<RunResult> {
    const limit = this.timeoutMilliseconds;
    const timeout = limit === undefined ? {} : { timeoutMilliseconds: limit };
    return run(command, args, { cwd: this.directory, env: this.environment, ...timeout });
  }
}

/** Each command has a folder of its name; the reviewer's two stand in one. */
export function fileOfCommand(name: string): string {
  return join("commands", ...(name === "claims" || name === "summary" ? ["review", name] : [name, "command"])) + ".ts";
}
