import { setTimeout as delay } from "node:timers/promises";

import type { RunResult } from "../../processes/run";
import { processesIn } from "../end-to-end/interruption";
import { Administrator, type ClientRepresentation } from "../end-to-end/keycloak";
import type { Project } from "../end-to-end/project";
import type { Stack } from "../end-to-end/stack";

/** How long a plugin may take to notice that its CLI has ended well. */
const PATIENCE_MILLISECONDS = 10_000;
const POLL_MILLISECONDS = 250;

/** What the command that heals says it has done, by its words. */
const DONE = {
  "lock removed": /removing the lock/,
  "file put aside": /half written, put aside/,
  "copy restored": /restored the copy/,
  "empty state made": /made an empty one/,
  "secret read": /the state lacks the secret/,
  "client or scope adopted": /found in Keycloak, but not in the state/,
  "operations pending": /under way when the run was killed/,
  "plugin ended": /ended what a killed run had left/,
  "stack recovered": /recovered/,
};

/** Whether all customers are made, or all are changed. */
export type Operation = "create" | "update";

/** A run that is to be killed, with its state saved after each step, or at its end only. */
export interface Kill {
  readonly operation: Operation;
  readonly checkpoints: boolean;
}

/** How a run ended: whether it was killed before its end, and after how many milliseconds of its window. */
export interface End {
  readonly killed: boolean;
  readonly milliseconds: number;
}

/** A project with stacks of one realm. */
export interface Stacks {
  readonly project: Project;
  readonly stacks: readonly Stack[];
}

/** A realm in which runs are killed again and again, each at a random point, and healed by one command. */
export abstract class Killed<T extends Stacks = Stacks> {
  /** How long a run takes that nobody kills, as far as it is known. */
  private readonly windows: Record<Operation, number> = { create: 0, update: 0 };
  private round = 0;
  private current: T | undefined;

  protected constructor(
    private readonly administrator: Administrator,
    protected readonly customers: number,
  ) {}

  /** New stacks without any state. */
  protected abstract create(): Promise<T>;
  /** Writes stack files; another round changes the client and the mapper of every customer. */
  protected abstract configure(stacks: T, round: number): Promise<void>;
  /** @param point after how many milliseconds of its window it is killed, if at all */
  protected abstract run(stacks: T, kill: Kill, point?: number): Promise<End>;
  protected abstract heal(stacks: T): Promise<RunResult>;

  async close(): Promise<void> {
    await this.current?.project.remove();
    await this.administrator.close();
  }

  /** Measures undisturbed runs, for the points to be random over their whole length. */
  async measure(): Promise<void> {
    for (const operation of ["create", "update"] as const) {
      const { milliseconds } = await this.run(await this.prepare(operation), { operation, checkpoints: true });
      this.windows[operation] = milliseconds;
    }
  }

  /** @returns what the command that heals did, and what is wrong after it */
  async kill(kill: Kill): Promise<{ readonly done: readonly string[]; readonly faults: readonly string[] }> {
    let end: End;
    let stacks: T;
    do {
      stacks = await this.prepare(kill.operation);
      end = await this.run(stacks, kill, Math.random() * this.windows[kill.operation]);
    } while (!end.killed);
    const before = await this.clients();
    const { exitCode, stdout, stderr } = await this.heal(stacks);
    const done = Object.entries(DONE).flatMap(([what, words]) => (words.test(stdout + stderr) ? [what] : []));
    const faults =
      exitCode === 0 ? await this.faults(stacks, before) : [`the healing ended with ${exitCode}\n${stdout}${stderr}`];
    return { done, faults: faults.map((fault) => `killed after ${Math.round(end.milliseconds)} ms: ${fault}`) };
  }

  /** An empty realm and empty stacks before customers are made, and another target for them before they are changed. */
  async prepare(operation: Operation): Promise<T> {
    this.round++;
    let stacks = this.current;
    if (stacks === undefined || operation === "create") {
      await stacks?.project.remove();
      await this.emptyRealm();
      stacks = await this.create();
      this.current = stacks;
    }
    await this.configure(stacks, this.round);
    return stacks;
  }

  private async emptyRealm(): Promise<void> {
    for (const { id } of await this.clients()) {
      await this.administrator.send("DELETE", `/clients/${id}`);
    }
    for (const { id, name } of (await this.administrator.send("GET", "/client-scopes")) as Named[]) {
      await (name.startsWith("scpCloud") ? this.administrator.send("DELETE", `/client-scopes/${id}`) : undefined);
    }
  }

  private async faults({ project, stacks }: Stacks, before: readonly ClientRepresentation[]): Promise<string[]> {
    const after = await this.clients();
    const known = new Set<string | undefined>();
    const secrets = new Map<string, string | undefined>();
    const left: string[] = [];
    for (const stack of stacks) {
      const { resources = [] } = (await stack.exportStack()).deployment as { resources?: { id?: string }[] };
      resources.forEach(({ id }) => known.add(id));
      const credentials = (await stack.outputs())["credentials"]?.value as Record<string, { clientSecret?: string }>;
      Object.entries(credentials).forEach(([clientId, { clientSecret }]) => secrets.set(clientId, clientSecret));
      const preview = await project.pulumi("preview", "--refresh", "--expect-no-changes", "--stack", stack.name);
      if (preview.exitCode !== 0) {
        left.push(`something is left to do in ${stack.name}\n${preview.stdout}${preview.stderr}`);
      }
    }
    const kept = ({ id, secret }: ClientRepresentation) => after.some((one) => one.id === id && one.secret === secret);
    return [
      ...before.filter((client) => !kept(client)).map(({ clientId }) => `${clientId} has another id or secret`),
      ...after.filter(({ id }) => !known.has(id)).map(({ clientId }) => `${clientId} is an orphan`),
      ...after
        .filter(({ clientId, secret }) => secrets.get(clientId) !== secret)
        .map(({ clientId }) => `${clientId} has another secret than the stack says`),
      ...(after.length === this.customers ? [] : [`there are ${after.length} customers`]),
      ...left,
      ...(await leftProcesses(project.directory)).map((process) => `process ${process} is left`),
    ];
  }

  private async clients(): Promise<ClientRepresentation[]> {
    return (await this.administrator.clients()).filter(({ clientId }) => clientId.includes("customer-"));
  }
}

interface Named {
  readonly id: string;
  readonly name: string;
}

/** The processes that still work in a folder when they have had the time to end. */
async function leftProcesses(folder: string): Promise<string[]> {
  const deadline = performance.now() + PATIENCE_MILLISECONDS;
  let left = await processesIn(folder);
  while (left.length > 0 && performance.now() < deadline) {
    await delay(POLL_MILLISECONDS);
    left = await processesIn(folder);
  }
  return left;
}
