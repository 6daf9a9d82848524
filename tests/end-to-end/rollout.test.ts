import { once } from "node:events";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { killTree } from "./interruption";
import { Administrator } from "./keycloak";
import { Project, type StackFile } from "./project";
import { REALMS, serverOfTests } from "./server";
import type { Stack } from "./stack";
import { until } from "./until";

const REALM = REALMS.rollout;
const STACKS = ["rollout", "rollout-b", "rollout-c"] as const;
const CUSTOMERS_OF_EACH = 4;
/** Keycloak keeps it with each client. */
const LIFESPAN = "access.token.lifespan";

let project: Project;
let administrator: Administrator;
const stacks: Stack[] = [];

beforeAll(async () => {
  administrator = await Administrator.login(REALM);
  project = await Project.create();
  for (const name of STACKS) {
    stacks.push(await project.createStack(name, {}));
  }
  await configure();
});

afterAll(async () => {
  // The realm's stack is destroyed last, and only when nobody uses it.
  for (const stack of stacks.slice(1)) {
    await stack.destroy();
    await project.configure(stack.name, {
      ...connection(),
      "scpcloud:realmStack": STACKS[0],
      "scpcloud:integrations": {},
    });
  }
  await stacks[0]?.up();
  await stacks[0]?.destroy();
  expect(await clients()).toEqual([]);
  await administrator.close();
  await project.remove();
});

function connection(): StackFile {
  return Object.fromEntries(Object.entries(project.connection(REALM)).filter(([key]) => key.startsWith("keycloak:")));
}

/** @param further what the files say besides, by stack */
async function configure(further: Partial<Record<(typeof STACKS)[number], StackFile>> = {}): Promise<void> {
  for (const [index, name] of STACKS.entries()) {
    const integrations = Object.fromEntries(
      Array.from({ length: CUSTOMERS_OF_EACH }, (_, customer) => [
        `${name}-${customer}`,
        { organizationId: `00000000-0000-4000-8000-0000000000${index}${customer}` },
      ]),
    );
    await project.configure(name, {
      ...(index === 0 ? project.connection(REALM) : { ...connection(), "scpcloud:realmStack": STACKS[0] }),
      "scpcloud:integrations": integrations,
      ...further[name],
    });
  }
}

const rollout = (...args: string[]) => project.command("rollout", "--realm-stack", STACKS[0], ...args);
const clients = () => administrator.clients("rollout");
const identities = async () => (await clients()).map(({ clientId, id, secret }) => ({ clientId, id, secret }));
const withLifespan = async (seconds: number) =>
  (await clients()).filter(({ attributes }) => (attributes as Record<string, string>)[LIFESPAN] === String(seconds))
    .length;

/** Whether an `up` is at work on a stack. */
const isLocked = async (stack: string) => {
  const locks = join(project.directory, ".pulumi", "locks", "organization", "scpcloud", stack);
  return (await readdir(locks).catch((): string[] => [])).some((name) => name.endsWith(".json"));
};

/** The rows of the table: how each stack ended, and what changed. */
const rows = (stdout: string) =>
  stdout.split("\n").flatMap((line) => {
    const [, stack = "", result = "", , changes = ""] = line.split("│").map((cell) => cell.trim());
    return stack.startsWith("rollout") ? [`${stack}: ${result}${changes === "" ? "" : `, ${changes}`}`] : [];
  });

async function expectSound(): Promise<void> {
  for (const stack of stacks) {
    const { pending_operations: pending } = (await stack.exportStack()).deployment as { pending_operations?: unknown };
    expect(pending).toBeUndefined();
    await stack.preview({ expectNoChanges: true, refresh: true });
  }
}

/** Starts a rollout, and signals it as soon as the condition holds; SIGKILL comes to all that it has started as well. */
async function interrupt(signal: "SIGINT" | "SIGKILL", condition: () => Promise<boolean>, ...args: string[]) {
  const child = project.startCommand("rollout", "--realm-stack", STACKS[0], "--yes", ...args);
  let stdout = "";
  child.stdout.on("data", (data: Buffer) => (stdout += data.toString()));
  child.stderr.resume();
  const ended = once(child, "exit");
  await until(
    async () => child.exitCode !== null || (await condition()),
    (is) => is,
  );
  expect({ exitCode: child.exitCode, stdout }).toEqual({ exitCode: null, stdout: "" });
  await (signal === "SIGINT" ? child.kill(signal) : killTree(child));
  const [exitCode] = (await ended) as [number | null];
  return { exitCode, stdout };
}

