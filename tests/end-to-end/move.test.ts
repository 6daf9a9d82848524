import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { parse } from "yaml";

import type { Credentials } from "../../outputs";
import { killTree } from "./interruption";
import { Administrator } from "./keycloak";
import { Project } from "./project";
import { REALMS, serverOfTests } from "./server";
import type { Stack } from "./stack";
import { claimsOf } from "./tokens";
import { until } from "./until";

const REALM = REALMS.move;
const [FROM, TO] = ["move", "move-b"];
const CUSTOMERS = ["moved-1", "moved-2", "stays"];
const MOVED = ["moved-1", "moved-2"];

let project: Project;
let stack: Stack;
let administrator: Administrator;
let secret: string;
let before: Awaited<ReturnType<typeof identities>>;
const outputs: string[] = [];

beforeAll(async () => {
  administrator = await Administrator.login(REALM);
  project = await Project.create();
  stack = await project.createStack(FROM, {
    ...project.connection(REALM),
    "scpcloud:integrations": Object.fromEntries(
      CUSTOMERS.map((clientId, index) => [clientId, { organizationId: `00000000-0000-4000-8000-00000000000${index}` }]),
    ),
  });
  secret = serverOfTests().deployerSecret;
  await stack.setSecret("keycloak:clientSecret", secret);
  await stack.up();
  await edit(FROM, (text) => text.replace("    moved-2:", "\n    # The second's\n    moved-2: # to be moved"));
  await writeFile(
    fileOf(`handovers.${FROM}.json`),
    JSON.stringify({ "moved-1": [{ date: "2026-01-01", recipient: "age1x" }] }),
  );
  before = await identities();
});

afterAll(async () => {
  // The realm's stack is destroyed last, and only when nobody uses it.
  await project.pulumi("destroy", "--yes", "--stack", TO);
  await edit(TO, (text) => text.replace(/ {2}scpcloud:integrations:\n( {4}.*\n|\n)*/, "  scpcloud:integrations: {}\n"));
  await stack.up();
  await stack.destroy();
  expect(await administrator.clients("moved-")).toEqual([]);
  await administrator.close();
  await project.remove();
});

const fileOf = (name: string) => join(project.directory, name);
const textOf = (name: string) => readFile(fileOf(`Pulumi.${name}.yaml`), "utf8");
const edit = async (name: string, change: (text: string) => string) =>
  writeFile(fileOf(`Pulumi.${name}.yaml`), change(await textOf(name).catch(() => "")));
const move = async (...args: string[]) => {
  const result = await project.command("move", ...args);
  outputs.push(result.stdout, result.stderr);
  return result;
};
const moved = (from: string, to: string) =>
  MOVED.flatMap((id) => ["--customer", id]).concat("--from", from, "--to", to);
const customersOf = async (name: string) => {
  const { config } = parse(await textOf(name)) as { config: Record<string, Record<string, unknown>> };
  return Object.keys(config["scpcloud:integrations"] ?? {});
};
const stateOf = async (name: string) => {
  const path = fileOf(join(".pulumi", "stacks", "scpcloud", `${name}.json`));
  return readFile(path, "utf8").catch(() => "");
};
const hasClient = async (name: string) => (await stateOf(name)).includes("::moved-2-client");

