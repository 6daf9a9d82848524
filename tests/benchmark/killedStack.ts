import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";

import type { Stack } from "@pulumi/pulumi/automation";

import { processesIn } from "../end-to-end/interruption";
import { Administrator, type ClientRepresentation } from "../end-to-end/keycloak";
import { Project, type StackFile } from "../end-to-end/project";
import { REALMS } from "../end-to-end/server";

const REALM = REALMS.crashes;
const STACK = "kills";
const PREFIX = "customer-";
/** How long a plugin may take to notice that its CLI has ended well. */
const PATIENCE_MILLISECONDS = 10_000;
const POLL_MILLISECONDS = 250;

/** How the CLI tells the first change of Keycloak. */
const FIRST_CHANGE = { create: /keycloak:\S+ \S+ creating/, update: /keycloak:\S+ \S+ updating/ };

/** What recover says it has done, by its words. */
const DONE = {
  "lock removed": /^removing the lock/m,
  "file put aside": /^half written, put aside/m,
  "copy restored": /restored the copy/,
  "empty state made": /made an empty one/,
  "secret read": /^the state lacks the secret/m,
  "client or scope adopted": /^found in Keycloak, but not in the state/m,
  "operations pending": /under way when the run was killed/,
  "plugin ended": /^ended what a killed run had left/m,
};

/** Whether all customers are made, or all are changed. */
type Operation = "create" | "update";

/** An `up` that is to be killed, with its state saved after each step, or at its end only. */
export interface Kill {
  readonly operation: Operation;
  readonly checkpoints: boolean;
}

/** A realm and a project in which `up` is killed again and again. */
export class KilledStack {
  /** How long an `up` takes from its first change to its end, as far as it is known. */
  private readonly windows: Record<Operation, number> = { create: 0, update: 0 };
  private round = 0;

  private constructor(
    private readonly administrator: Administrator,
    private readonly customers: number,
    private project: Project,
    private stack: Stack,
  ) {}

  static async open(customers: number): Promise<KilledStack> {
    const project = await Project.create();
    const stack = await project.createStack(STACK, {});
    return new KilledStack(await Administrator.login(REALM), customers, project, stack);
  }

  async close(): Promise<void> {
    await this.project.remove();
    await this.administrator.close();
  }

  /** Measures undisturbed runs, for the points to be random over their whole length. */
  async measure(): Promise<void> {
    for (const operation of ["create", "update"] as const) {
      await this.prepare(operation);
      this.windows[operation] = (await this.up({ operation, checkpoints: true })).milliseconds;
    }
  }

  /** @returns what recover did, and what is wrong after it */
  async kill(kill: Kill): Promise<{ readonly done: readonly string[]; readonly faults: readonly string[] }> {
    let end: { readonly killed: boolean; readonly milliseconds: number };
    do {
      await this.prepare(kill.operation);
      end = await this.up(kill, Math.random() * this.windows[kill.operation]);
    } while (!end.killed);
    const before = await this.clients();
    const { exitCode, stdout, stderr } = await this.project.command("recover", "--stack", STACK);
    const done = Object.entries(DONE).flatMap(([what, words]) => (words.test(stdout) ? [what] : []));
    const faults = exitCode === 0 ? await this.faults(before) : [`recover ended with ${exitCode}\n${stdout}${stderr}`];
    return {
      done,
      faults: faults.map((fault) => `killed ${Math.round(end.milliseconds)} ms after the first change: ${fault}`),
    };
  }

  /** An empty realm and stack before customers are made, and another target for them before they are changed. */
  async prepare(operation: Operation): Promise<void> {
    this.round++;
    if (operation === "create") {
      await this.project.remove();
      for (const { id } of await this.clients()) {
        await this.administrator.send("DELETE", `/clients/${id}`);
      }
      for (const { id, name } of (await this.administrator.send("GET", "/client-scopes")) as Named[]) {
        await (name.startsWith("scpCloud") ? this.administrator.send("DELETE", `/client-scopes/${id}`) : undefined);
      }
      this.project = await Project.create();
      this.stack = await this.project.createStack(STACK, this.stackFile());
    } else {
      await this.project.configure(STACK, this.stackFile());
    }
  }

  /**
   * Runs `up`, and kills the CLI, and it alone, so many milliseconds after its first change of Keycloak.
   * @returns whether it was killed before it ended by itself, and how many milliseconds after its first change that was
   */
  private async up({ operation, checkpoints }: Kill, point?: number) {
    const child = spawn("pulumi", ["up", "--yes", "--skip-preview", "--non-interactive", "--stack", STACK], {
      cwd: this.project.directory,
      env: { ...process.env, ...this.project.environment, ...(checkpoints ? {} : { PULUMI_SKIP_CHECKPOINTS: "true" }) },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    let started: number | undefined;
    let timer: NodeJS.Timeout | undefined;
    const listen = (data: Buffer) => {
      output += data.toString();
      if (started === undefined && FIRST_CHANGE[operation].test(output)) {
        started = performance.now();
        timer = point === undefined ? undefined : setTimeout(() => child.kill("SIGKILL"), point);
      }
    };
    child.stdout.on("data", listen);
    child.stderr.on("data", listen);
    // Its plugins live on, and hold its output open.
    const [exitCode] = (await once(child, "exit")) as [number | null];
    clearTimeout(timer);
    child.stdout.destroy();
    child.stderr.destroy();
    if (started === undefined || (exitCode !== 0 && exitCode !== null)) {
      throw new Error(`up failed without a kill:\n${output}`);
    }
    return { killed: exitCode === null, milliseconds: performance.now() - started };
  }

  private async faults(before: readonly ClientRepresentation[]): Promise<string[]> {
    const after = await this.clients();
    const { resources = [] } = (await this.stack.exportStack()).deployment as { resources?: { id?: string }[] };
    const known = new Set(resources.map(({ id }) => id));
    const credentials = (await this.stack.outputs())["credentials"]?.value as Record<string, { clientSecret?: string }>;
    const preview = await this.project.pulumi("preview", "--refresh", "--expect-no-changes", "--stack", STACK);
    const kept = ({ id, secret }: ClientRepresentation) => after.some((one) => one.id === id && one.secret === secret);
    return [
      ...before.filter((client) => !kept(client)).map(({ clientId }) => `${clientId} has another id or secret`),
      ...after.filter(({ id }) => !known.has(id)).map(({ clientId }) => `${clientId} is an orphan`),
      ...after
        .filter(({ clientId, secret }) => credentials[clientId]?.clientSecret !== secret)
        .map(({ clientId }) => `${clientId} has another secret than the stack says`),
      ...(after.length === this.customers ? [] : [`there are ${after.length} customers`]),
      ...(preview.exitCode === 0 ? [] : [`something is left to do\n${preview.stdout}${preview.stderr}`]),
      ...(await leftProcesses(this.project.directory)).map((process) => `process ${process} is left`),
    ];
  }

  private clients(): Promise<ClientRepresentation[]> {
    return this.administrator.clients(PREFIX);
  }

  /** Each round changes the client and the mapper of every customer. */
  private stackFile(): StackFile {
    const integrations = Array.from({ length: this.customers }, (_, index): [string, unknown] => [
      `${PREFIX}${index + 1}`,
      {
        organizationId: `00000000-0000-4000-8${String(this.round % 1000).padStart(3, "0")}-${String(index + 1).padStart(12, "0")}`,
      },
    ]);
    return {
      ...this.project.connection(REALM),
      "scpcloud:accessTokenLifespan": 300 + (this.round % 2),
      "scpcloud:accountAccess": true,
      "scpcloud:integrations": Object.fromEntries(integrations),
    };
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
