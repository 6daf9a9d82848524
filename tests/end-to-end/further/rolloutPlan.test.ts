import { appendFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { run } from "../../../processes/run.ts";
import { Administrator } from "../keycloak.ts";
import { RollingOut, rowsOf } from "../rollingOut.ts";
import { DEPLOYERS, serverOfTests } from "../server.ts";

const PLAN = "plan.json";
const LIFESPAN = 600;
const ONE_CUSTOMER = {
  "scpcloud:integrations": { "rollout-c-0": { organizationId: "00000000-0000-4000-8000-000000000020" } },
};
let realm: RollingOut;

const git = async (...args: string[]) => {
  const { exitCode, stdout, stderr } = await run("git", ["-C", realm.project.directory, ...args]);
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  return stdout.trim();
};
const commit = async () => {
  await git("add", "--all");
  await git("-c", "user.name=t", "-c", "user.email=t@t", "commit", "--quiet", "--allow-empty", "--message", "change");
  return git("rev-parse", "HEAD");
};
/** By a deployer who may not change clients; the stack files name none. */
const save = async () => {
  process.env["KEYCLOAK_CLIENT_ID"] = DEPLOYERS.withoutClients;
  try {
    return await realm.rollout("--save-plan", PLAN);
  } finally {
    process.env["KEYCLOAK_CLIENT_ID"] = DEPLOYERS.complete;
  }
};
const configure = (changes: Parameters<RollingOut["configure"]>[0] = {}) => {
  const ofAll = RollingOut.STACKS.map((stack) => [stack, { "keycloak:clientId": undefined, ...changes[stack] }]);
  return realm.configure(Object.fromEntries(ofAll) as typeof changes);
};
const held = (...args: string[]) => realm.rollout("--plan", PLAN, ...args);
/** That a deployment by the plan is refused, and changes nothing. */
const expectRefused = async (...told: readonly string[]) => {
  const { exitCode, stdout } = await held("--yes");
  expect(exitCode).toBe(3);
  expect(stdout).toContain("✗ Nothing is deployed, since not all is as it was approved.");
  for (const text of told) {
    expect(stdout).toContain(text);
  }
  expect(stdout).not.toContain("### rollout: ");
  expect(await realm.withLifespan(LIFESPAN)).toBe(0);
  return stdout;
};

beforeAll(async () => {
  realm = await RollingOut.create("RolloutPlan");
  await configure();
  process.env["KEYCLOAK_CLIENT_ID"] = DEPLOYERS.complete;
  expect((await realm.rollout("--yes", "--skip-preview")).exitCode).toBe(0);
  await git("init", "--quiet");
  await appendFile(join(realm.project.directory, ".git", "info", "exclude"), ".pulumi/\n*.tmp\ncredentials.json\n");
  await commit();
  await configure({ rollout: { "scpcloud:accessTokenLifespan": LIFESPAN } });
});

afterAll(() => realm.remove());

it("is made of a commit only, and shows the approver what would be done, with no secret in text and file", async () => {
  const early = await save();
  expect([early.exitCode, early.stderr]).toEqual([1, expect.stringContaining("A plan is of a commit.")]);

  const of = await commit();
  const { exitCode, stdout } = await save();

  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: expect.stringContaining("## Plan") as string });
  expect(stdout).toMatch(new RegExp(`^## Plan for rollout\n\nCommit ${of}, plan [0-9a-f]{64}\n`));
  expect(stdout).toContain("| `client` | `accessTokenLifespan` | ");
  expect(await realm.withLifespan(LIFESPAN)).toBe(0);
  const file = await readFile(join(realm.project.directory, PLAN), "utf8");
  for (const secret of [serverOfTests().deployerSecret, ...(await realm.clients()).map((client) => client.secret)]) {
    expect(stdout + file).not.toContain(secret);
  }
  expect(await held("--preview")).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/^✓ all is as in the plan /) as string,
  });
});

it("holds no longer where somebody has changed one of the stacks by hand, and again when that is undone", async () => {
  const administrator = new Administrator("RolloutPlan");
  await administrator.changeClient("rollout-b-0", { directAccessGrantsEnabled: true });
  await expectRefused(
    "### rollout-b: not as approved",
    "Somebody has changed since by hand:\n\n- someone switched on direct access grants on customer rollout-b-0",
  );
  await administrator.changeClient("rollout-b-0", { directAccessGrantsEnabled: false });
  expect((await held("--preview")).exitCode).toBe(0);
});

it("holds no longer where somebody edited its file, however well, or a stack's, or has another commit", async () => {
  const file = join(realm.project.directory, PLAN);
  const plan = await readFile(file, "utf8");
  await writeFile(file, plan.replace('"customers":4', '"customers":5'));
  const edited = await held("--yes");
  expect([edited.exitCode, edited.stderr]).toEqual([1, expect.stringContaining("somebody edited the file")]);
  await writeFile(file, plan);
  const other = await held("--yes", "--plan-digest", "0".repeat(64));
  expect([other.exitCode, other.stderr]).toEqual([1, expect.stringContaining("it is another plan")]);

  await configure({
    rollout: { "scpcloud:accessTokenLifespan": LIFESPAN },
    "rollout-c": ONE_CUSTOMER,
  });
  await expectRefused(
    "Not as the commit has them: Pulumi.rollout-c.yaml.",
    "### rollout-c: not as approved",
    "**The client is deleted, and its credentials are refused from then on: `rollout-c-1`, `rollout-c-2`, `rollout-c-3`**",
  );
  await git("checkout", "--quiet", "--", "Pulumi.rollout-c.yaml");
  await commit();
  await expectRefused("The plan is of commit ");
});

it("holds no longer where somebody has deployed between, and is carried out as approved where all holds", async () => {
  expect((await save()).exitCode).toBe(0);
  const [, , last] = realm.stacks;
  await configure({ "rollout-c": ONE_CUSTOMER });
  await last?.up();
  await git("checkout", "--quiet", "--", ".");
  await expectRefused(
    "### rollout-c: not as approved\n\nThe state is another one: somebody has deployed or repaired it since.",
  );

  expect((await save()).exitCode).toBe(0);
  const { exitCode, stdout } = await held("--yes");
  expect({ exitCode, rows: rowsOf(stdout) }).toMatchObject({
    exitCode: 0,
    rows: [/^rollout: done, .*update/, /^rollout-b: done, .*update/, /^rollout-c: done, .*create/].map(
      (row) => expect.stringMatching(row) as string,
    ),
  });
  expect(await realm.withLifespan(LIFESPAN)).toBe(RollingOut.CUSTOMERS);
  expect((await held("--yes")).exitCode).toBe(3);
});
