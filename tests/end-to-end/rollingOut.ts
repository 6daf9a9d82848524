import { once } from "node:events";

import { killTree } from "./interruption.ts";
import { Administrator, identity } from "./keycloak.ts";
import { Project, type StackFile } from "./project.ts";
import { Stack } from "./stack.ts";
import { until } from "./until.ts";

const STACKS = ["rollout", "rollout-b", "rollout-c"] as const;
const CUSTOMERS_OF_EACH = 4;
/** Keycloak keeps it with each client. */
const LIFESPAN = "access.token.lifespan";

/** What the files of a realm's stacks say besides, by stack. */
type Changes = Partial<Record<(typeof STACKS)[number], StackFile>>;

/** Three stacks of a realm, of which the first declares the client scopes; each has four customers. */
export class RollingOut {
  static readonly STACKS = STACKS;
  static readonly CUSTOMERS = STACKS.length * CUSTOMERS_OF_EACH;
  readonly stacks: Stack[] = [];

  readonly project: Project;
  private readonly administrator: Administrator;

  private constructor(project: Project, realm: string) {
    this.project = project;
    this.administrator = new Administrator(realm);
  }

  static async create(realm: string): Promise<RollingOut> {
    const rollingOut = new RollingOut(await Project.create(realm), realm);
    for (const name of STACKS) {
      rollingOut.stacks.push(await Stack.createIn(rollingOut.project, name, {}));
    }
    await rollingOut.configure();
    return rollingOut;
  }

  remove(): Promise<void> {
    return this.project.remove();
  }

  async configure(changes: Changes = {}): Promise<void> {
    for (const [index, name] of STACKS.entries()) {
      const integrations = Object.fromEntries(
        Array.from({ length: CUSTOMERS_OF_EACH }, (_, customer) => [
          `${name}-${customer}`,
          { organizationId: `00000000-0000-4000-8000-0000000000${index}${customer}` },
        ]),
      );
      await this.project.configure(name, {
        ...(index === 0 ? {} : { "scpcloud:realmStack": STACKS[0] }),
        "scpcloud:integrations": integrations,
        ...changes[name],
      });
    }
  }

  rollout(...args: string[]) {
    return this.project.command("rollout", "--realm-stack", STACKS[0], ...args);
  }

  clients() {
    return this.administrator.clients("rollout");
  }

  async identities() {
    return identity(await this.clients());
  }

  /** How many clients have tokens of so many seconds. */
  async withLifespan(seconds: number): Promise<number> {
    const isSo = (attributes: unknown) => (attributes as Record<string, string>)[LIFESPAN] === String(seconds);
    return (await this.clients()).filter(({ attributes }) => isSo(attributes)).length;
  }

  /** That no state has operations of which nobody knows how they ended. */
  async expectSound(): Promise<void> {
    for (const stack of this.stacks) {
      expect((await stack.exportStack()).deployment["pending_operations"]).toBeUndefined();
    }
  }

  async expectNothingToDo(): Promise<void> {
    for (const stack of this.stacks) {
      await stack.preview({ expectNoChanges: true, refresh: true });
    }
  }

  /** Starts a rollout, and signals it as soon as the condition holds; SIGKILL comes to all that it has started as well. */
  async interrupt(signal: "SIGINT" | "SIGKILL", condition: () => Promise<boolean>, ...args: string[]) {
    const child = this.project.startCommand("rollout", "--realm-stack", STACKS[0], "--yes", "--skip-preview", ...args);
    let stdout = "";
    child.stdout.on("data", (data: Buffer) => (stdout += data.toString()));
    child.stderr.resume();
    const ended = once(child, "exit");
    await until(async () => child.exitCode !== null || (await condition()), Boolean);
    expect({ exitCode: child.exitCode, stdout }).toEqual({ exitCode: null, stdout: "" });
    await (signal === "SIGINT" ? child.kill(signal) : killTree(child));
    const [exitCode] = (await ended) as [number | null];
    return { exitCode, stdout };
  }
}

/** The rows of a rollout's table: how each stack ended, and what changed. */
export function rowsOf(stdout: string): string[] {
  return stdout.split("\n").flatMap((line) => {
    const [, stack = "", result = "", , changes = ""] = line.split("│").map((cell) => cell.trim());
    return stack.startsWith("rollout") ? [`${stack}: ${result}${changes === "" ? "" : `, ${changes}`}`] : [];
  });
}
