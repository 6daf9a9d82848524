import { mkdir, mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { run, type RunResult } from "../../processes/run.ts";

const REPOSITORY = resolve(import.meta.dirname, "..", "..");
/** What a checkout has to itself. */
const OWN = /^(Pulumi\..+\.yaml|\.git|\.local|\.ci)$/;

/**
 * A checkout in a temporary folder: the program, the commands and Pulumi.yaml of this repository by links, but own stack
 * files and an own state.
 */
export class Checkout {
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;

  protected constructor(directory: string, environment: Readonly<Record<string, string>>) {
    this.directory = directory;
    this.environment = environment;
  }

  /** @param prefix what the temporary folder's name begins with */
  protected static async prepare(prefix: string): Promise<string> {
    const directory = await mkdtemp(join(tmpdir(), prefix));
    await linkContents(REPOSITORY, directory);
    // A project of its own, with stack files of its own.
    await rm(join(directory, "services"));
    await mkdir(join(directory, "services"));
    await linkContents(join(REPOSITORY, "services"), join(directory, "services"));
    return directory;
  }

  /** The Pulumi CLI as a user types it. */
  pulumi(...args: string[]): Promise<RunResult> {
    return this.runHere("pulumi", [...args, "--non-interactive", "--color", "never"]);
  }

  /** A verb of the checkout's own scpcloud. */
  command(name: string, ...args: string[]): Promise<RunResult> {
    return this.runHere(process.execPath, [join(this.directory, "scpcloud"), name, ...args]);
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

async function linkContents(from: string, to: string): Promise<void> {
  const names = (await readdir(from)).filter((name) => !OWN.test(name));
  await Promise.all(names.map((name) => symlink(join(from, name), join(to, name))));
}
