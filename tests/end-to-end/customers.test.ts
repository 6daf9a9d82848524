import { Meddler } from "./meddling";
import { Project, type StackFile } from "./project";
import { DEPLOYERS, REALMS, serverOfTests } from "./server";
import type { Stack } from "./stack";

const REALM = REALMS.customers;
const STACK = "customers";
const OLD = 3;
const ORGANIZATION = "00000000-0000-4000-8000-00000000000";

const meddler = new Meddler(REALM);
let project: Project;
let stack: Stack;

const stackFile = (integrations: object, changes: StackFile = {}): StackFile => ({
  ...project.connection(REALM),
  "scpcloud:accessTokenLifespan": 300,
  "scpcloud:integrations": integrations,
  ...changes,
});
const ACME = { organizationUser: "anna", name: "Acme Ltd." };
const LEAVING = { organizationId: `${ORGANIZATION}2`, retired: true };
const DEPLOYED = { acme: ACME, gone: { organizationId: `${ORGANIZATION}3` }, leaving: LEAVING };

beforeAll(async () => {
  project = await Project.create();
  stack = await project.createStack(STACK, stackFile(DEPLOYED));
  await stack.up();
});

afterAll(async () => {
  await project.configure(STACK, stackFile(DEPLOYED));
  await stack.up({ refresh: true });
  await stack.destroy();
  await meddler.deleteClient("made-by-hand");
  await project.remove();
});

interface Report {
  readonly customers: readonly { readonly clientId: string; readonly state: string; readonly secret?: object }[];
  readonly oldSecrets: readonly string[];
}

it("lists a stack's customers with the age of their secrets, for somebody who may only look", async () => {
  await meddler.act((administrator) =>
    administrator.send("POST", "/clients", { clientId: "made-by-hand", serviceAccountsEnabled: true }),
  );
  await meddler.deleteClient("gone");
  const further = {
    "made-by-hand": { organizationId: `${ORGANIZATION}4` },
    new: { organizationId: `${ORGANIZATION}5` },
  };
  await project.configure(
    STACK,
    stackFile({ ...DEPLOYED, ...further }, { "keycloak:clientId": DEPLOYERS.withoutClients }),
  );

  const table = await project.command("customers", "--stack", STACK);
  const data = await project.command("customers", "--stack", STACK, "--json");

  expect([table.exitCode, table.stderr]).toEqual([0, ""]);
  const { customers, oldSecrets } = JSON.parse(data.stdout) as Report;
  expect(customers.map(({ clientId, state }) => [clientId, state])).toEqual([
    ["acme", "active"],
    ["gone", "missing in Keycloak"],
    ["leaving", "retired"],
    ["made-by-hand", "only in Keycloak"],
    ["new", "not deployed yet"],
  ]);
  expect(customers[0]).toMatchObject({
    name: "Acme Ltd.",
    organization: { user: "anna", id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string },
    secret: { created: expect.any(String) as string, ageInDays: 0 },
  });
  expect(oldSecrets).toEqual([]);
  expect(table.stdout).toContain("Acme Ltd.");
});

it("fails with a status of its own where a secret in use is older than wanted, or its age is not known", async () => {
  await meddler.changeClient("acme", { attributes: { "client.secret.creation.time": "1700000000" } });

  const table = await project.command("customers", "--stack", STACK, "--older-than", "365d");
  const data = await project.command("customers", "--stack", STACK, "--older-than", "365d", "--json");
  const young = await project.command("customers", "--stack", STACK, "--older-than", "36500d");
  const wrong = await project.command("customers", "--stack", STACK, "--older-than", "a year");
  await meddler.changeClient("acme", { attributes: { "client.secret.creation.time": "" } });
  const unknown = await project.command("customers", "--stack", STACK, "--older-than", "36500d");

  expect(table.exitCode).toBe(OLD);
  expect(table.stdout).toMatch(/^✗ acme: the secret is \d+ days old, more than 365; /m);
  expect(data.exitCode).toBe(OLD);
  expect((JSON.parse(data.stdout) as Report).oldSecrets).toEqual(["acme"]);
  expect(young.exitCode).toBe(0);
  expect(unknown.exitCode).toBe(OLD);
  expect(unknown.stdout).toMatch(/^✗ acme: Keycloak does not know how old the secret is; renew it /m);
  expect([wrong.exitCode, wrong.stderr]).toEqual([1, "--older-than must be a number of days, such as 365d.\n"]);
});

it("prints no secret, neither as a table nor as data", async () => {
  const outputs = [
    await project.command("customers", "--stack", STACK),
    await project.command("customers", "--stack", STACK, "--json"),
  ].map(({ stdout, stderr }) => stdout + stderr);
  expect(outputs.filter((output) => !output.includes("acme"))).toEqual([]);
  const clients = await Promise.all(["acme", "leaving", "made-by-hand"].map((id) => meddler.client(id)));
  for (const secret of [...clients.map(({ secret }) => secret), serverOfTests().deployerSecret]) {
    expect(secret).toMatch(/\w{10}/);
    expect(outputs.join("\n")).not.toContain(secret);
  }
});
