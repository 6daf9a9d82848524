import { Administrator } from "./keycloak";
import { lastingPort } from "../../development/keycloak/ports";
import { startProxy } from "./proxy";
import { Project, type StackFile } from "./project";
import { DEPLOYERS, REALMS } from "./server";
import type { Stack } from "./stack";

const REALM = REALMS.failures;
const STACK = "failures";

let project: Project;
let stack: Stack;
let administrator: Administrator;

beforeAll(async () => {
  administrator = await Administrator.login(REALM);
  project = await Project.create();
  stack = await project.createStack(STACK, stackFile());
  await stack.up();
});

afterAll(async () => {
  await project.configure(STACK, stackFile());
  await stack.destroy();
  await administrator.close();
  await project.remove();
});

const stackFile = (changes: StackFile = {}): StackFile => ({
  ...project.connection(REALM),
  "scpcloud:accessTokenLifespan": 300,
  "scpcloud:integrations": { acme: { organizationUser: "anna" } },
  ...changes,
});

async function failingUp(config: StackFile): Promise<string> {
  await project.configure(STACK, config);
  return failingUpAsConfigured();
}

async function failingUpAsConfigured(): Promise<string> {
  const { exitCode, stdout, stderr } = await project.pulumi("up", "--yes", "--skip-preview", "--stack", STACK);
  expect(exitCode).not.toBe(0);
  return stdout + stderr;
}

describe("an up fails with its reason, and changes nothing of what is there, because", () => {
  afterEach(async () => {
    expect((await administrator.clients("acme")).map(({ clientId }) => clientId)).toEqual(["acme"]);
  });

  it("the server is down", async () => {
    const text = await failingUp(stackFile({ "keycloak:url": `https://localhost:${await lastingPort()}` }));

    expect(text).toContain("must be a Keycloak that answers");
    expect(text).toContain("connect ECONNREFUSED");
  });

  it("its certificate is not trusted", async () => {
    const config = Object.entries(stackFile()).filter(([key]) => key !== "keycloak:rootCaCertificate");

    expect(await failingUp(Object.fromEntries(config))).toContain(
      "must be a server with a certificate that the deployer trusts",
    );
  });

  it("the deployer's secret is wrong", async () => {
    await project.configure(STACK, stackFile());
    await stack.setSecret("keycloak:clientSecret", "wrong");
    const text = await failingUpAsConfigured();

    expect(text).toContain("keycloak:clientSecret");
    expect(text).toContain("Keycloak refused the login (401 unauthorized_client: Invalid client");
  });

  it("the deployer may look but not create", async () => {
    const text = await failingUp(
      stackFile({
        "keycloak:clientId": DEPLOYERS.withoutClients,
        "scpcloud:integrations": {
          acme: { organizationUser: "anna" },
          "acme-2": { organizationUser: "reporting@acme.example" },
        },
      }),
    );

    expect(text).toContain('forbids the deployer to create client "acme-2"');
    expect(text).toContain("manage-clients");
  });

  it("and the next up brings the stack to its target", async () => {
    await project.configure(STACK, stackFile());
    await stack.up();
    await stack.preview({ expectNoChanges: true, refresh: true });
  });
});

