import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { parse, stringify } from "yaml";

import { run } from "../../processes/run";

const REPOSITORY = resolve(__dirname, "..", "..");

/** A program that declares nothing, run as this project's: what Pulumi, Node.js and the SDK take for themselves. */
export class EmptyProgram {
  private constructor(private readonly directory: string) {}

  static async create(): Promise<EmptyProgram> {
    const directory = await mkdtemp(join(tmpdir(), "scpcloud-empty-"));
    const shared = ["loader.js", "node_modules", "package.json"];
    await Promise.all(shared.map((name) => symlink(join(REPOSITORY, name), join(directory, name))));
    const { runtime } = parse(await readFile(join(REPOSITORY, "Pulumi.yaml"), "utf8")) as { runtime: unknown };
    await writeFile(join(directory, "Pulumi.yaml"), stringify({ name: "empty", runtime }));
    await writeFile(join(directory, "index.ts"), 'import "@pulumi/pulumi";\n');
    const program = new EmptyProgram(directory);
    await program.pulumi("stack", "init", "empty");
    return program;
  }

  preview(): Promise<void> {
    return this.pulumi("preview", "--stack", "empty");
  }

  remove(): Promise<void> {
    return rm(this.directory, { recursive: true, force: true });
  }

  private async pulumi(...args: string[]): Promise<void> {
    const { exitCode, stdout, stderr } = await run("pulumi", [...args, "--non-interactive"], {
      cwd: this.directory,
      env: { PULUMI_BACKEND_URL: `file://${this.directory}`, PULUMI_CONFIG_PASSPHRASE: "the passphrase of the tests" },
    });
    if (exitCode !== 0) {
      throw new Error(stdout + stderr);
    }
  }
}
