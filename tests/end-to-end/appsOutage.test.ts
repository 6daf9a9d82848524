import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import type { Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Stack } from "@pulumi/pulumi/automation";

import { lastLogLines } from "../../components/engine/containerState";
import { randomSecret } from "../../development/keycloak/secrets";
import { type EmbeddedServer, startServer } from "../../development/keycloak/server";
import { connect } from "../../keycloak/http";
import { fetchToken } from "../../keycloak/tokens";
import type { Credentials } from "../../outputs";
import { OPERATION_ENTRIES, operationEntriesOf } from "../../development/stand-ins/operationEntries";
import { describeWithEngine, dockerEngine, relayToContainers } from "./engine";
import { lastingPort } from "../../development/keycloak/ports";
import { Project } from "./project";
import { realmOfTests } from "./server";
import {
  appsOf,
  ask,
  callBff,
  concurrently,
  ownStackName,
  type ServiceAnswer,
  type Services,
  servicesOf,
} from "./services";
import { until } from "./until";

const REALM = "Outage";
const STACK = ownStackName("outage");
const numbered = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
/** They call all the time. */
const REGULARS = numbered("regular", 20);
/** They call for the first time when Keycloak is down. */
const LATECOMERS = numbered("late", 5);
/** It calls for the first time when Keycloak hangs. */
const UNLUCKY = "unlucky";
const CUSTOMERS = [...REGULARS, ...LATECOMERS, UNLUCKY];
const ORGANIZATIONS: ReadonlyMap<string, string> = new Map(
  CUSTOMERS.map((customer, index) => [customer, [...OPERATION_ENTRIES.keys()][index] ?? randomUUID()]),
);
const UNAVAILABLE = { status: 503, body: { error: "token service unavailable" }, retryAfter: 5 };
/** The BFF gives Keycloak 5 seconds; the rest is for a machine that is busy. */
const LIMIT_MILLISECONDS = 60_000;

