import { copyFile, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { parse, stringify } from "yaml";

import { run } from "../../processes/run";
import type { StackFile } from "../end-to-end/project";

const REPOSITORY = resolve(__dirname, "..", "..");
const STACK = "other";

/** A program beside this project's, to compare with, in a folder and with a state of its own. */
export class OtherProgram {
  private constructor(
    private readonly directory: string,
    private readonly secret: string,
  ) {}

  /** Declares nothing, and is run as this project's: what Pulumi, Node.js and the SDK take for themselves. */
  static async empty(): Promise<OtherProgram> {
    const { runtime } = parse(await readFile(join(REPOSITORY, "Pulumi.yaml"), "utf8")) as { runtime: unknown };
    const program = await OtherProgram.create(runtime, {}, "");
    await writeFile(join(program.directory, "index.ts"), 'import "@pulumi/pulumi";\n');
    return program;
  }

  /**
   * What users would write, run as Pulumi does by itself.
   * @param secret the deployer's
   */
  static async plain(connection: StackFile, customers: number, secret: string): Promise<OtherProgram> {
    const own = Object.entries(connection).filter(([key]) => key.startsWith("keycloak:"));
    const config = { "plain:customers": customers, "plain:realm": connection["keycloak:realm"] };
    const program = await OtherProgram.create("nodejs", { ...Object.fromEntries(own), ...config }, secret);
    await copyFile(join(__dirname, "plainProgram.ts"), join(program.directory, "index.ts"));
    return program;
  }

  private static async create(runtime: unknown, config: StackFile, secret: string): Promise<OtherProgram> {
    const directory = await mkdtemp(join(tmpdir(), "scpcloud-other-"));
    const shared = ["loader.js", "node_modules", "package.json", "tsconfig.json"];
    await Promise.all(shared.map((name) => symlink(join(REPOSITORY, name), join(directory, name))));
    await writeFile(join(directory, "Pulumi.yaml"), stringify({ name: STACK, runtime, main: "index.ts" }));
    const program = new OtherProgram(directory, secret);
    await program.pulumi("stack", "init");
    const path = join(directory, `Pulumi.${STACK}.yaml`);
    const file = parse(await readFile(path, "utf8")) as object;
    await writeFile(path, stringify({ ...file, config }));
    return program;
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }

  async pulumi(...args: string[]): Promise<void> {
    const { exitCode, stdout, stderr } = await run("pulumi", [...args, "--non-interactive", "--stack", STACK], {
      cwd: this.directory,
      env: {
        PULUMI_BACKEND_URL: `file://${this.directory}`,
        PULUMI_CONFIG_PASSPHRASE: "the passphrase of the tests",
        KEYCLOAK_CLIENT_SECRET: this.secret,
      },
    });
    if (exitCode !== 0) {
      throw new Error(stdout + stderr);
    }
  }
}
