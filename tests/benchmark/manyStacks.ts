import type { RunResult } from "../../processes/run";
import { numberedCustomers, Project, type StackFile } from "../end-to-end/project";
import { serverOfTests } from "../end-to-end/server";
import type { Stack } from "../end-to-end/stack";

/** A first load of 2,000 customers takes many minutes. */
const LIMIT_MILLISECONDS = 3_600_000;

/** Stacks that share a realm, each with as many customers; the first is the realm's. */
export class ManyStacks {
  private constructor(
    readonly project: Project,
    readonly stacks: readonly Stack[],
    private readonly realm: string,
    private readonly customersOfEach: number,
  ) {}

  static async create(realm: string, count: number, customersOfEach: number): Promise<ManyStacks> {
    const project = await Project.create(serverOfTests(), {}, LIMIT_MILLISECONDS);
    const stacks: Stack[] = [];
    for (let number = 1; number <= count; number++) {
      stacks.push(await project.createStack(`many-${number}`, {}));
    }
    return new ManyStacks(project, stacks, realm, customersOfEach);
  }

  async configure(): Promise<void> {
    const whole = this.project.connection(this.realm);
    const connection = Object.entries(whole).filter(([key]) => key.startsWith("keycloak:"));
    for (const [index, { name }] of this.stacks.entries()) {
      const settings: StackFile =
        index === 0
          ? { ...whole, "scpcloud:accessTokenLifespan": 300 }
          : { ...Object.fromEntries(connection), "scpcloud:realmStack": this.realmStack };
      const first = index * this.customersOfEach + 1;
      await this.project.configure(name, {
        ...settings,
        "scpcloud:integrations": numberedCustomers(this.customersOfEach, { first }),
      });
    }
  }

  get realmStack(): string {
    return this.stacks[0]?.name ?? "";
  }

  rollout(...args: string[]): Promise<RunResult> {
    return this.project.command("rollout", "--realm-stack", this.realmStack, ...args);
  }
}
