import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { run, type RunResult } from "../../processes/run";
import { describeWithEngine } from "./engine";
import { STEP_LIMIT_MILLISECONDS } from "./limits";
import { committedStackFile, Project, type StackFile } from "./project";
import { REALMS } from "./server";
import { containersFile, containersOf, ownStackName } from "./containers";

const REPOSITORY = resolve(__dirname, "..", "..");
const PACK = join(REPOSITORY, "policy-pack");

/** What the pack says of a run: each violated rule with its level, the resource, and the message. */
function violationsIn({
  stdout,
}: RunResult): { readonly rule: string; readonly on: string; readonly message: string }[] {
  return [...stdout.matchAll(/^ +- \[(\w+)\] +([\w-]+) +\(\S+: (.*)\)\n.*\n +(.*)$/gm)].map(
    ([, level, rule, on = "", message = ""]) => ({ rule: `${level} ${rule}`, on, message }),
  );
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

/** The rule, its level, what violates it where all others are kept to, and the message. */
type Violation = readonly [rule: string, level: "advisory" | "mandatory", changes: Changes, message: string];

const OF_CUSTOMERS: readonly Violation[] = [
  ["client-confidential", "mandatory", { client: { accessType: "PUBLIC" } }, 'Write accessType: "CONFIDENTIAL"'],
  ["client-flows", "mandatory", { client: { directAccessGrantsEnabled: true } }, "directAccessGrantsEnabled is true"],
  ["client-service-account", "mandatory", { client: { serviceAccountsEnabled: false } }, "Set it to true"],
  ["client-full-scope", "mandatory", { client: { fullScopeAllowed: true } }, "fullScopeAllowed is not false"],
  ["client-wildcards", "mandatory", { client: { webOrigins: ["*"] } }, 'webOrigins has "*". Leave it out'],
  ["client-lifespan", "mandatory", { client: { accessTokenLifespan: "30" } }, "Write 60 to 3600"],
  ["client-lifespan-advised", "advisory", { client: { accessTokenLifespan: "3600" } }, "Consider 1800 or less"],
  ["client-protection", "mandatory", { options: { protect: false } }, "The stack prod does not protect this client"],
  ["organization-claim", "mandatory", { mapper: null }, "The client has no mapper for the claim organizationId"],
  ["organization-claim", "mandatory", { secondMapper: {} }, "The client has 2 mappers for the claim organizationId"],
  ["client-scopes", "mandatory", { optionalScopes: null }, "The client has no ClientOptionalScopes. Declare one"],
  [
    "client-scopes",
    "mandatory",
    { defaultScopes: { defaultScopes: ["basic", "roles", "service_account", "scpCloud", "email"] } },
    "defaultScopes has email. Remove it",
  ],
];

const OF_CONTAINERS: readonly Violation[] = [
  ["container-image", "mandatory", { container: { image: "app:latest" } }, 'image is "app:latest"'],
  ["container-image", "mandatory", { image: { name: "app" } }, 'name is "app". Write a version as its tag'],
  ["container-privileged", "mandatory", { container: { privileged: true } }, "privileged is true. Remove it"],
  [
    "container-docker-socket",
    "mandatory",
    { container: { volumes: [{ hostPath: "/var/run/docker.sock", containerPath: "/docker.sock" }] } },
    "/var/run/docker.sock of the machine is mounted",
  ],
  ["container-read-only", "advisory", { container: { readOnly: false } }, "readOnly is not true"],
  ["container-capabilities", "advisory", { container: { capabilities: {} } }, "capabilities does not drop ALL"],
];

/** Previews of a program with a customer or a container for each case; nothing is made, nobody is asked. */
class ViolatingProgram {
  private constructor(private readonly directory: string) {}

  static async create(): Promise<ViolatingProgram> {
    const directory = await mkdtemp(join(tmpdir(), "scpcloud-violating-"));
    const files = ["Pulumi.yaml", "index.ts"].map((name) => join(__dirname, "violating-program", name));
    const shared = ["loader.js", "node_modules", "package.json"].map((name) => join(REPOSITORY, name));
    await Promise.all(
      [...files, ...shared].map((file) => symlink(file, join(directory, file.split("/").at(-1) ?? ""))),
    );
    const program = new ViolatingProgram(directory);
    await program.pulumi({}, "stack", "init", "prod");
    return program;
  }

  preview(cases: Readonly<Record<string, Changes>>, ...args: string[]): Promise<RunResult> {
    return this.pulumi(cases, "preview", "--stack", "prod", "--policy-pack", PACK, ...args);
  }

  /** Previews with a configuration of the pack. */
  async previewWith(config: object, cases: Readonly<Record<string, Changes>>): Promise<RunResult> {
    const file = join(this.directory, "policies.json");
    await writeFile(file, JSON.stringify(config));
    return this.preview(cases, "--policy-pack-config", file);
  }

  remove(): Promise<void> {
    return rm(this.directory, { recursive: true, force: true });
  }

  private pulumi(cases: Readonly<Record<string, Changes>>, ...args: string[]): Promise<RunResult> {
    return run("pulumi", [...args, "--non-interactive", "--color", "never"], {
      cwd: this.directory,
      env: {
        PULUMI_BACKEND_URL: `file://${this.directory}`,
        PULUMI_CONFIG_PASSPHRASE: "the passphrase of the tests",
        SCPCLOUD_CHANGES: JSON.stringify(cases),
      },
      timeoutMilliseconds: STEP_LIMIT_MILLISECONDS,
    });
  }
}

let program: ViolatingProgram;

beforeAll(async () => {
  program = await ViolatingProgram.create();
});

afterAll(() => program.remove());

/** One preview of all of them, each as a case of its own, beside one that violates nothing. */
function describeViolations(violations: readonly Violation[], right: Changes): void {
  let result: RunResult;
  const ofCase = (name: string) => violationsIn(result).filter(({ on }) => on.startsWith(`${name}-`));

  beforeAll(async () => {
    const cases = violations.map(([, , changes], index) => [`case${index}`, changes] as const);
    result = await program.preview({ right, ...Object.fromEntries(cases) });
  });

  it.each(violations.map((violation, index) => [...violation, index] as const))(
    "%s (%s): %j",
    (rule, level, _changes, message, index) => {
      expect(ofCase(`case${index}`)).toEqual([
        expect.objectContaining({ rule: `${level} ${rule}`, message: expect.stringContaining(message) as string }),
      ]);
    },
  );

  it("nothing", () => {
    expect(ofCase("right")).toEqual([]);
    expect(result.stdout).toContain("right-");
    expect(violationsIn(result)).toHaveLength(violations.length);
    expect(result.exitCode).not.toBe(0);
  });
}

describe("a program with a customer that violates", () => {
  describeViolations(OF_CUSTOMERS, {});

  it("what is advised only may be deployed", async () => {
    const result = await program.preview({ long: { client: { accessTokenLifespan: "3600" } } });
    expect(violationsIn(result).map(({ rule }) => rule)).toEqual(["advisory client-lifespan-advised"]);
    expect(result.exitCode).toBe(0);
  });

  it("what the pack's configuration asks for", async () => {
    const config = {
      "client-lifespan": { maximum: 120 },
      "client-protection": { stacks: [] },
      "client-full-scope": "advisory",
    };
    const changes = { client: { fullScopeAllowed: true }, options: { protect: false } };
    const result = await program.previewWith(config, { customer: changes });
    expect(
      violationsIn(result)
        .map(({ rule }) => rule)
        .sort(),
    ).toEqual(["advisory client-full-scope", "mandatory client-lifespan"]);
    expect(result.stdout).toContain("Write 60 to 120");
    expect(result.exitCode).not.toBe(0);
  });
});

describeWithEngine("a program with a container that violates", () => {
  describeViolations(OF_CONTAINERS, { container: {} });
});

describe("this program", () => {
  let project: Project;

  beforeAll(async () => {
    project = await Project.create();
  });

  afterAll(() => project.remove());

  const withPack = (command: readonly string[], stack: string) =>
    project.pulumi(...command, "--stack", stack, "--policy-pack", "policy-pack");

  // Where Keycloak is the tests say; whether clients are protected the stack file does.
  const connectionless = (config: StackFile) =>
    Object.fromEntries(Object.entries(config).filter(([key]) => !/^keycloak:|^scpcloud:publicUrl$/.test(key)));
  const createStack = async (stack: string, realm: string, config: StackFile) =>
    project.createStack(stack, { ...project.connection(realm), ...connectionless(config) });

  it("violates nothing in the stack dev", async () => {
    await createStack("dev", REALMS.policyPack, await committedStackFile("dev"));
    expectSilence(await withPack(["preview"], "dev"));
  });

  describeWithEngine("with containers", (images) => {
    it("violates nothing, whether images are pulled or not", async () => {
      const name = ownStackName("policies");
      const { bff, api } = await containersOf(images);
      const own = project.services();
      await project.configure(name, await committedStackFile("prod"));
      await own.createStack(
        name,
        containersFile({
          bff,
          api: { ...api, image: `registry.example.com/production-api@sha256:${"0".repeat(64)}`, pull: true },
        }),
      );
      const result = await own.pulumi("preview", "--stack", name, "--policy-pack", "../policy-pack");
      expectSilence(result);
      expect(result.stdout.match(/docker:index:Container .*create/g)).toHaveLength(2);
    });
  });
});
