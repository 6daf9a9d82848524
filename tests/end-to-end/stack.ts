import { spawn } from "node:child_process";
import { once } from "node:events";
import { rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Credentials } from "../../outputs.ts";
import type { RunResult } from "../../processes/run.ts";
import { type ClientRepresentation, identity } from "./keycloak.ts";
import { Project, type StackFile } from "./project.ts";

interface RunOptions {
  readonly refresh?: boolean;
  readonly expectNoChanges?: boolean;
}

/** A state as `pulumi stack export` prints it. */
export interface State {
  readonly version: number;
  readonly deployment: Readonly<Record<string, unknown>>;
}

/**
 * A stack of a project. Each method starts the Pulumi CLI once, where the Automation API starts it up to four times:
 * for outputs and history, which few tests read. A run that fails is an error with all that it printed.
 */
export class Stack {
  private read: { readonly written: number; readonly outputs: string } | undefined;

  readonly project: Project;
  readonly name: string;

  constructor(project: Project, name: string) {
    this.project = project;
    this.name = name;
  }

  /** A stack of a project and a realm of its own. */
  static async create(realm: string, name: string, config: StackFile): Promise<Stack> {
    return Stack.createIn(await Project.create(realm), name, config);
  }

  /** A further stack of a project. @param secretsProvider what encrypts its secrets, else the passphrase */
  static async createIn(
    project: Project,
    name: string,
    config: StackFile,
    secretsProvider = "passphrase",
  ): Promise<Stack> {
    const { exitCode, stderr } = await project.pulumi("stack", "init", name, "--secrets-provider", secretsProvider);
    if (exitCode !== 0) {
      throw new Error(`The stack ${name} cannot be made: ${stderr}`);
    }
    await project.configure(name, config);
    return new Stack(project, name);
  }

  configure(config: StackFile): Promise<void> {
    return this.project.configure(this.name, config);
  }

  /** A verb of scpcloud. */
  command(verb: string, ...args: string[]): Promise<RunResult> {
    return this.project.command(verb, "--stack", this.name, ...args);
  }

  /** A verb of scpcloud, for a test that interrupts it. */
  startCommand(verb: string, ...args: string[]) {
    return this.project.startCommand(verb, "--stack", this.name, ...args);
  }

  /** The Pulumi CLI, which may fail. */
  pulumi(...args: string[]): Promise<RunResult> {
    return this.project.pulumi(...args, "--stack", this.name);
  }

  /** An up that may fail. */
  tryUp(...args: string[]): Promise<RunResult> {
    return this.pulumi("up", "--yes", "--skip-preview", ...args);
  }

  /** @returns what it printed */
  up(options: RunOptions = {}): Promise<string> {
    return this.run("up", "--yes", "--skip-preview", ...flagsOf(options));
  }

  /** @returns what it printed */
  preview(options: RunOptions = {}): Promise<string> {
    return this.run("preview", ...flagsOf(options));
  }

  /** The customers are so many, those of before with their ids and secrets, and nothing is left to do. */
  async expectHealed(
    count: number,
    before: readonly ClientRepresentation[],
    after: readonly ClientRepresentation[],
  ): Promise<void> {
    expect(before).not.toEqual([]);
    expect(after).toHaveLength(count);
    expect(identity(after)).toEqual(expect.arrayContaining(identity(before)));
    await this.preview({ expectNoChanges: true, refresh: true });
    expect((await this.exportStack()).deployment["pending_operations"]).toBeUndefined();
  }

  async refresh(): Promise<void> {
    await this.run("refresh", "--yes", "--skip-preview");
  }

  async destroy(): Promise<void> {
    await this.run("destroy", "--yes", "--skip-preview");
  }

  /** With the secrets in clear. A state's file that nobody has written since is read once: its key costs a third of a second. */
  async outputs(): Promise<Readonly<Record<string, unknown>>> {
    const file = join(this.project.directory, ".pulumi", "stacks", "scpcloud", `${this.name}.json`);
    const written = await stat(file).then(
      ({ mtimeMs }) => mtimeMs,
      () => Number.NaN,
    );
    if (this.read?.written !== written) {
      this.read = { written, outputs: await this.run("stack", "output", "--json", "--show-secrets") };
    }
    return JSON.parse(this.read.outputs) as Readonly<Record<string, unknown>>;
  }

  /** By client id. */
  async credentials(): Promise<Readonly<Record<string, Credentials>>> {
    return ((await this.outputs())["credentials"] ?? {}) as Record<string, Credentials>;
  }

  /** Empty ones where the customer has none. */
  async credentialsOf(clientId: string): Promise<Credentials> {
    return (await this.credentials())[clientId] ?? { clientSecret: "", basic: "" };
  }

  /** With the secrets encrypted. */
  async exportStack(): Promise<State> {
    return JSON.parse(await this.run("stack", "export")) as State;
  }

  async importStack(state: State): Promise<void> {
    const file = join(this.project.directory, `state-of-${this.name}.json`);
    await writeFile(file, JSON.stringify(state));
    await this.run("stack", "import", "--file", file);
    await rm(file);
  }

  /**
   * Writes a secret into the stack file, encrypted.
   * @param options.path whether the key is a path into a value
   */
  async setSecret(key: string, value: string, { path = false } = {}): Promise<void> {
    const args = ["config", "set", "--secret", ...(path ? ["--path"] : []), key, "--stack", this.name];
    const child = spawn("pulumi", [...args, "--non-interactive"], {
      cwd: this.project.directory,
      env: { ...process.env, ...this.project.environment },
      stdio: ["pipe", "ignore", "inherit"],
    });
    child.stdin.end(value);
    const [exitCode] = (await once(child, "exit")) as [number | null];
    if (exitCode !== 0) {
      throw new Error(`pulumi config set of ${key} failed`);
    }
  }

  private async run(...args: string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await this.pulumi(...args);
    if (exitCode !== 0) {
      throw new Error(`pulumi ${args.join(" ")} of ${this.name} ended with ${exitCode}:\n${stdout}\n${stderr}`);
    }
    return stdout;
  }
}

function flagsOf({ refresh = false, expectNoChanges = false }: RunOptions): string[] {
  return [...(refresh ? ["--refresh"] : []), ...(expectNoChanges ? ["--expect-no-changes"] : [])];
}
