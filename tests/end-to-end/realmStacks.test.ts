import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";

import { run, type RunResult } from "../../processes/run.ts";
import { Project, type StackFile } from "./project.ts";
import { Stack } from "./stack.ts";
import { claimsOf } from "./tokens.ts";

const REALM = "RealmStacks";
/** The scopes that all customers share are declared by this one, which has no customers itself. */
const PROD = "prod";
const PACK = resolve(import.meta.dirname, "..", "..", "policy-pack");
const ORGANIZATION = "00000000-0000-4000-8000-00000000000";
const ACME = { acme: { organizationUser: "anna" } };
const GLOBEX = { globex: { organizationUser: "reporting@acme.example", name: "Globex, müller" } };

let project: Project;
const stacks = new Map<string, Stack>();

const realmFile = (integrations: object = {}): StackFile => ({
  "scpcloud:accountAccess": true,
  "scpcloud:allowedOrigins": ["/*"],
  "scpcloud:audience": "audienceOfTheRealm",
  "scpcloud:accessTokenLifespan": 600,
  "scpcloud:integrations": integrations,
});
const customersFile = (integrations: object): StackFile => ({
  "scpcloud:realmStack": PROD,
  "scpcloud:integrations": integrations,
});
const up = (stack: string, ...more: string[]) =>
  project.pulumi("up", "--stack", stack, "--yes", "--skip-preview", ...more);
const textOf = ({ stdout, stderr }: RunResult) => `${stdout}\n${stderr}`;

function expectSuccess(result: RunResult): string {
  expect([result.exitCode, result.exitCode === 0 ? "" : textOf(result)]).toEqual([0, ""]);
  return result.stdout;
}

async function tokenOf(stack: string, clientId: string) {
  return claimsOf((await stacks.get(stack)?.credentialsOf(clientId)) ?? { clientSecret: "", basic: "" }, REALM);
}

beforeAll(async () => {
  project = await Project.create(REALM);
  stacks.set(PROD, await Stack.createIn(project, PROD, realmFile()));
  for (const [name, integrations] of Object.entries({ "prod-b": ACME, "prod-c": GLOBEX })) {
    stacks.set(name, await Stack.createIn(project, name, customersFile(integrations)));
  }
});

afterAll(async () => {
  await project.remove();
});

it("is told to deploy the realm's stack first; nothing is made before", async () => {
  const result = await up("prod-b");
  expect(result.exitCode).not.toBe(0);
  expect(textOf(result)).toContain('must be a stack that has deployed the client scope "scpCloud",');
  expect(textOf(result)).toContain('must be a stack that has deployed the client scope "scpCloud-account",');
  expect(textOf(result)).toContain("Do: run first: pulumi up --stack prod; then this stack again");
  expect(await stacks.get("prod-b")?.outputs()).toEqual({});
});

it("gives tokens as the realm's stack says, from a stack that says nothing but its customers", async () => {
  expectSuccess(await up(PROD));
  expectSuccess(await up("prod-b"));
  expectSuccess(await up("prod-c"));

  expect(await tokenOf("prod-b", "acme")).toMatchObject({
    aud: ["audienceOfTheRealm", "account"],
    "allowed-origins": ["/*"],
    azp: "acme",
    resource_access: { account: { roles: expect.arrayContaining(["manage-account"]) as string[] } },
  });
  const outputs = await stacks.get("prod-b")?.outputs();
  expect(Object.keys(outputs ?? {}).sort()).toEqual(["credentials", "integrations", "issuer", "tokenEndpoint"]);
});

it("has its settings from the realm's stack also where a command is called in another folder", async () => {
  const command = [join(project.directory, "scpcloud"), "verify", "--stack", "prod-b"];
  const elsewhere = { cwd: join(project.directory, "services"), env: project.environment };
  expectSuccess(await run(process.execPath, command, elsewhere));
});

it("is run by drift with the project's stack files where drift is called in another folder, so that no preview is taken", async () => {
  const preview = join(project.directory, "preview.json");
  const command = [join(project.directory, "scpcloud"), "drift", "--stack", "prod-b"];
  // An option that only a preview has.
  const env = { ...project.environment, PULUMI_OPTION_SAVE_PLAN: preview };
  expectSuccess(await run(process.execPath, command, { cwd: join(project.directory, "services"), env }));
  expect(existsSync(preview)).toBe(false);
});

it("keeps to the policy pack with a stack of customers", async () => {
  const options = ["--expect-no-changes", "--policy-pack", PACK];
  const text = expectSuccess(await project.pulumi("preview", "--stack", "prod-b", ...options));
  expect(text).toContain("✅ scpcloud-policies@v1.0.0");
  expect(text).not.toContain("[mandatory]");
});

