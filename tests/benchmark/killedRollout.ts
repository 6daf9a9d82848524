import { once } from "node:events";

import type { RunResult } from "../../processes/run";
import { killTree } from "../end-to-end/interruption";
import { Administrator } from "../end-to-end/keycloak";
import { REALMS } from "../end-to-end/server";
import { type End, type Kill, Killed } from "./killed";
import { ManyStacks } from "./manyStacks";

const REALM = REALMS.crashes;

/** Several stacks of a realm: a rollout is killed with all that it has started; the next rollout heals. */
export class KilledRollout extends Killed<ManyStacks> {
  private constructor(
    administrator: Administrator,
    private readonly count: number,
    customers: number,
  ) {
    super(administrator, customers);
  }

  /** @param customers of all stacks together */
  static async open(count: number, customers: number): Promise<KilledRollout> {
    return new KilledRollout(await Administrator.login(REALM), count, customers);
  }

  protected create(): Promise<ManyStacks> {
    return ManyStacks.create(REALM, this.count, this.customers / this.count);
  }

  protected configure(stacks: ManyStacks, round: number): Promise<void> {
    return stacks.configure(round);
  }

  protected async run({ project, realmStack }: ManyStacks, { checkpoints }: Kill, point?: number): Promise<End> {
    const started = performance.now();
    const args = ["--realm-stack", realmStack, "--yes", ...(checkpoints ? [] : ["--fast"])];
    const child = project.startCommand("rollout", ...args);
    child.stdout.resume();
    child.stderr.resume();
    let killed: Promise<void> | undefined;
    const timer = point === undefined ? undefined : setTimeout(() => void (killed = killTree(child)), point);
    const [exitCode] = (await once(child, "exit")) as [number | null];
    clearTimeout(timer);
    await killed;
    if (exitCode !== 0 && exitCode !== null) {
      throw new Error(`rollout ended with ${exitCode} without a kill`);
    }
    return { killed: exitCode === null, milliseconds: performance.now() - started };
  }

  protected heal(stacks: ManyStacks): Promise<RunResult> {
    return stacks.rollout("--yes");
  }
}
