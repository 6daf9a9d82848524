import { basicAuthorization } from "../../contract/credentials.ts";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { generateX25519Identity, identityToRecipient } from "age-encryption";

import { fetchToken } from "../../keycloak/tokens.ts";
import type { Credentials } from "../../outputs.ts";
import { Administrator } from "./keycloak.ts";
import type { StackFile } from "./project.ts";
import { DEPLOYERS, serverOfTests } from "./server.ts";
import { Stack } from "./stack.ts";
import { startStandIns } from "./standIns.ts";
import { claimsOf, connected } from "./tokens.ts";

const REALM = "LifeOfCustomer";
const STACK = "life";
const OLD = 3;
const ORGANIZATION = "00000000-0000-4000-8000-00000000000";

const ACME = { organizationUser: "anna", name: "Acme Ltd." };
const KEPT = { organizationId: `${ORGANIZATION}1` };
const LEAVING = { organizationId: `${ORGANIZATION}2` };
const GONE = { organizationId: `${ORGANIZATION}3` };
const RETIRED = { retired: true };

const administrator = new Administrator(REALM);
let stack: Stack;
/** Of acme, as they were first handed over. */
let first: Credentials;

const stackFile = (integrations: object, changes: StackFile = {}): StackFile => ({
  "scpcloud:backchannelUrl": serverOfTests().url,
  "scpcloud:bff": { publicUrl: "https://api.scpcloud.example" },
  "scpcloud:contact": "ScpCloud support, support@scpcloud.example",
  "scpcloud:protect": true,
  "scpcloud:accessTokenLifespan": 300,
  "scpcloud:integrations": integrations,
  ...changes,
});
const clientIds = async () => (await administrator.clients()).map(({ clientId }) => clientId);
const organizationOf = async (credentials: Credentials) => (await claimsOf(credentials, REALM))["organizationId"];

beforeAll(async () => {
  const integrations = { acme: ACME, gone: GONE, kept: KEPT, leaving: { ...LEAVING, ...RETIRED } };
  stack = await Stack.create(REALM, STACK, stackFile(integrations));
  await stack.up();
  first = await stack.credentialsOf("acme");
});

afterAll(() => stack.project.remove());

describe("customers", () => {
  const customers = (...args: string[]) => stack.command("customers", ...args);
  interface Report {
    readonly customers: readonly { readonly clientId: string; readonly state: string }[];
    readonly oldSecrets: readonly string[];
  }

  it("lists a stack's customers with the age of their secrets, for somebody who may only look", async () => {
    await administrator.send("POST", "/clients", { clientId: "made-by-hand", serviceAccountsEnabled: true });
    await administrator.deleteClient("gone");
    const integrations = {
      acme: ACME,
      gone: GONE,
      kept: KEPT,
      leaving: { ...LEAVING, ...RETIRED },
      "made-by-hand": { organizationId: `${ORGANIZATION}4` },
      new: { organizationId: `${ORGANIZATION}5` },
    };
    await stack.configure(stackFile(integrations, { "keycloak:clientId": DEPLOYERS.withoutClients }));

    const table = await customers();
    const data = JSON.parse((await customers("--json")).stdout) as Report;

    expect([table.exitCode, table.stderr]).toEqual([0, ""]);
    expect(table.stdout).toContain("Acme Ltd.");
    expect(data.customers.map(({ clientId, state }) => [clientId, state])).toEqual([
      ["acme", "active"],
      ["gone", "missing in Keycloak"],
      ["kept", "active"],
      ["leaving", "retired"],
      ["made-by-hand", "only in Keycloak"],
      ["new", "not deployed yet"],
    ]);
    expect(data.customers[0]).toMatchObject({
      name: "Acme Ltd.",
      organization: { user: "anna", id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string },
      secret: { created: expect.any(String) as string, ageInDays: 0 },
    });
    expect(data.oldSecrets).toEqual([]);
  });

  it("fails with a status of its own where a secret in use is older than wanted, or its age is not known", async () => {
    await administrator.changeClient("acme", { attributes: { "client.secret.creation.time": "1700000000" } });

    const table = await customers("--older-than", "365d");
    const data = await customers("--older-than", "365d", "--json");
    const young = await customers("--older-than", "36500d");
    const wrong = await customers("--older-than", "a year");
    await administrator.changeClient("acme", { attributes: { "client.secret.creation.time": "" } });
    const unknown = await customers("--older-than", "36500d");

    expect([table, data, young, unknown].map(({ exitCode }) => exitCode)).toEqual([OLD, OLD, 0, OLD]);
    expect(table.stdout).toMatch(/^✗ acme: the secret is \d+ days old, more than 365; /m);
    expect((JSON.parse(data.stdout) as Report).oldSecrets).toEqual(["acme"]);
    expect(unknown.stdout).toMatch(/^✗ acme: Keycloak does not know how old the secret is; renew it /m);
    expect([wrong.exitCode, wrong.stderr]).toEqual([2, "--older-than must be a number of days, such as 365d.\n"]);
  });

  it("prints no secret, neither as a table nor as data", async () => {
    const clients = await Promise.all(["acme", "leaving", "made-by-hand"].map((id) => administrator.client(id)));
    stack.project.expectUnprinted(clients.map(({ secret = "" }) => secret));
  });
});