describe("a command", () => {
  it.each(["verify", "recover"])("explains itself: %s", async (name) => {
    const { exitCode, stdout } = await project.command(name, "--help");

    expect(exitCode).toBe(0);
    expect(stdout).toContain(`npm run ${name} -- [OPTIONS]`);
    expect(stdout).toContain("--stack NAME");
  });

  it("refuses an option that it does not have, and names those that it has", async () => {
    const { exitCode, stderr } = await project.command("verify", "--stak", STACK);

    expect(exitCode).toBe(1);
    expect(stderr).toContain("Unknown option '--stak'");
    expect(stderr).toContain("--stack NAME");
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

describe("a key in two spellings, of which Pulumi takes one at random,", () => {
  const refusal = /scpcloud:accessTokenLifespan\s+must be written once,/;

  beforeEach(() => project.configure(STACK, { ...stackFile(), accessTokenLifespan: 600 }));

  it("is refused by a plain preview", async () => {
    const { exitCode, stdout } = await project.pulumi("preview", "--stack", STACK);

    expect(exitCode).not.toBe(0);
    expect(stdout).toMatch(refusal);
  });

  it.each(["verify", "service-configuration"])("is refused by %s", async (name) => {
    const { exitCode, stderr } = await project.command(name, "--stack", STACK);

    expect(exitCode).toBe(1);
    expect(stderr).toMatch(refusal);
  });
});

describe("a server that calls itself otherwise than the stack file says", () => {
  const REFUSAL = /scpcloud:publicUrl\s+must be the public URL of the Keycloak that keycloak:url leads to,/;
  beforeAll(() => project.configure(STACK, stackFile({ "scpcloud:publicUrl": "https://stage.example.com" })));

  it("is refused by a plain preview", async () => {
    const { exitCode, stdout } = await project.pulumi("preview", "--stack", STACK);
    expect(exitCode).not.toBe(0);
    expect(stdout).toMatch(REFUSAL);
  });

  it.each(["verify", "recover", "drift"])("is refused by %s", async (name) => {
    const { exitCode, stderr } = await project.command(name, "--stack", STACK);
    expect([exitCode, stderr]).toEqual([1, expect.stringMatching(REFUSAL)]);
  });
});

describe("verify", () => {
  it("says that the server is down", async () => {
    const url = `https://localhost:${await lastingPort()}`;
    await project.configure(STACK, stackFile({ "keycloak:url": url }));

    const { exitCode, stderr } = await project.command("verify", "--stack", STACK);

    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/keycloak:url\n +must be a Keycloak that answers,\n.*ECONNREFUSED/);
    expect(stderr).toContain(`Found: ${url}`);
  });

  it("says in a line that there is no such stack", async () => {
    const { exitCode, stderr } = await project.command("verify", "--stack", "nowhere");

    expect(exitCode).toBe(1);
    expect(stderr).toContain("no stack named 'nowhere' found");
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it("tells a customer whom somebody disabled in the admin console", async () => {
    await project.configure(STACK, stackFile());
    const [client] = await administrator.clients("acme");
    await administrator.send("PUT", `/clients/${client?.id}`, { ...client, enabled: false });

    const { exitCode, stdout } = await project.command("verify", "--stack", STACK);
    await administrator.send("PUT", `/clients/${client?.id}`, { ...client, enabled: true });

    expect(exitCode).toBe(1);
    expect(stdout).toContain("✗ acme: no token: 401 invalid_client");
  });

  it("tells a server whose clock is another as that, not as wrong claims", async () => {
    const node = process.env["NODE_OPTIONS"];
    // This machine's clock is the other one here: an hour ahead, as the command reads it.
    const shift = "const now = Date.now; Date.now = () => now() + 3600_000;";
    process.env["NODE_OPTIONS"] = `${node ?? ""} --import=data:text/javascript,${encodeURIComponent(shift)}`;
    const { exitCode, stdout } = await project.command("verify", "--stack", STACK).finally(() => {
      process.env["NODE_OPTIONS"] = node ?? "";
    });

    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^✗ Keycloak's clock, .*, is 36\d\d s behind this machine's\./m);
    expect(stdout.match(/^✗ .*/gm)).toHaveLength(2);
  });

  it("tells a claim that somebody added in the admin console", async () => {
    const [client] = await administrator.clients("acme");
    const mapper = {
      name: "extra",
      protocol: "openid-connect",
      protocolMapper: "oidc-hardcoded-claim-mapper",
      config: { "claim.name": "extra", "claim.value": "1", "jsonType.label": "String", "access.token.claim": "true" },
    };
    await administrator.send("POST", `/clients/${client?.id}/protocol-mappers/models`, mapper);

    const { exitCode, stdout } = await project.command("verify", "--stack", STACK);

    expect(exitCode).toBe(1);
    expect(stdout).toContain('✗ acme: claim extra is "1", but the contract does not have it');
  });
});

describe("drift", () => {
  it("tells what keeps it from looking, one cause once for all resources", async () => {
    const proxy = await startProxy((_, path) =>
      /\/clients\/[0-9a-f-]{36}/.test(path) ? { status: 503, body: { error: "no such luck" } } : undefined,
    );
    await project.configure(STACK, stackFile({ "keycloak:url": proxy.url, "scpcloud:requireHttps": false }));

    const { exitCode, stdout, stderr } = await project.command("drift", "--stack", STACK);
    proxy.close();
    await project.configure(STACK, stackFile());

    expect([exitCode, stdout]).toEqual([1, ""]);
    const lines = stderr.split("\n").filter((line) => line.trim() !== "");
    expect(stderr).toContain("503");
    expect(lines).toEqual([...new Set(lines)]);
  });
});