describeWithEngine("BFF and API in containers, under load and without Keycloak", (images) => {
  const deployerSecret = randomSecret();
  let directory: string;
  let port: number;
  let keycloak: EmbeddedServer;
  let relay: Server | undefined;
  let project: Project;
  let stack: Stack;
  let services: Services;
  let credentials: Readonly<Record<string, Credentials>>;

  /** Goes on with the same data; nothing happens if it runs already. */
  const startKeycloak = () =>
    startServer({
      directory,
      port,
      publicUrl: "https://host.docker.internal:28443",
      realms: [realmOfTests(REALM, deployerSecret)],
    });

  beforeAll(async () => {
    // A server of its own: while it is stopped, the shared one serves other files.
    directory = await mkdtemp(join(tmpdir(), "scpcloud-outage-"));
    port = await lastingPort();
    keycloak = await startKeycloak();
    relay = await relayToContainers({ answers: true, images }, keycloak.url);
    project = await Project.create({ ...keycloak, deployerSecret });
    services = await servicesOf(images);
    stack = await project.createStack(STACK, {
      ...project.connection(REALM),
      ...appsOf(services, keycloak.url),
      "scpcloud:accessTokenLifespan": 1800,
      "scpcloud:integrations": Object.fromEntries(
        [...ORGANIZATIONS].map(([customer, organizationId]) => [customer, { organizationId }]),
      ),
    });
    const { outputs } = await stack.up();
    credentials = outputs["credentials"]?.value as Record<string, Credentials>;
  });

  afterAll(async () => {
    await startKeycloak();
    await stack.destroy();
    relay?.close();
    await keycloak.stop();
    await project.remove();
    await rm(directory, { recursive: true, force: true });
  });

  const call = (customer: string) => callBff(services.bffUrl, credentials[customer] as Credentials);

  const expectServed = (customer: string, { status, body }: ServiceAnswer) => {
    expect({ customer, status, body }).toEqual({
      customer,
      status: 200,
      body: operationEntriesOf(ORGANIZATIONS.get(customer) ?? ""),
    });
  };

  const logOf = (service: string): Promise<string[]> =>
    lastLogLines(dockerEngine(), `scpcloud-${STACK}-${service}`, 1_000_000);

  /** The customers for whom the BFF asked Keycloak, once for each time. */
  const tokenRequests = async (): Promise<string[]> =>
    (await logOf("web-production-bff"))
      .map((line) => JSON.parse(line) as { readonly event: string; readonly clientId: string })
      .filter(({ event }) => event === "token request")
      .map(({ clientId }) => clientId);

  const expectNothingSecretIn = (text: string) => {
    const secrets = Object.values(credentials).flatMap(({ clientSecret, basic }) => [
      clientSecret,
      basic.replace("Basic ", ""),
    ]);
    expect(secrets).toHaveLength(2 * CUSTOMERS.length);
    expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
    // So begins every JSON Web Token.
    expect(text).not.toContain("eyJ");
  };

  it("serve 1,000 calls, 20 at a time, with one token request per customer", async () => {
    // Four calls of a customer go off at once, also the first ones, when none of them finds a token.
    const calls = Array.from({ length: 1000 }, (_, index) => REGULARS[Math.floor(index / 4) % 20] as string);

    const answers = await concurrently(
      calls.map((customer) => async () => ({ customer, answer: await call(customer) })),
      20,
    );

    const [half, most, all] = percentiles(
      answers.map(({ answer }) => answer.milliseconds),
      [50, 95, 100],
    );
    console.log(`1,000 calls, 20 at a time: p50 ${half} ms, p95 ${most} ms, max ${all} ms`);
    expect(answers).toHaveLength(1000);
    answers.forEach(({ customer, answer }) => expectServed(customer, answer));
    expect((await tokenRequests()).sort()).toEqual([...REGULARS].sort());
  });

  describe("while Keycloak is down", () => {
    let token: string;

    beforeAll(async () => {
      const connection = connect(keycloak);
      token = await fetchToken(connection, REALM, credentials["regular-0"]?.basic ?? "");
      await connection.close();
      await keycloak.stop();
    });

    it("go on for a customer whose token is cached", async () => {
      for (const customer of REGULARS) {
        expectServed(customer, await call(customer));
      }
    });

    it("accept a token at the API, which knows the keys", async () => {
      expectServed("regular-0", await ask(services.apiUrl, `Bearer ${token}`));
    });

    it("tell a customer without a cached token in time to come again, and nothing else", async () => {
      const alone = await call("late-0");
      // Twice each: those that wait for the same token get the same answer.
      const together = await Promise.all([...LATECOMERS, ...LATECOMERS].map(call));

      for (const answer of [alone, ...together]) {
        expect(answer).toMatchObject(UNAVAILABLE);
        expect(answer.milliseconds).toBeLessThan(LIMIT_MILLISECONDS);
        expectNothingSecretIn(answer.text);
      }
    });

    it("serve whom they have turned away as soon as Keycloak is back, untouched themselves", async () => {
      const containers = await startTimes();

      keycloak = await startKeycloak();

      for (const customer of LATECOMERS) {
        expectServed(
          customer,
          await until(
            () => call(customer),
            ({ status }) => status === 200,
          ),
        );
      }
      expect(await startTimes()).toEqual(containers);
    });
  });

  it("answer in time while Keycloak hangs, and go on when it does", async () => {
    process.kill(keycloak.processId, "SIGSTOP");
    try {
      const [unlucky, ...regulars] = await Promise.all([UNLUCKY, ...REGULARS].map(call));

      expect(unlucky).toMatchObject(UNAVAILABLE);
      expect(unlucky?.milliseconds).toBeLessThan(LIMIT_MILLISECONDS);
      regulars.forEach((answer, index) => expectServed(REGULARS[index] as string, answer));
    } finally {
      process.kill(keycloak.processId, "SIGCONT");
    }
    const isServed = ({ status }: ServiceAnswer) => status === 200;
    expectServed(UNLUCKY, await until(() => call(UNLUCKY), isServed));
  });

  it.each(["web-production-bff", "production-api"])(
    "have written no secret and no token to the log of %s",
    async (service) => {
      const log = (await logOf(service)).join("\n");

      expect(log).toContain('"event":"started"');
      expectNothingSecretIn(log);
    },
  );

  /** When each container was started: it changes if one is restarted or made anew. */
  async function startTimes(): Promise<string[]> {
    const answers = await Promise.all(
      ["web-production-bff", "production-api"].map((service) =>
        dockerEngine().request("GET", `/containers/scpcloud-${STACK}-${service}/json`),
      ),
    );
    return answers.map(({ body }) => (JSON.parse(body.toString()) as { State: { StartedAt: string } }).State.StartedAt);
  }
});

/** The least values that so many percent of all do not exceed. */
function percentiles(values: readonly number[], percents: readonly number[]): number[] {
  const sorted = [...values].sort((one, other) => one - other);
  return percents.map((percent) => Math.round(sorted[Math.ceil((percent / 100) * sorted.length) - 1] ?? Number.NaN));
}