describe("a customer of a protected stack", () => {
  it("can neither be removed in one step nor lose its secret by another client id", async () => {
    const before = await clientIds();
    for (const [integrations, clientId, ...run] of [
      [{ acme: ACME, kept: KEPT, leaving: { ...LEAVING, ...RETIRED } }, "gone", "up", "--yes", "--skip-preview"],
      [{ acme: ACME, gone: GONE, renamed: KEPT, leaving: { ...LEAVING, ...RETIRED } }, "kept", "preview"],
    ] as const) {
      await stack.configure(stackFile(integrations));
      const { exitCode, stdout } = await stack.pulumi(...run);
      expect(exitCode).not.toBe(0);
      expect(stdout).toMatch(new RegExp(`${clientId}-[^ ]+ cannot be deleted\\s+because it is protected`));
    }
    expect(await clientIds()).toEqual(expect.arrayContaining(before));
    expect(await claimsOf(await stack.credentialsOf("kept"), REALM)).toMatchObject(KEPT);
  });

  it("goes on with its secret once it is retired no more; and gets a second client beside the first", async () => {
    const { secret = "" } = await administrator.client("leaving");
    await expect(
      claimsOf({ clientSecret: secret, basic: basicAuthorization("leaving", secret) }, REALM),
    ).rejects.toThrow("401");
    const integrations = { acme: ACME, "acme-2": { successorOf: "acme" }, gone: GONE, kept: KEPT, leaving: LEAVING };
    await stack.configure(stackFile(integrations));
    await stack.up({ refresh: true });

    const leaving = await stack.credentialsOf("leaving");
    expect(leaving.clientSecret).toBe(secret);
    expect(await claimsOf(leaving, REALM)).toMatchObject(LEAVING);
    expect(await stack.credentialsOf("acme")).toEqual(first);
    const next = await stack.credentialsOf("acme-2");
    expect(await organizationOf(next)).toBe(await organizationOf(first));

    const recipient = await identityToRecipient(await generateX25519Identity());
    const handover = await stack.command("handover", "--customer", "acme-2", "--recipient", recipient, "--yes");
    expect(handover.exitCode).toBe(0);
    const customers = await stack.command("customers");
    expect(customers.stdout).toMatch(/│ acme-2 +│.*│ acme +│/);
    const record = await readFile(join(stack.project.directory, `handovers.${STACK}.json`), "utf8");
    const secrets = [first, next].flatMap((one) => Object.values(one) as string[]);
    stack.project.expectUnprinted(secrets);
    expect(secrets.filter((secret) => record.includes(secret))).toEqual([]);
  });

  it("is not taken for retired before the deployment, though its secret is refused", async () => {
    const retired = { acme: { ...ACME, ...RETIRED }, leaving: { ...LEAVING, ...RETIRED } };
    await stack.configure(stackFile({ ...retired, "acme-2": { successorOf: "acme" }, gone: GONE, kept: KEPT }));
    await administrator.regenerateSecret("leaving");

    const { exitCode, stdout } = await stack.command("verify");

    expect(exitCode).toBe(3);
    expect(stdout).toContain("✗ leaving: retired, but its client is enabled; run: pulumi up --refresh");
  });

  it("gets no token once it is retired, which verify takes for right; a token of before works on until it expires", async () => {
    const token = await connected((keycloak) => fetchToken(keycloak, REALM, first.basic));
    await stack.up({ refresh: true });

    await expect(claimsOf(first, REALM)).rejects.toThrow("no token: 401");
    expect(await claimsOf(await stack.credentialsOf("kept"), REALM)).toMatchObject(KEPT);
    const { exitCode, stdout } = await stack.command("verify");
    expect(exitCode).toBe(0);
    expect(stdout).toContain("acme: retired, gets no token");
    expect(stdout).toContain(
      "the tokens of 3 customers are what the settings promise; 2 retired ones get none; issuer ",
    );
    const services = await startStandIns(stack);
    try {
      const answer = await fetch(`${services.apiUrl}/operation-entries`, {
        headers: { authorization: `Bearer ${token}` },
      });
      expect(answer.status).toBe(200);
    } finally {
      await services.stop();
    }
  });

  it("can be removed after that; its successor takes its place, and nobody else notices", async () => {
    const next = await stack.credentialsOf("acme-2");
    const organization = await organizationOf(next);
    await stack.configure(stackFile({ "acme-2": ACME, gone: GONE, kept: KEPT }));
    await stack.up();

    const left = await clientIds();
    expect(left).toEqual(expect.arrayContaining(["acme-2", "kept"]));
    expect(left.filter((id) => ["acme", "leaving"].includes(id))).toEqual([]);
    expect(await stack.credentialsOf("acme-2")).toEqual(next);
    expect(await organizationOf(next)).toBe(organization);
    expect(await claimsOf(await stack.credentialsOf("kept"), REALM)).toMatchObject(KEPT);
  });
});
