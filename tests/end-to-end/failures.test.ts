import { lastingPort } from "../../development/keycloak/ports.ts";
import { Administrator, type ClientRepresentation } from "./keycloak.ts";
import type { StackFile } from "./project.ts";
import { startProxy } from "./proxy.ts";
import { DEPLOYERS } from "./server.ts";
import { Stack } from "./stack.ts";

const REALM = "Failures";
const STACK = "failures";
const ACME = { acme: { organizationUser: "anna" } };

let stack: Stack;
const administrator = new Administrator(REALM);
let before: readonly [readonly ClientRepresentation[], readonly string[]];

const stackFile = (changes: StackFile = {}): StackFile => ({
  "scpcloud:accessTokenLifespan": 300,
  "scpcloud:integrations": ACME,
  ...changes,
});
const inRealm = async () => [await administrator.clients(), await administrator.clientScopes()] as const;

beforeAll(async () => {
  stack = await Stack.create(REALM, STACK, stackFile());
  await stack.up();
  before = await inRealm();
});

afterAll(() => stack.project.remove());

/** What a run said that was to fail, and that has changed nothing of what is there. */
async function failing(run: "preview" | "up" = "up"): Promise<string> {
  const options = run === "up" ? ["--yes", "--skip-preview"] : [];
  const { exitCode, stdout, stderr } = await stack.pulumi(run, ...options);
  expect(exitCode).not.toBe(0);
  expect(stdout + stderr).not.toMatch(/^\s+at .*:\d+:\d+\)?$/m);
  expect(await inRealm()).toEqual(before);
  return stdout + stderr;
}

const serverThatIsDown = async () => ({ "keycloak:url": `https://localhost:${await lastingPort()}` });

async function failingUp(changes: StackFile): Promise<string> {
  await stack.configure(stackFile(changes));
  return failing();
}

describe("an up fails with its reason, and changes nothing, because", () => {
  it("users cannot be organizations: all reasons at once, in a preview as in an up", async () => {
    const names = Array.from({ length: 101 }, (_, index) => `a-zeta-${index + 100}`);
    for (const username of ["zeta", "eta", ...names]) {
      await administrator.send("POST", "/users", { username, enabled: true });
    }
    const forbidden = await administrator.userId("reporting@acme.example");
    const users = {
      absent: "nobody",
      miscased: "Anna",
      disabled: "blocked",
      robot: "service-account-scpcloud-deployer",
      behind: "zeta",
      "behind-miscased": "Eta",
    };
    const integrations = Object.fromEntries(
      Object.entries(users).map(([clientId, organizationUser]) => [clientId, { organizationUser }]),
    );
    const texts = [await failingUp({ "scpcloud:integrations": integrations }), await failing("preview")];

    for (const text of texts) {
      expect(text).toContain("5 faults");
      expect(text).toMatch(/integrations\.absent\.organizationUser\s+must be a user of realm Failures/);
      expect(text).toMatch(/integrations\.miscased\.organizationUser\s[^]*Do: write "anna"/);
      expect(text).toMatch(/integrations\.disabled\.organizationUser\s+must not be a disabled user/);
      expect(text).toMatch(/integrations\.robot\.organizationUser\s+must not be a service account/);
      expect(text).toMatch(/integrations\.behind-miscased\.organizationUser\s[^]*Do: write "eta"/);
    }

    const twins = {
      acme: { organizationUser: "reporting@acme.example" },
      acme2: { organizationUser: "anna" },
      acme3: { organizationId: await administrator.userId("anna") },
    };
    const text = await failingUp({
      "scpcloud:integrations": twins,
      "scpcloud:forbiddenOrganizationIds": [forbidden],
    });
    expect(text).toContain(`"reporting@acme.example" (${forbidden})`);
    expect(text).toContain("must not have another customer's organization");
  });

  it.each<[string, StackFile | (() => Promise<StackFile>), ...string[]]>([
    [
      "the deployer may not see users",
      { "keycloak:clientId": DEPLOYERS.withoutUsers },
      "keycloak:clientId\n",
      "view-users",
    ],
    [
      "the deployer may look but not create",
      {
        "keycloak:clientId": DEPLOYERS.withoutClients,
        "scpcloud:integrations": { ...ACME, "acme-2": { organizationUser: "reporting@acme.example" } },
      },
      'forbids the deployer to create client "acme-2"',
      "manage-clients",
    ],
    ["the realm does not exist", { "scpcloud:realm": "failures" }, "scpcloud:realm\n"],
    ["the server is down", serverThatIsDown, "must be a Keycloak that answers", "connect ECONNREFUSED"],
    [
      "the server's certificate is not trusted",
      { "keycloak:rootCaCertificate": undefined },
      "must be a server with a certificate that the deployer trusts",
    ],
    [
      "the stack file is wrong: all reasons at once, without the secret in it",
      {
        "keycloak:clientSecret": "in-plain-text",
        "scpcloud:accessTokenLifespan": 59,
        "scpcloud:audience": "account",
        "scpcloud:integrations": { Acme: { organisationUser: "anna" }, other: { organizationId: 7 } },
      },
      "scpcloud:accessTokenLifespan\n",
      "scpcloud:audience\n",
      "scpcloud:integrations.Acme\n",
      "scpcloud:integrations.other.organizationId\n",
      'write "organizationUser", or remove it',
      "pulumi config set --secret keycloak:clientSecret",
    ],
  ])("%s", async (_, changes, ...texts) => {
    const text = await failingUp(typeof changes === "function" ? await changes() : changes);
    for (const wanted of texts) {
      expect(text).toContain(wanted);
    }
    expect(text).not.toContain("in-plain-text");
  });

  it("the realm lacks one of Keycloak's own client scopes", async () => {
    const scopes = (await administrator.send("GET", "/client-scopes")) as { id: string; name: string }[];
    const scope = scopes.find(({ name }) => name === "service_account");
    const rename = (name: string) => administrator.send("PUT", `/client-scopes/${scope?.id}`, { ...scope, name });
    await stack.configure(stackFile());
    await rename("renamed");
    const { exitCode, stdout } = await stack.tryUp().finally(() => rename("service_account"));

    expect(exitCode).not.toBe(0);
    expect(stdout).toContain('must be a realm with Keycloak\'s own client scope "service_account"');
    expect(await inRealm()).toEqual(before);
  });

  it("the deployer's secret is wrong", async () => {
    await stack.configure(stackFile());
    await stack.setSecret("keycloak:clientSecret", "wrong");
    const text = await failing();

    expect(text).toContain("keycloak:clientSecret");
    expect(text).toContain("Keycloak refused the login (401 unauthorized_client: Invalid client");
  });

  it("of something that is repaired, after which the next up brings the stack to its target", async () => {
    await stack.configure(stackFile());
    await stack.up();
    await stack.preview({ expectNoChanges: true, refresh: true });
  });
});

