import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { run } from "../../processes/run.ts";
import { RollingOut, rowsOf } from "./rollingOut.ts";

let realm: RollingOut;

beforeAll(async () => {
  realm = await RollingOut.create("Rollout");
});

afterAll(() => realm.remove());

it("previews the stacks of a realm, and tells why one of them fails", async () => {
  const { exitCode, stdout, stderr } = await realm.rollout("--preview");

  expect(exitCode).toBe(1);
  expect(rowsOf(stdout)).toEqual(["rollout: done, 25 create", "rollout-b: failed", "rollout-c: failed"]);
  expect(stdout).toMatch(
    /^✗ rollout-b: .*\n+scpcloud:realmStack\n {2}must be a stack that has deployed the client scope/m,
  );
  expect(stderr).toMatch(/^rollout {4}done, /m);
  expect(await realm.clients()).toEqual([]);
});

it("deploys the realm's stack first, and then the others, each empty state saved once; a kill is healed by the next", async () => {
  await realm.interrupt("SIGKILL", async () => (await realm.clients()).length > 0);
  const before = await realm.identities();
  expect((await realm.stacks[0]?.exportStack())?.deployment["resources"]).toBeUndefined();

  const { exitCode, stdout, stderr } = await realm.rollout("--yes", "--skip-preview");

  expect({ exitCode, rows: rowsOf(stdout) }).toEqual({
    exitCode: 0,
    rows: ["rollout: recovered", "rollout-b: done, 21 create", "rollout-c: done, 21 create"],
  });
  expect(stderr).toMatch(/^rollout-c .* customers; its state is saved at the end, /m);
  expect(await realm.identities()).toEqual(expect.arrayContaining(before));
  expect(await realm.clients()).toHaveLength(RollingOut.CUSTOMERS);
  expect(rowsOf((await realm.rollout("--preview")).stdout)).toEqual(
    RollingOut.STACKS.map((stack) => `${stack}: done, none`),
  );
});

it("goes on with the others where one fails, and with none where the realm's stack fails", async () => {
  await realm.configure({ "rollout-b": { "scpcloud:integrations": { x: { organizationUser: "nobody" } } } });
  const one = await realm.rollout("--preview");
  await realm.configure({ rollout: { "scpcloud:publicUrl": "keycloak" } });
  const all = await realm.rollout("--yes", "--skip-preview");
  await realm.configure();

  expect(one.exitCode).toBe(1);
  expect(rowsOf(one.stdout)).toEqual(["rollout: done, none", "rollout-b: failed", "rollout-c: done, none"]);
  expect(one.stdout).toContain("scpcloud:integrations.x.organizationUser");
  expect(all.exitCode).toBe(1);
  expect(rowsOf(all.stdout)).toEqual(["rollout: failed", "rollout-b: not begun", "rollout-c: not begun"]);
});

it("with --only-changed takes the stacks whose file differs from a commit, and says where none does", async () => {
  const { directory } = realm.project;
  const git = (...args: string[]) =>
    run("git", ["-c", "user.name=tests", "-c", "user.email=tests@example.com", ...args], { cwd: directory });
  expect(await git("init", "--quiet")).toMatchObject({ exitCode: 0 });
  // The state and the login of the tests lie in the checkout; a user's do not.
  await writeFile(join(directory, ".git", "info", "exclude"), ".pulumi\ncredentials.json*\n");
  expect(await git("add", "--all")).toMatchObject({ exitCode: 0 });
  expect(await git("commit", "--quiet", "--message", "before")).toMatchObject({ exitCode: 0 });
  const none = await realm.rollout("--preview", "--only-changed", "HEAD");
  await realm.configure({ "rollout-b": { "scpcloud:integrations": { x: { organizationUser: "nobody" } } } });
  expect(await git("commit", "--quiet", "--all", "--message", "after")).toMatchObject({ exitCode: 0 });
  const one = await realm.rollout("--preview", "--only-changed", "HEAD~1");

  expect([none.exitCode, none.stdout]).toEqual([0, "✓ rollout: no stack of this realm has changed since HEAD\n"]);
  expect([one.exitCode, ...rowsOf(one.stdout)]).toEqual([1, "rollout-b: failed"]);
  expect(one.stdout).toContain("scpcloud:integrations.x.organizationUser");
});

it("selects no stack", async () => {
  const selected = await realm.project.pulumi("stack", "--show-name");
  expect(selected.stdout.trim()).toBe(RollingOut.STACKS.at(-1));
  expect(await readFile(join(realm.project.directory, "Pulumi.rollout-b.yaml"), "utf8")).toContain(
    "realmStack: rollout",
  );
});
