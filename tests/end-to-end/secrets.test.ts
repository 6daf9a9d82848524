import { Administrator } from "./keycloak.ts";
import { SHOWN_BEFORE_CHANGE, type StackFile } from "./project.ts";
import { type Interference, type Listener, startProxy } from "./proxy.ts";
import { Stack } from "./stack.ts";
import { claimsOf } from "./tokens.ts";

const REALM = "Secrets";
const STACK = "secrets";
const CUSTOMERS = {
  acme: { organizationUser: "anna" },
  newa: { organizationUser: "reporting@acme.example" },
  newb: { organizationId: "00000000-0000-4000-8000-000000000001" },
  newc: { organizationId: "00000000-0000-4000-8000-000000000002" },
};
type Customer = keyof typeof CUSTOMERS;

const administrator = new Administrator(REALM);
let stack: Stack;
let proxy: Listener;
/** What becomes of a question for a client's secret. */
let ofSecrets: () => Interference | undefined;

const stackFile = (...customers: Customer[]): StackFile => ({
  "keycloak:url": proxy.url,
  "scpcloud:requireHttps": false,
  "scpcloud:accessTokenLifespan": 300,
  "scpcloud:integrations": Object.fromEntries(customers.map((customer) => [customer, CUSTOMERS[customer]])),
});

beforeAll(async () => {
  proxy = await startProxy(({ method, url }) =>
    method === "GET" && url?.endsWith("/client-secret") ? ofSecrets() : undefined,
  );
  ofSecrets = () => undefined;
  stack = await Stack.create(REALM, STACK, stackFile("acme"));
  await stack.up();
});

beforeEach(() => {
  ofSecrets = () => undefined;
});

afterAll(async () => {
  proxy.close();
  await stack.project.remove();
});

const up = async (...options: string[]) => {
  const run = await stack.tryUp(...options);
  return { ...run, text: run.stdout + run.stderr };
};
const verify = async () => (await stack.command("verify")).stdout;
/** Whose secret, as the stack knows it, gets a token. */
const holderOf = async (customer: Customer) => (await claimsOf(await stack.credentialsOf(customer), REALM))["azp"];

it("gives a customer whom --target left out no credentials at all", async () => {
  await stack.configure(stackFile("acme", "newa", "newb"));
  expect(await up("--target", "**newa**")).toMatchObject({ exitCode: 0 });

  expect(Object.keys(await stack.credentials()).sort()).toEqual(["acme", "newa"]);
  expect(await verify()).toContain("✗ newb: not deployed yet");
});

it("reads a secret anew that was lost when the connection broke, and says so while Keycloak does not show it", async () => {
  ofSecrets = () => "cut";
  expect((await up()).exitCode).not.toBe(0);
  expect((await administrator.client("newb")).secret).toMatch(/\w{10}/);

  ofSecrets = () => ({ status: 200, body: { type: "secret", value: "**********" } });
  const masked = await up();
  expect(masked.text).toContain('The secret of client "newb" is not known');
  expect(masked.text).toContain(`scpcloud recover --stack ${STACK}`);
  expect(masked.exitCode).not.toBe(0);
  expect(Object.keys(await stack.credentials())).not.toContain("newb");
  expect(await verify()).toContain("✗ newb: the stack does not know its secret");

  ofSecrets = () => undefined;
  expect(await up()).toMatchObject({ exitCode: 0 });
  expect(await holderOf("newb")).toBe("newb");
});

it("has recover read a lost secret into the state, and say what helps while Keycloak does not show it", async () => {
  const recover = () => stack.command("recover", "--yes");
  await stack.configure(stackFile("acme", "newa", "newb", "newc"));
  ofSecrets = () => "cut";
  expect((await up()).exitCode).not.toBe(0);

  ofSecrets = () => ({ status: 200, body: { type: "secret" } });
  const refused = await recover();
  expect(refused.stdout).toContain("the state lacks the secret of");
  expect(refused.stderr).toMatch(/Keycloak does not give the secret of .*newc-client/);
  expect(refused.exitCode).toBe(1);

  ofSecrets = () => undefined;
  const { exitCode, stdout, stderr } = await recover();
  expect(stdout).toMatch(/^the state lacks the secret of .*newc-client.*; reading it from Keycloak$/m);
  expect([exitCode, stderr]).toEqual([0, expect.stringMatching(SHOWN_BEFORE_CHANGE)]);
  expect(await holderOf("newc")).toBe("newc");
  expect(stdout + refused.stdout + refused.stderr).not.toContain((await stack.credentialsOf("newc")).clientSecret);
  await stack.preview({ expectNoChanges: true, refresh: true });
  expect((await recover()).stdout).toContain("nothing had to be adopted; the stack is at its target");
});

it("gives a header that Keycloak takes for a secret with other characters than its own; and --debug prints none", async () => {
  await administrator.changeClient("acme", { secret: "a+b %/é" });
  const { exitCode, text } = await up("--refresh", "--debug");

  expect(exitCode).toBe(0);
  const secrets = Object.values(await stack.credentials()).map(({ clientSecret }) => clientSecret);
  expect(secrets).toHaveLength(4);
  expect(secrets).toContain("a+b %/é");
  // Counted: a failure must not print them either.
  const printed = (output: string) => secrets.filter((secret) => output.includes(secret)).length;
  expect(printed(text)).toBe(0);
  process.env["SCPCLOUD_PULUMI_SDK"] = "unchanged";
  const ofSdk = await up("--debug").finally(() => delete process.env["SCPCLOUD_PULUMI_SDK"]);
  expect(printed(ofSdk.text)).toBeGreaterThan(0);
  expect(await holderOf("acme")).toBe("acme");
  expect(await verify()).toMatch(/^✓ secrets: the tokens of 4 customers are what the settings promise/m);
});