it("previews the stacks of a realm, and tells why one of them fails", async () => {
  const { exitCode, stdout, stderr } = await rollout();

  expect(exitCode).toBe(1);
  expect(rows(stdout)).toEqual(["rollout: done, 25 create", "rollout-b: failed", "rollout-c: failed"]);
  expect(stdout).toMatch(
    /^✗ rollout-b: .*\n+scpcloud:realmStack\n {2}must be a stack that has deployed the client scope/m,
  );
  expect(stderr).toMatch(/^rollout {4}done, /m);
  expect(await clients()).toEqual([]);
});

it("deploys the realm's stack first, and then the others, each empty state saved once; a kill is healed by the next", async () => {
  await interrupt("SIGKILL", async () => (await clients()).length > 0);
  const before = await identities();
  expect(((await stacks[0]?.exportStack())?.deployment as { resources?: unknown }).resources).toBeUndefined();

  const { exitCode, stdout, stderr } = await rollout("--yes");

  expect({ exitCode, rows: rows(stdout) }).toEqual({
    exitCode: 0,
    rows: ["rollout: recovered", "rollout-b: done, 21 create", "rollout-c: done, 21 create"],
  });
  expect(stderr).toMatch(/^rollout-c .* customers; its state is saved at the end, /m);
  expect(await identities()).toEqual(expect.arrayContaining(before));
  expect(await clients()).toHaveLength(3 * CUSTOMERS_OF_EACH);
  expect(rows((await rollout()).stdout)).toEqual(STACKS.map((stack) => `${stack}: done, none`));
});

it("goes on with the others where one fails, and with none where the realm's stack fails", async () => {
  await configure({ "rollout-b": { "scpcloud:integrations": { x: { organizationUser: "nobody" } } } });
  const one = await rollout();
  await configure({ rollout: { "scpcloud:publicUrl": "keycloak" } });
  const all = await rollout("--yes");
  await configure();

  expect(one.exitCode).toBe(1);
  expect(rows(one.stdout)).toEqual(["rollout: done, none", "rollout-b: failed", "rollout-c: done, none"]);
  expect(one.stdout).toContain("scpcloud:integrations.x.organizationUser");
  expect(all.exitCode).toBe(1);
  expect(rows(all.stdout)).toEqual(["rollout: failed", "rollout-b: not begun", "rollout-c: not begun"]);
});

it("is ended by Ctrl-C with every state sound, and goes on where it stopped", async () => {
  const before = await identities();
  await configure({ rollout: { "scpcloud:accessTokenLifespan": 600 } });

  const { exitCode, stdout } = await interrupt("SIGINT", async () => (await withLifespan(600)) > 4, "--parallel", "2");

  expect(exitCode).toBe(130);
  expect(rows(stdout)[0]).toMatch(/^rollout: done, /);
  for (const stack of stacks) {
    expect((await project.pulumi("stack", "export", "--stack", stack.name)).stdout).not.toContain("pending_operations");
  }
  expect((await rollout("--yes")).exitCode).toBe(0);
  expect(await withLifespan(600)).toBe(3 * CUSTOMERS_OF_EACH);
  expect(await identities()).toEqual(before);
  await expectSound();
});

describe("what was killed is healed by the next run, with every client and secret:", () => {
  test.each([
    ["while it saves each state step by step", 900, []],
    ["while it saves each state at the end only", 1200, ["--fast"]],
  ])("%s", async (_, lifespan, options) => {
    const before = await identities();
    await configure({ rollout: { "scpcloud:accessTokenLifespan": lifespan } });
    const isChanging = async () => options.length > 0 || (await withLifespan(lifespan)) > CUSTOMERS_OF_EACH;
    await interrupt("SIGKILL", async () => (await isChanging()) && (await isLocked("rollout-b")), ...options);
    // A kill comes rarely at this very moment. Pulumi's words for it are "EOF".
    await writeFile(join(project.directory, ".pulumi", "stacks", "scpcloud", "rollout-c.json.attrs"), "");

    const { exitCode, stdout } = await rollout("--yes", ...options);

    expect(stdout).toMatch(/│ recovered /);
    expect({ exitCode, stdout }).toMatchObject({ exitCode: 0 });
    expect(await withLifespan(lifespan)).toBe(3 * CUSTOMERS_OF_EACH);
    expect(await identities()).toEqual(before);
    expect(stdout).not.toContain(serverOfTests().deployerSecret);
    await expectSound();
  });
});

it("selects no stack", async () => {
  const selected = await project.pulumi("stack", "--show-name");
  expect(selected.stdout.trim()).toBe(STACKS.at(-1));
  expect(await readFile(join(project.directory, "Pulumi.rollout-b.yaml"), "utf8")).toContain("realmStack: rollout");
});