/** What a customer would notice: the client's id and secret, and who its token is about. */
async function identities() {
  const clients = (await administrator.clients()).filter(({ clientId }) => CUSTOMERS.includes(clientId));
  return Promise.all(
    clients.map(async ({ clientId, id, secret: clientSecret = "" }) => {
      const basic = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString("base64")}`;
      const { sub, organizationId } = await claimsOf({ clientSecret, basic }, REALM);
      return { clientId, id, clientSecret, sub, organizationId };
    }),
  );
}

/** The customers are in one stack's file, state and outputs, and in no other's; and nobody has noticed. */
async function expectMoved(from: string, to: string): Promise<void> {
  expect(await customersOf(from)).not.toEqual(expect.arrayContaining(["moved-1"]));
  expect(await customersOf(to)).toEqual(expect.arrayContaining(MOVED));
  for (const [name, isThere] of [
    [from, false],
    [to, true],
  ] as const) {
    if ((await customersOf(name)).length === 0) {
      // A stack of customers that has none any more is to be taken down.
      continue;
    }
    const preview = await project.pulumi("preview", "--refresh", "--expect-no-changes", "--stack", name);
    expect(preview).toMatchObject({ exitCode: 0 });
    const { stdout } = await project.pulumi(
      "stack",
      "output",
      "credentials",
      "--json",
      "--show-secrets",
      "--stack",
      name,
    );
    const credentials = JSON.parse(stdout) as Record<string, Credentials>;
    expect(MOVED.map((id) => Object.hasOwn(credentials, id))).toEqual([isThere, isThere]);
    for (const { clientId, clientSecret } of before.filter((one) => Object.hasOwn(credentials, one.clientId))) {
      expect(credentials[clientId]?.clientSecret).toBe(clientSecret);
    }
  }
  expect(await identities()).toEqual(before);
}

it("says what it would do without --yes, and changes nothing", async () => {
  const texts = [await textOf(FROM), await stateOf(FROM)];

  const { exitCode, stdout } = await move(...moved(FROM, TO));

  expect({ exitCode, stdout }).toEqual({
    exitCode: 0,
    stdout: [
      `Moves 2 customers from ${FROM} to ${TO}:`,
      `- Pulumi.${FROM}.yaml: without them`,
      `- Pulumi.${TO}.yaml: with them; a new file, with the connection of Pulumi.${FROM}.yaml`,
      `- a new stack ${TO}`,
      "- in the state: 2 to move",
      "- Keycloak: nothing",
      "Nothing was changed; say --yes.",
      "",
    ].join("\n"),
  });
  expect([await textOf(FROM), await stateOf(FROM)]).toEqual(texts);
  await expect(textOf(TO)).rejects.toThrow("ENOENT");
});

it("refuses to move what an up would change as well", async () => {
  const text = await textOf(FROM);
  await edit(FROM, () => `${text}  scpcloud:accessTokenLifespan: 600\n`);

  const { exitCode, stderr } = await move(...moved(FROM, TO), "--yes");

  await edit(FROM, () => text);
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(new RegExp(`^The preview of ${FROM} has 3 changes, such as update .*-client\\.`));
  await expect(textOf(TO)).rejects.toThrow("ENOENT");
});

it("moves customers into a new stack, with their comments and the record of handovers; their tokens stay", async () => {
  const { exitCode, stderr, stdout } = await move(...moved(FROM, TO), "--yes");

  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  expect(stdout).toContain(`✓ moved 2 customers from ${FROM} to ${TO}`);
  expect(await textOf(TO)).toContain("\n\n    # The second's\n    moved-2: # to be moved\n");
  expect(await textOf(FROM)).not.toContain("The second's");
  expect(JSON.parse(await readFile(fileOf(`handovers.${TO}.json`), "utf8"))).toHaveProperty("moved-1");
  expect(JSON.parse(await readFile(fileOf(`handovers.${FROM}.json`), "utf8"))).toEqual({});
  await expectMoved(FROM, TO);
});

/** Starts a move, and kills it with all that it has started as soon as the condition holds. */
async function killMove(args: readonly string[], condition: () => Promise<boolean>): Promise<void> {
  const child = project.startCommand("move", ...args);
  const ended = once(child, "exit");
  await until(
    async () => child.exitCode !== null || (await condition()),
    (is) => is,
  );
  expect(child.exitCode).toBeNull();
  await killTree(child);
  await ended;
}

describe("a move that is killed is finished by the next, and nobody has noticed: killed", () => {
  test.each([
    ["when the entries stand in both files", TO, FROM, async () => (await customersOf(FROM)).includes("moved-1")],
    ["when the other state has the clients", FROM, TO, () => hasClient(TO)],
    ["when its own state has them no more", TO, FROM, async () => !(await hasClient(TO))],
  ])("%s", async (_, from, to, condition) => {
    await killMove([...moved(from, to), "--yes"], condition);

    const { exitCode, stderr, stdout } = await move(...moved(from, to), "--yes");

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout.includes(`${TO} has no customers any more. Take it down: `)).toBe(from === TO);
    await expectMoved(from, to);
  });

  test("between the writing of the two states", async () => {
    const [text, state] = [await textOf(FROM), await project.pulumi("stack", "export", "--stack", FROM)];
    expect((await move(...moved(FROM, TO), "--yes")).exitCode).toBe(0);
    await edit(FROM, () => text);
    await writeFile(fileOf("state.json"), state.stdout);
    await project.pulumi("stack", "import", "--file", fileOf("state.json"), "--stack", FROM);

    // Whoever deploys meanwhile is refused.
    const up = await project.pulumi("up", "--yes", "--skip-preview", "--stack", TO);
    expect(up.exitCode).not.toBe(0);
    expect(up.stdout).toContain("must be a customer of one stack only");
    const { exitCode, stdout } = await move(...moved(FROM, TO), "--yes");

    expect(exitCode).toBe(0);
    expect(stdout).toContain("2 of them are in both states");
    await expectMoved(FROM, TO);
  });
});

it("prints no secret", () => {
  const text = outputs.join("\n");
  expect([secret, ...before.map(({ clientSecret }) => clientSecret)].filter((one) => text.includes(one))).toEqual([]);
});
