import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { parse } from "yaml";

import { basicAuthorization } from "../../contract/credentials.ts";
import type { Credentials } from "../../outputs.ts";
import type { RunResult } from "../../processes/run.ts";
import { Administrator } from "./keycloak.ts";
import type { Project } from "./project.ts";
import { serverOfTests } from "./server.ts";
import { Stack } from "./stack.ts";
import { claimsOf } from "./tokens.ts";

/** What a customer would notice: the client's id and secret, and who its token is about. */
type Identities = Awaited<ReturnType<Moving["identities"]>>;

/** A stack of three customers, of whom two are moved to another stack. */
export class Moving {
  static readonly FROM = "move";
  static readonly TO = "move-b";
  private static readonly CUSTOMERS = ["moved-1", "moved-2", "stays"];
  private static readonly MOVED = ["moved-1", "moved-2"];
  private before: Identities = [];

  readonly project: Project;
  private readonly administrator: Administrator;
  private readonly realm: string;

  private constructor(project: Project, realm: string) {
    this.project = project;
    this.administrator = new Administrator(realm);
    this.realm = realm;
  }

  static async create(realm: string): Promise<Moving> {
    const stack = await Stack.create(realm, Moving.FROM, {
      "scpcloud:integrations": Object.fromEntries(
        Moving.CUSTOMERS.map((clientId, index) => [
          clientId,
          { organizationId: `00000000-0000-4000-8000-00000000000${index}` },
        ]),
      ),
    });
    await stack.setSecret("keycloak:clientSecret", serverOfTests().deployerSecret);
    await stack.up();
    const moving = new Moving(stack.project, realm);
    moving.before = await moving.identities();
    return moving;
  }

  async remove(): Promise<void> {
    await this.project.remove();
  }

  fileOf(name: string): string {
    return join(this.project.directory, name);
  }

  textOf(stack: string): Promise<string> {
    return readFile(this.fileOf(`Pulumi.${stack}.yaml`), "utf8");
  }

  async edit(stack: string, change: (text: string) => string): Promise<void> {
    const text = await this.textOf(stack).catch(() => "");
    await writeFile(this.fileOf(`Pulumi.${stack}.yaml`), change(text));
  }

  move(...args: string[]): Promise<RunResult> {
    return this.project.command("move", ...args);
  }

  /** The arguments that move the customers. */
  between(from: string, to: string): string[] {
    return Moving.MOVED.flatMap((id) => ["--customer", id]).concat("--from", from, "--to", to);
  }

  async customersOf(stack: string): Promise<string[]> {
    const { config } = parse(await this.textOf(stack)) as { config: Record<string, Record<string, unknown>> };
    return Object.keys(config["scpcloud:integrations"] ?? {});
  }

  stateOf(stack: string): Promise<string> {
    return readFile(this.fileOf(join(".pulumi", "stacks", "scpcloud", `${stack}.json`)), "utf8").catch(() => "");
  }

  expectNoSecretPrinted(): void {
    this.project.expectUnprinted(this.before.map(({ clientSecret }) => clientSecret));
  }

  /** The customers are in one stack's file, state and outputs, and in no other's; and nobody has noticed. */
  async expectMoved(from: string, to: string): Promise<void> {
    const { before, project } = this;
    expect(await this.customersOf(from)).not.toEqual(expect.arrayContaining(["moved-1"]));
    expect(await this.customersOf(to)).toEqual(expect.arrayContaining(Moving.MOVED));
    for (const [name, isThere] of [
      [from, false],
      [to, true],
    ] as const) {
      if ((await this.customersOf(name)).length === 0) {
        // A stack of customers that has none any more is to be taken down.
        continue;
      }
      const output = ["stack", "output", "credentials", "--json", "--show-secrets", "--stack", name];
      const credentials = JSON.parse((await project.pulumi(...output)).stdout) as Record<string, Credentials>;
      expect(Moving.MOVED.map((id) => Object.hasOwn(credentials, id))).toEqual([isThere, isThere]);
      for (const { clientId, clientSecret } of before.filter((one) => Object.hasOwn(credentials, one.clientId))) {
        expect(credentials[clientId]?.clientSecret).toBe(clientSecret);
      }
    }
    expect(await this.identities()).toEqual(before);
  }

  /** That no up has anything to do. A move refuses where one has: only after a file's last one is this to be asked. */
  async expectNothingToDo(stack: string): Promise<void> {
    const preview = await this.project.pulumi("preview", "--refresh", "--expect-no-changes", "--stack", stack);
    expect(preview).toMatchObject({ exitCode: 0 });
  }

  private async identities() {
    const clients = (await this.administrator.clients()).filter(({ clientId }) => Moving.CUSTOMERS.includes(clientId));
    return Promise.all(
      clients.map(async ({ clientId, id, secret: clientSecret = "" }) => {
        const credentials = { clientSecret, basic: basicAuthorization(clientId, clientSecret) };
        const { sub, organizationId } = await claimsOf(credentials, this.realm);
        return { clientId, id, clientSecret, sub, organizationId };
      }),
    );
  }
}
