import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { RollingOut, rowsOf } from "../rollingOut.ts";
import { serverOfTests } from "../server.ts";

let realm: RollingOut;

beforeAll(async () => {
  realm = await RollingOut.create("RolloutKills");
  expect((await realm.rollout("--yes", "--skip-preview")).exitCode).toBe(0);
});

afterAll(() => realm.remove());

/** Whether an `up` is at work on a stack. */
const isLocked = async (stack: string) => {
  const locks = join(realm.project.directory, ".pulumi", "locks", "organization", "scpcloud", stack);
  return (await readdir(locks).catch((): string[] => [])).some((name) => name.endsWith(".json"));
};

it("is ended by Ctrl-C with every state sound, and goes on where it stopped", async () => {
  const before = await realm.identities();
  await realm.configure({ rollout: { "scpcloud:accessTokenLifespan": 600 } });

  // One stack at a time, so that there is a stack left to go on with, however fast the machine is.
  const isAtSecond = async () => (await realm.withLifespan(600)) > 4;
  const { exitCode, stdout } = await realm.interrupt("SIGINT", isAtSecond, "--parallel", "1");

  expect(exitCode).toBe(130);
  expect(rowsOf(stdout)[0]).toMatch(/^rollout: done, /);
  expect(rowsOf(stdout)[2]).toMatch(/^rollout-c: not begun/);
  await realm.expectSound();
  expect((await realm.rollout("--yes", "--skip-preview")).exitCode).toBe(0);
  expect(await realm.withLifespan(600)).toBe(RollingOut.CUSTOMERS);
  expect(await realm.identities()).toEqual(before);
});

describe("what was killed is healed by the next run, with every client and secret:", () => {
  test.each([
    ["while it saves each state step by step", 900, []],
    ["while it saves each state at the end only", 1200, ["--fast"]],
  ])("%s", async (_, lifespan, options) => {
    const before = await realm.identities();
    await realm.configure({ rollout: { "scpcloud:accessTokenLifespan": lifespan } });
    const isChanging = async () => options.length > 0 || (await realm.withLifespan(lifespan)) > 4;
    const isAtWork = async () => (await isLocked("rollout-b")) || (await isLocked("rollout-c"));
    await realm.interrupt("SIGKILL", async () => (await isChanging()) && (await isAtWork()), ...options);
    // A kill comes rarely at this very moment. Pulumi's words for it are "EOF".
    await writeFile(join(realm.project.directory, ".pulumi", "stacks", "scpcloud", "rollout-c.json.attrs"), "");

    const { exitCode, stdout } = await realm.rollout("--yes", "--skip-preview", ...options);

    expect(stdout).toMatch(/│ recovered /);
    expect({ exitCode, stdout }).toMatchObject({ exitCode: 0 });
    expect(await realm.withLifespan(lifespan)).toBe(RollingOut.CUSTOMERS);
    expect(await realm.identities()).toEqual(before);
    expect(stdout).not.toContain(serverOfTests().deployerSecret);
    await realm.expectSound();
  });

  it("and nothing is left to do", () => realm.expectNothingToDo());
});
