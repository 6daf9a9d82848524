import type { Credentials } from "../../outputs";
import { Administrator } from "./keycloak";
import { Project, type StackFile } from "./project";
import { type Interference, type Proxy, startProxy } from "./proxy";
import { REALMS } from "./server";
import type { Stack } from "./stack";
import { claimsOf } from "./tokens";

const REALM = REALMS.secrets;
const STACK = "secrets";
const CUSTOMERS = {
  acme: { organizationUser: "anna" },
  newa: { organizationUser: "reporting@acme.example" },
  newb: { organizationId: "00000000-0000-4000-8000-000000000001" },
  newc: { organizationId: "00000000-0000-4000-8000-000000000002" },
};
type Customer = keyof typeof CUSTOMERS;

let project: Project;
let stack: Stack;
let proxy: Proxy;
let administrator: Administrator;
let interfere: (method: string, path: string) => Interference | undefined = () => undefined;

beforeAll(async () => {
  administrator = await Administrator.login(REALM);
  proxy = await startProxy((method, path) => interfere(method, path));
  project = await Project.create();
  stack = await project.createStack(STACK, stackFile("acme"));
  await stack.up();
});

beforeEach(() => {
  interfere = () => undefined;
});

afterAll(async () => {
  await stack.destroy();
  proxy.close();
  await administrator.close();
  await project.remove();
});

const stackFile = (...customers: Customer[]): StackFile => ({
  ...project.connection(REALM),
  "keycloak:url": proxy.url,
  "scpcloud:requireHttps": false,
  "scpcloud:accessTokenLifespan": 300,
  "scpcloud:integrations": Object.fromEntries(customers.map((customer) => [customer, CUSTOMERS[customer]])),
});

const up = (...options: string[]) =>
  project.pulumi("up", "--yes", "--skip-preview", "--non-interactive", "--stack", STACK, ...options);

async function credentials(): Promise<Record<string, Credentials>> {
  return ((await stack.outputs())["credentials"]?.value ?? {}) as Record<string, Credentials>;
}

it("gives a customer whom --target left out no credentials at all", async () => {
  await project.configure(STACK, stackFile("acme", "newa", "newb"));
  const { exitCode } = await up("--target", "**newa**");

  expect(exitCode).toBe(0);
  expect(Object.keys(await credentials()).sort()).toEqual(["acme", "newa"]);
  expect((await project.command("verify", "--stack", STACK)).stdout).toContain("✗ newb: not deployed yet");
});

it("reads a secret anew that was lost when the connection broke, and says so while Keycloak does not show it", async () => {
  await project.configure(STACK, stackFile("acme", "newa", "newb"));
  interfere = (method, path) => (method === "GET" && path.endsWith("/client-secret") ? "cut" : undefined);
  const broken = await up();
  expect(broken.exitCode).not.toBe(0);
  expect((await administrator.clients("newb")).map(({ clientId }) => clientId)).toEqual(["newb"]);

  const hidden: Interference = { status: 200, body: { type: "secret", value: "**********" } };
  interfere = (method, path) => (method === "GET" && path.endsWith("/client-secret") ? hidden : undefined);
  const masked = await up();
  expect(masked.stdout + masked.stderr).toContain('The secret of client "newb" is not known');
  expect(masked.stdout + masked.stderr).toContain(`npm run recover -- --stack ${STACK}`);
  expect(masked.exitCode).not.toBe(0);
  expect(Object.keys(await credentials())).not.toContain("newb");
  expect((await project.command("verify", "--stack", STACK)).stdout).toContain(
    "✗ newb: the stack does not know its secret",
  );

  interfere = () => undefined;
  expect((await up()).exitCode).toBe(0);
  const { newb } = await credentials();
  expect(newb && (await claimsOf(newb, REALM))["azp"]).toBe("newb");
});

it("has recover read a lost secret into the state, and say what helps while Keycloak does not show it", async () => {
  const recover = () => project.command("recover", "--stack", STACK);
  await project.configure(STACK, stackFile("acme", "newa", "newb", "newc"));
  interfere = (method, path) => (method === "GET" && path.endsWith("/client-secret") ? "cut" : undefined);
  expect((await up()).exitCode).not.toBe(0);

  const empty: Interference = { status: 200, body: { type: "secret" } };
  interfere = (method, path) => (method === "GET" && path.endsWith("/client-secret") ? empty : undefined);
  const refused = await recover();
  expect(refused.stdout).toContain("the state lacks the secret of");
  expect(refused.stderr).toMatch(/Keycloak does not give the secret of .*newc-client/);
  expect(refused.exitCode).toBe(1);

  interfere = () => undefined;
  const { exitCode, stdout, stderr } = await recover();
  expect(stdout).toMatch(/^the state lacks the secret of .*newc-client.*; reading it from Keycloak$/m);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  const { newc } = await credentials();
  expect(newc && (await claimsOf(newc, REALM))["azp"]).toBe("newc");
  expect(stdout + refused.stdout + refused.stderr).not.toContain(newc?.clientSecret);
  await stack.preview({ expectNoChanges: true, refresh: true });
  expect((await recover()).stdout).not.toContain("the state lacks");
});

it("prints no client's secret with --debug", async () => {
  const secrets = Object.values(await credentials()).map(({ clientSecret }) => clientSecret);
  const { exitCode, stdout, stderr } = await up("--debug");

  expect({ exitCode, secrets: secrets.length }).toEqual({ exitCode: 0, secrets: 4 });
  expect(stdout).toMatch(/^ *debug: /m);
  // Compared as yes or no: a failure must not print them either.
  expect(secrets.some((secret) => (stdout + stderr).includes(secret))).toBe(false);
});

it("gives a header that Keycloak takes for a secret with other characters than its own", async () => {
  const [client] = await administrator.clients("acme");
  await administrator.send("PUT", `/clients/${client?.id}`, { ...client, secret: "a+b %/é" });
  expect((await up("--refresh")).exitCode).toBe(0);

  const { acme } = await credentials();
  expect(acme?.clientSecret).toBe("a+b %/é");
  expect(acme && (await claimsOf(acme, REALM))["azp"]).toBe("acme");
  expect((await project.command("verify", "--stack", STACK)).stdout).not.toContain("✗ acme");
});