it.each([
  [
    "verify",
    /^✓ prod: the tokens of 0 customers [^]*^✓ prod-b: the tokens of 1 customer [^]*^✓ prod-c: the tokens of 1 /m,
  ],
  // Nor is there anything left to do, of which it would tell.
  ["drift", /^(✓ prod(-b|-c)?: no drift; .*\s+){3}$/],
  ["customers", /│ acme [^]*│ globex /],
  [
    "doctor",
    /this one; used by prod-b, prod-c$[^]*prod, which declares the realm's [^]*prod, which declares the realm's /m,
  ],
])("is understood by the command %s --realm-stack, which tells of each stack", async (command, words) => {
  expect(expectSuccess(await project.command(command, "--realm-stack", PROD))).toMatch(words);
});

it.each([
  ["adopt", "✓ prod-b: Keycloak has no client of the stack file that"],
  ["recover --yes", "✓ prod-b: nothing had to be adopted"],
  ["doctor", "prod, which declares the realm's client scopes"],
])("is understood by the command %s for a stack of customers", async (line, words) => {
  const [command = "", ...args] = line.split(" ");
  expect(expectSuccess(await project.command(command, "--stack", "prod-b", ...args))).toContain(words);
});

it("follows a change of the realm's settings, once the realm's stack has it", async () => {
  await project.configure(PROD, { ...realmFile(), "scpcloud:accountAccess": false, "scpcloud:audience": "another" });
  expectSuccess(await up(PROD));
  expectSuccess(await up("prod-b"));
  expectSuccess(await project.command("verify", "--stack", "prod-b"));
  expect(await tokenOf("prod-b", "acme")).toMatchObject({ aud: "another" });

  await project.configure(PROD, realmFile());
  expect(textOf(await up("prod-b"))).toContain(
    'must be a stack that has deployed the client scope "scpCloud-account",',
  );
  expectSuccess(await up(PROD));
  expectSuccess(await up("prod-b"));
  expectSuccess(await project.command("verify", "--stack", "prod-b"));
  // Keycloak took the client scope from its client; the state of this stack still has it.
  expectSuccess(await project.pulumi("up", "--stack", "prod-c", "--yes", "--refresh"));
  expectSuccess(await project.command("verify", "--stack", "prod-c"));
});

it("compares the customers of all files in every stack concerned, before anything is asked or made", async () => {
  await project.configure("prod-c", customersFile({ ...GLOBEX, ...ACME, "globex-2": { successorOf: "initech" } }));
  await project.configure(PROD, realmFile({ initech: { organizationId: `${ORGANIZATION}1` } }));

  const refusals = new Map<string, string>();
  for (const stack of stacks.keys()) {
    const result = await up(stack);
    expect(result.exitCode).not.toBe(0);
    refusals.set(stack, textOf(result));
  }
  const twin = "must be a customer of one stack only";
  const successor = "scpcloud:integrations.globex-2.successorOf";
  expect(refusals.get("prod-b")?.replace(/^ +scpcloud/gm, "scpcloud")).toMatch(
    /in Pulumi\.prod-b\.yaml and in Pulumi\.prod-c\.yaml/,
  );
  expect(refusals.get("prod-c")).toContain("in Pulumi.prod-c.yaml and in Pulumi.prod-b.yaml");
  expect(refusals.get("prod-c")).toContain(successor);
  expect(refusals.get(PROD)).toContain(successor);
  expect(refusals.get(PROD)).not.toContain(twin);

  const refused = await project.command("verify", "--stack", "prod-b");
  expect(refused.stderr).toContain("must be a customer of one stack only");
  await project.configure("prod-c", customersFile(GLOBEX));
  await project.configure(PROD, realmFile());
});

it("does not let the realm's stack be destroyed while others use it, and names them", async () => {
  for (const options of [[], ["--skip-preview"], ["--run-program"]]) {
    const result = await project.pulumi("destroy", "--stack", PROD, "--yes", ...options);

    expect(result.exitCode).not.toBe(0);
    expect(textOf(result)).toContain("the stacks prod-b, prod-c need the client scope scpCloud;");
  }
  expectSuccess(await project.command("verify", "--stack", "prod-b"));
});

it("is taken down one stack after the other", async () => {
  expectSuccess(await project.pulumi("destroy", "--stack", "prod-c", "--yes"));
  await rm(join(project.directory, "Pulumi.prod-c.yaml"));
  expectSuccess(await up(PROD));
  const refused = await project.pulumi("destroy", "--stack", PROD, "--yes");
  expect(textOf(refused)).toContain("the stack prod-b needs the client scope scpCloud");

  expectSuccess(await project.pulumi("destroy", "--stack", "prod-b", "--yes"));
  await project.configure("prod-b", customersFile({}));
  expectSuccess(await up(PROD));
  expectSuccess(await project.pulumi("destroy", "--stack", PROD, "--yes"));
});
