import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

import { run, type RunResult } from "../../processes/run.ts";
import { containersFile, containersOf, ownStackName } from "./containers.ts";
import { describeWithEngine } from "./engine.ts";
import { STEP_LIMIT_MILLISECONDS } from "./limits.ts";
import { committedStackFile, Project, REPOSITORY } from "./project.ts";
import { Stack } from "./stack.ts";

const PACK = join(REPOSITORY, "policy-pack");

/** What the pack says of a run, sorted: the name of a case, and the violated rule with its level. */
function violationsIn({ stdout }: RunResult): string[] {
  const all = stdout.matchAll(/^ +- \[(\w+)\] +([\w-]+) +\(\S+: (\w+)-.*\)\n.*\n +.+$/gm);
  return [...all].map(([, level, rule, name]) => `${name}: ${level} ${rule}`).sort();
}

/** That the pack ran, and had nothing to say. */
function expectSilence(result: RunResult): void {
  expect(result.stdout).toContain("✅ scpcloud-policies@v1.0.0");
  expect(violationsIn(result)).toEqual([]);
  expect(result.stdout).not.toMatch(/can't run policy|error/);
  expect(result.exitCode).toBe(0);
}

/** What a case changes, by resource, in what keeps to all rules. */
type Changes = Readonly<Record<string, object | null>>;

/** By the rule with its level, what violates it where all others are kept to. The unit tests have the messages. */
const OF_CUSTOMERS: Readonly<Record<string, readonly Changes[]>> = {
  "mandatory client-confidential": [{ client: { accessType: "PUBLIC" } }],
  "mandatory client-flows": [{ client: { directAccessGrantsEnabled: true } }],
  "mandatory client-service-account": [{ client: { serviceAccountsEnabled: false } }],
  "mandatory client-full-scope": [{ client: { fullScopeAllowed: true } }],
  "mandatory client-wildcards": [{ client: { webOrigins: ["*"] } }],
  "mandatory client-lifespan": [{ client: { accessTokenLifespan: "30" } }],
  "advisory client-lifespan-advised": [{ client: { accessTokenLifespan: "3600" } }],
  "mandatory client-protection": [{ options: { protect: false } }],
  "mandatory organization-claim": [{ mapper: null }, { secondMapper: {} }],
  "mandatory client-scopes": [
    { optionalScopes: null },
    { defaultScopes: { defaultScopes: ["basic", "roles", "service_account", "scpCloud", "email"] } },
  ],
};

const SOCKET = { hostPath: "/var/run/docker.sock", containerPath: "/docker.sock" };
const OF_CONTAINERS: Readonly<Record<string, readonly Changes[]>> = {
  "mandatory container-image": [{ container: { image: "app:latest" } }, { image: { name: "app" } }],
  "mandatory container-privileged": [{ container: { privileged: true } }],
  "mandatory container-docker-socket": [{ container: { volumes: [SOCKET] } }],
  "advisory container-read-only": [{ container: { readOnly: false } }],
  "advisory container-capabilities": [{ container: { capabilities: {} } }],
};

/** Of the program whose previews have a customer or a container for each case; nothing is made, nobody is asked. */
let directory: string;

const pulumi = (cases: Readonly<Record<string, Changes>>, ...args: string[]): Promise<RunResult> =>
  run("pulumi", [...args, "--non-interactive", "--color", "never"], {
    cwd: directory,
    env: {
      PULUMI_BACKEND_URL: `file://${directory}`,
      PULUMI_CONFIG_PASSPHRASE: "the passphrase of the tests",
      SCPCLOUD_CHANGES: JSON.stringify(cases),
    },
    timeoutMilliseconds: STEP_LIMIT_MILLISECONDS,
  });
const preview = (cases: Readonly<Record<string, Changes>>, ...args: string[]) =>
  pulumi(cases, "preview", "--stack", "prod", "--policy-pack", PACK, ...args);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "scpcloud-violating-"));
  const files = ["Pulumi.yaml", "index.ts"].map((name) => join(import.meta.dirname, "violating-program", name));
  const shared = ["pulumiSdk.cjs", "node_modules", "package.json"].map((name) => join(REPOSITORY, name));
  await Promise.all([...files, ...shared].map((file) => symlink(file, join(directory, basename(file)))));
  await pulumi({}, "stack", "init", "prod");
});

afterAll(() => rm(directory, { recursive: true, force: true }));

/** One preview of all of them, each as a case of its own, beside one that violates nothing. */
async function expectViolations(violations: Readonly<Record<string, readonly Changes[]>>, right: Changes) {
  const all = Object.entries(violations).flatMap(([rule, changes]) => changes.map((one) => [rule, one] as const));
  const cases = all.map(([, changes], index) => [`case${index}`, changes] as const);

  const result = await preview({ right, ...Object.fromEntries(cases) });

  expect(violationsIn(result)).toEqual(all.map(([rule], index) => `case${index}: ${rule}`).sort());
  expect(result.stdout).toContain("right-");
  expect(result.exitCode).not.toBe(0);
}

describe("a program", () => {
  it("with customers that violate each rule is refused", () => expectViolations(OF_CUSTOMERS, {}));

  it("that violates what is advised only may be deployed", async () => {
    const result = await preview({ long: { client: { accessTokenLifespan: "3600" } } });
    expect(violationsIn(result)).toEqual(["long: advisory client-lifespan-advised"]);
    expect(result.exitCode).toBe(0);
  });

  it("is held to what the pack's configuration asks for", async () => {
    const config = {
      "client-lifespan": { maximum: 120 },
      "client-protection": { stacks: [] },
      "client-full-scope": "advisory",
    };
    const changes = { client: { fullScopeAllowed: true }, options: { protect: false } };
    const file = join(directory, "policies.json");
    await writeFile(file, JSON.stringify(config));
    const result = await preview({ customer: changes }, "--policy-pack-config", file);
    expect(violationsIn(result)).toEqual([
      "customer: advisory client-full-scope",
      "customer: mandatory client-lifespan",
    ]);
    expect(result.stdout).toContain("Write 60 to 120");
    expect(result.exitCode).not.toBe(0);
  });
});

describeWithEngine("a program with containers", () => {
  it("that violate each rule is refused", () => expectViolations(OF_CONTAINERS, { container: {} }));
});

describe("this program", () => {
  let project: Project;

  beforeAll(async () => {
    project = await Project.create();
  });

  afterAll(() => project.remove());

  const withPack = (command: readonly string[], stack: string) =>
    project.pulumi(...command, "--stack", stack, "--policy-pack", "policy-pack");

  it("violates nothing in the stack dev", async () => {
    await Stack.createIn(project, "dev", await committedStackFile("dev"));
    expectSilence(await withPack(["preview"], "dev"));
  });

  describeWithEngine("with containers", (images) => {
    it("violates nothing, whether images are pulled or not", async () => {
      const name = ownStackName("policies");
      const { bff, api } = await containersOf(images);
      const own = project.services();
      await project.configure(name, await committedStackFile("prod"));
      await Stack.createIn(
        own,
        name,
        containersFile({
          bff,
          api: { ...api, image: `registry.example.com/production-api@sha256:${"0".repeat(64)}`, pull: true },
        }),
      );
      const result = await own.pulumi("preview", "--stack", name, "--policy-pack", "../policy-pack");
      expectSilence(result);
      expect(result.stdout.match(/docker:index:Container (api|bff)-container +create/g)).toHaveLength(2);
    });
  });
});
