import { once } from "node:events";
import { readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { descendantsOf, interruptUp, processesIn } from "./interruption.ts";
import { Administrator, type ClientRepresentation, identity } from "./keycloak.ts";
import { numberedCustomers, type StackFile } from "./project.ts";
import { Stack } from "./stack.ts";
import { until } from "./until.ts";

const REALM = "Recovery";
const STACK = "recovery";
const FEW = 2;
const MANY = 8;

let stack: Stack;
const administrator = new Administrator(REALM);

beforeAll(async () => {
  stack = await Stack.create(REALM, STACK, stackFile(FEW));
  await stack.up();
});

afterAll(() => stack.project.remove());

const stackFile = (count: number, further: object = {}): StackFile => ({
  "scpcloud:accessTokenLifespan": 300,
  "scpcloud:integrations": { ...numberedCustomers(count), ...further },
});

const customers = () => administrator.clients("customer-");
const pulumiFolder = (...names: string[]) => join(stack.project.directory, ".pulumi", ...names);
const stateFile = () => pulumiFolder("stacks", "scpcloud", `${STACK}.json`);
const recover = (...args: string[]) => stack.command("recover", "--yes", ...args);

const expectUnchanged = async (before: readonly ClientRepresentation[]) =>
  stack.expectHealed(before.length, before, await customers());

describe("a state that cannot be read", () => {
  it("and whose copy cannot is put aside by recover, which adopts all that Keycloak has", async () => {
    const before = await customers();
    const state = await readFile(stateFile());
    const lock = pulumiFolder("locks", "organization", "scpcloud", STACK, "00000000-0000-4000-8000-000000000000.json");
    await writeFile(stateFile(), state.subarray(0, state.length / 2));
    await writeFile(`${stateFile()}.bak`, "");
    await writeFile(lock, "");

    const { exitCode, stdout } = await recover();

    expect(stdout).toContain("nothing of the state was whole; made an empty one");
    expect(stdout).toContain(`removed: ${lock}`);
    expect(exitCode).toBe(0);
    await expectUnchanged(before);
  });

  it("since it was deleted is asked for, as it may be another backend", async () => {
    const folder = pulumiFolder("stacks", "scpcloud");
    const files = (await readdir(folder)).filter((name) => name.startsWith(`${STACK}.json`));
    await Promise.all(files.map((name) => rename(join(folder, name), pulumiFolder(name))));

    const refused = await recover();
    await Promise.all(files.map((name) => rename(pulumiFolder(name), join(folder, name))));

    expect(refused.stderr).toContain(`pulumi stack init ${STACK}`);
    expect(refused.stderr).not.toMatch(/^ +at /m);
    expect(refused.exitCode).toBe(1);
  });
});

it("empty attributes of the state are removed, and a mapper that the state lost is adopted", async () => {
  const before = await customers();
  const urn =
    `urn:pulumi:${STACK}::scpcloud::scpcloud:keycloak:Integration$keycloak:openid/hardcodedClaimProtocolMapper:` +
    "HardcodedClaimProtocolMapper::customer-1-organization-id";
  expect(await stack.pulumi("state", "delete", urn, "--yes")).toMatchObject({ exitCode: 0 });
  const up = await stack.tryUp();
  expect(up.exitCode).not.toBe(0);
  expect(up.stdout + up.stderr).toContain('Keycloak already has a hardcoded claim protocol mapper "organizationId"');
  await writeFile(`${stateFile()}.attrs`, "");

  const { exitCode, stdout, stderr } = await recover("--json");

  expect(stderr).toContain(`- work on the Keycloak that Pulumi.${STACK}.yaml names\n`);
  expect(stderr).toContain(`removed: ${stateFile()}.attrs`);
  expect(stderr).toContain("adopted 1 (customer-1-organization-id)");
  const adopted = ["customer-1-organization-id"];
  expect(JSON.parse(stdout)).toMatchObject({ stack: STACK, done: true, adopted });
  expect(exitCode).toBe(0);
  await expectUnchanged(before);
});

it("the plugins that a killed up has left are ended by recover, before they do anything more", async () => {
  await stack.configure(stackFile(MANY));
  const more = async () => (await customers()).length > FEW;
  await interruptUp(stack, "SIGKILL", more, { leavesPlugins: true });
  expect(await processesIn(stack.project.directory)).not.toEqual([]);
  const before = await customers();

  const { exitCode, stdout } = await recover();

  expect(stdout).toMatch(/^ended what a killed run had left: pulumi-resource-keycloak \(process \d+\)$/m);
  expect(exitCode).toBe(0);
  await until(
    () => processesIn(stack.project.directory),
    (left) => left.length === 0,
  );
  const after = await customers();
  expect(after).toHaveLength(MANY);
  expect(identity(after)).toEqual(expect.arrayContaining(identity(before)));
});

it("a client that somebody made by hand is left as it is by recover, which says why and names adopt", async () => {
  const secret = "made-by-hand-0123456789";
  await administrator.send("POST", "/clients", {
    clientId: "by-hand",
    secret,
    serviceAccountsEnabled: true,
    publicClient: false,
    fullScopeAllowed: true,
    directAccessGrantsEnabled: true,
    webOrigins: ["/*"],
    redirectUris: ["/*"],
  });
  const before = await administrator.clients();
  const byHand = { organizationId: "00000000-0000-4000-8000-000000000099" };
  await stack.configure(stackFile(MANY, { "by-hand": byHand }));

  const { exitCode, stderr } = await recover();

  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/^ {2}by-hand: logins by browser .*; redirect URIs: .*; web origins: /m);
  expect(stderr).toContain("scpcloud adopt");
  expect(stderr).not.toContain(secret);
  expect(await administrator.clients()).toEqual(before);
});

it("a preview that fails within recover is told by its errors alone", async () => {
  await stack.configure(stackFile(MANY, { "customer-1": { organizationUser: "nobody" } }));
  const { exitCode, stdout, stderr } = await recover();
  await stack.configure(stackFile(MANY));

  expect(stderr).toContain(`pulumi preview --stack ${STACK} failed:`);
  expect(stderr).toContain("customer-1.organizationUser");
  expect(stderr).toContain('"nobody"');
  expect(stdout + stderr).not.toMatch(/"steps"|"newState"|^ +at |^\s*[{}]/m);
  expect(exitCode).toBe(1);
});

// A terminal sends it to all that a command has started in its group.
it("Ctrl-C ends drift with one line, and the CLI that it has started with it", async () => {
  const child = stack.startCommand("drift");
  let output = "";
  child.stdout.on("data", (data: Buffer) => (output += data.toString()));
  child.stderr.on("data", (data: Buffer) => (output += data.toString()));
  const closed = once(child, "close");
  const group = child.pid ?? 0;
  const argumentsOf = (id: number) => readFile(`/proc/${id}/cmdline`, "utf8").catch(() => "");
  const started = async () => (await Promise.all(descendantsOf(child.pid).map(argumentsOf))).join("\n");
  await until(started, (commands) => /^pulumi\0refresh\0/m.test(commands));

  process.kill(-group, "SIGINT");

  const [exitCode] = (await closed) as [number | null];
  expect(output).toBe("Interrupted by SIGINT.\n");
  expect(exitCode).toBe(130);
  await until(
    () => processesIn(stack.project.directory),
    (left) => left.length === 0,
  );
});
