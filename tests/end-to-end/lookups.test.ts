import { Administrator } from "./keycloak";
import { Project, type StackFile } from "./project";
import { DEPLOYERS, REALMS } from "./server";
import type { Stack } from "./stack";

const REALM = REALMS.lookups;

let project: Project;
let stack: Stack;
let administrator: Administrator;
let scopesBefore: string[];

beforeAll(async () => {
  administrator = await Administrator.login(REALM);
  scopesBefore = await administrator.clientScopes();
  project = await Project.create();
  stack = await project.createStack("lookups", {});
});

afterAll(async () => {
  await administrator.close();
  await project.remove();
});

const stackFile = (user: string, changes: StackFile = {}): StackFile => ({
  ...project.connection(REALM),
  "scpcloud:accessTokenLifespan": 300,
  "scpcloud:integrations": { acme: { organizationUser: user } },
  ...changes,
});

/** Runs an up that is to fail before it makes anything, and gives what it printed. */
async function failingUp(config: StackFile): Promise<string> {
  await project.configure("lookups", config);
  const { exitCode, stdout, stderr } = await project.pulumi("up", "--yes", "--skip-preview", "--stack", "lookups");

  expect(exitCode).not.toBe(0);
  expect(stdout + stderr).not.toMatch(/^\s+at .*:\d+:\d+\)?$/m);
  return stdout + stderr;
}

async function expectNothingCreated(): Promise<void> {
  expect(await administrator.clients("acme")).toEqual([]);
  expect(await administrator.clientScopes()).toEqual(scopesBefore);
  const deployment = (await stack.exportStack()).deployment as { resources?: { type: string }[] };
  const types = (deployment.resources ?? []).map(({ type }) => type);
  expect(types.filter((type) => /^(keycloak|scpcloud):/.test(type))).toEqual([]);
}

describe("a lookup that fails ends the run with a reason, and nothing is created", () => {
  afterEach(expectNothingCreated);

  it("for each user who cannot be an organization, all at once, in a preview as in an up", async () => {
    const users = {
      absent: "nobody",
      miscased: "Anna",
      disabled: "blocked",
      robot: "service-account-scpcloud-deployer",
    };
    const integrations = Object.fromEntries(
      Object.entries(users).map(([clientId, organizationUser]) => [clientId, { organizationUser }]),
    );
    const up = await failingUp(stackFile("", { "scpcloud:integrations": integrations }));
    const preview = await project.pulumi("preview", "--stack", "lookups");

    expect(preview.exitCode).not.toBe(0);
    for (const text of [up, preview.stdout]) {
      expect(text).toContain("4 faults");
      expect(text).toMatch(/integrations\.absent\.organizationUser\s+must be a user of realm Lookups/);
      expect(text).toMatch(/integrations\.miscased\.organizationUser\s[^]*Do: write "anna"/);
      expect(text).toMatch(/integrations\.disabled\.organizationUser\s+must not be a disabled user/);
      expect(text).toMatch(/integrations\.robot\.organizationUser\s+must not be a service account/);
    }
  });

  it("for a user whom the deployer may not see", async () => {
    const text = await failingUp(stackFile("anna", { "keycloak:clientId": DEPLOYERS.withoutUsers }));

    expect(text).toContain("scpcloud:integrations.acme.organizationUser");
    expect(text).toContain("view-users");
  });

  it("for a user behind a hundred others, whose id is to be written instead", async () => {
    const names = Array.from({ length: 101 }, (_, index) => `a-zeta-${index + 100}`);
    for (const username of ["zeta", ...names]) {
      await administrator.send("POST", "/users", { username, enabled: true });
    }
    const id = await administrator.userId("zeta");

    for (const user of ["zeta", "Zeta"]) {
      const text = await failingUp(stackFile(user));
      expect(text).toContain("the provider reads only the first hundred");
      expect(text).toContain("write organizationId with the user's id instead");
    }
    await project.configure("lookups", stackFile("", { "scpcloud:integrations": { acme: { organizationId: id } } }));
    expect(await project.pulumi("preview", "--stack", "lookups")).toMatchObject({ exitCode: 0 });
  });

  it("for a user whose id the stack forbids, and for two customers of one organization", async () => {
    const forbidden = await administrator.userId("reporting@acme.example");
    const integrations = {
      acme: { organizationUser: "reporting@acme.example" },
      acme2: { organizationUser: "anna" },
      acme3: { organizationId: await administrator.userId("anna") },
    };
    const text = await failingUp(
      stackFile("", { "scpcloud:integrations": integrations, "scpcloud:forbiddenOrganizationIds": [forbidden] }),
    );

    expect(text).toContain(`"reporting@acme.example" (${forbidden})`);
    expect(text).toContain("must not have another customer's organization");
  });

  it("for a realm that does not exist", async () => {
    expect(await failingUp(stackFile("anna", { "scpcloud:realm": "lookups" }))).toContain("scpcloud:realm");
  });

  it("for a realm without one of Keycloak's own client scopes", async () => {
    const scopes = (await administrator.send("GET", "/client-scopes")) as { id: string; name: string }[];
    const scope = scopes.find(({ name }) => name === "service_account");
    const rename = (name: string) => administrator.send("PUT", `/client-scopes/${scope?.id}`, { ...scope, name });
    await rename("renamed");
    const text = await failingUp(stackFile("anna")).finally(() => rename("service_account"));

    expect(text).toContain('must be a realm with Keycloak\'s own client scope "service_account"');
  });
});

describe("an organizationId that is no user's", () => {
  it("stops no preview, and is told by doctor with its customer", async () => {
    const id = await administrator.userId("anna");
    const integrations = {
      acme: { organizationId: id },
      globex: { organizationId: "00000000-0000-4000-8000-000000000001" },
    };
    await project.configure("lookups", stackFile("", { "scpcloud:integrations": integrations }));

    expect(await project.pulumi("preview", "--stack", "lookups")).toMatchObject({ exitCode: 0 });
    expect((await project.command("doctor", "--stack", "lookups")).stdout).toContain(
      `! organizations: no user of realm ${REALM} has the organizationId of globex\n`,
    );
  });
});

it("a stack file that is wrong ends the run with all reasons, without the secret in it, and nothing is created", async () => {
  const text = await failingUp(
    stackFile("anna", {
      "keycloak:clientSecret": "in-plain-text",
      "scpcloud:accessTokenLifespan": 59,
      "scpcloud:audience": "account",
      "scpcloud:integrations": { Acme: { organisationUser: "anna" }, other: { organizationId: 7 } },
    }),
  );

  for (const key of ["accessTokenLifespan", "audience", "integrations.Acme", "integrations.other.organizationId"]) {
    expect(text).toContain(`scpcloud:${key}\n`);
  }
  expect(text).toContain('write "organizationUser", or remove it');
  expect(text).toContain("pulumi config set --secret keycloak:clientSecret");
  expect(text).not.toContain("in-plain-text");
  await expectNothingCreated();
});