it("an organizationId is taken as it is; doctor tells one that is no user's", async () => {
  const integrations = {
    ...ACME,
    globex: { organizationId: "00000000-0000-4000-8000-000000000001" },
  };
  await stack.configure(stackFile({ "scpcloud:integrations": integrations }));

  expect(await stack.pulumi("preview")).toMatchObject({ exitCode: 0 });
  expect((await stack.command("doctor")).stdout).toContain(
    `! organizations: no user of realm ${REALM} has the organizationId of globex\n`,
  );
});

describe("a command refuses what a plain preview refuses:", () => {
  it.each([
    [
      "a key in two spellings, of which Pulumi takes one at random",
      { accessTokenLifespan: 600 },
      ["verify"],
      /scpcloud:accessTokenLifespan\s+must be written once,/,
    ],
    [
      "a server that calls itself otherwise than the stack file says",
      { "scpcloud:publicUrl": "https://stage.example.com" },
      ["verify", "recover", "drift"],
      /scpcloud:publicUrl\s+must be the public URL of the Keycloak that keycloak:url leads to,/,
    ],
  ])("%s", async (_, changes, commands, refusal) => {
    await stack.configure(stackFile(changes));

    expect(await failing("preview")).toMatch(refusal);
    for (const name of commands) {
      const yes = name === "recover" ? ["--yes"] : [];
      const { exitCode, stderr } = await stack.command(name, ...yes);
      expect([exitCode, stderr]).toEqual([1, expect.stringMatching(refusal)]);
    }
  });
});

describe("verify", () => {
  beforeAll(() => stack.configure(stackFile()));

  it("says in a line that there is no such stack", async () => {
    const { exitCode, stderr } = await stack.project.command("verify", "--stack", "nowhere");

    expect(exitCode).toBe(1);
    expect(stderr).toContain("no stack named 'nowhere' found");
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it("tells a server whose clock is another as that, not as wrong claims", async () => {
    const node = process.env["NODE_OPTIONS"];
    // This machine's clock is the other one here: an hour ahead, as the command reads it.
    const shift = "const now = Date.now; Date.now = () => now() + 3600_000;";
    process.env["NODE_OPTIONS"] = `${node ?? ""} --import=data:text/javascript,${encodeURIComponent(shift)}`;
    const { exitCode, stdout } = await stack.command("verify").finally(() => {
      process.env["NODE_OPTIONS"] = node ?? "";
    });

    expect(exitCode).toBe(3);
    expect(stdout).toMatch(/^✗ Keycloak's clock, .*, is 36\d\d s behind this machine's\./m);
    expect(stdout.match(/^✗ .*/gm)).toHaveLength(2);
  });

  it("tells a claim that somebody added in the admin console, and a customer whom somebody disabled there", async () => {
    await administrator.addMapper("acme", "extra", "1");
    const added = await stack.command("verify");
    await administrator.changeClient("acme", { enabled: false });
    const disabled = await stack.command("verify");

    expect([added.exitCode, disabled.exitCode]).toEqual([3, 3]);
    expect(added.stdout).toContain('✗ acme: claim extra is "1", but the contract does not have it');
    expect(disabled.stdout).toContain("✗ acme: no token: 401 invalid_client");
  });
});

describe("drift", () => {
  it("tells once what keeps it from looking", async () => {
    const proxy = await startProxy(({ url = "" }) =>
      /\/client-scopes\/[0-9a-f-]{36}/.test(url) ? { status: 503, body: { error: "no such luck" } } : undefined,
    );
    await stack.configure(stackFile({ "keycloak:url": proxy.url, "scpcloud:requireHttps": false }));

    const { exitCode, stdout, stderr } = await stack.command("drift");
    proxy.close();

    expect([exitCode, stdout]).toEqual([1, ""]);
    const lines = stderr.split("\n").filter((line) => line.trim() !== "");
    expect(stderr).toContain("503");
    expect(lines).toEqual([...new Set(lines)]);
  });
});
