import { basicAuthorization } from "../../contract/credentials.ts";
import { decodeJwt } from "jose";

import { operationEntriesOf } from "../../development/stand-ins/api.ts";
import { fetchToken } from "../../keycloak/tokens.ts";
import type { Credentials } from "../../outputs.ts";
import {
  ask,
  callBff,
  concurrently,
  type Containers,
  containersFile,
  containersOf,
  mainFile,
  ownStackName,
} from "./containers.ts";
import { describeWithEngine, dockerEngine, namesOnEngine } from "./engine.ts";
import { Project } from "./project.ts";
import { DEPLOYERS, serverOfTests } from "./server.ts";
import { Stack } from "./stack.ts";
import { connected, otherTokens } from "./tokens.ts";

const REALM = "Containers";
const STACK = ownStackName("containers");
const ORGANIZATIONS = {
  kestrel: "11111111-1111-4111-8111-111111111111",
  merlin: "22222222-2222-4222-8222-222222222222",
  osprey: "33333333-3333-4333-8333-333333333333",
} as const;
const UNAUTHORIZED = '{"error":"unauthorized"}';
type Customer = keyof typeof ORGANIZATIONS;
const CUSTOMERS = Object.keys(ORGANIZATIONS) as Customer[];

describeWithEngine("BFF and API in containers", (images) => {
  let project: Project;
  let main: Stack;
  let stack: Stack;
  let services: Containers;

  beforeAll(async () => {
    project = await Project.create(REALM);
    services = await containersOf(images);
    main = await Stack.createIn(project, STACK, mainFile(ORGANIZATIONS));
    await main.up();
    stack = await Stack.createIn(project.services(), STACK, containersFile(services));
    await stack.up();
  });

  afterAll(async () => {
    await stack.destroy();
    await main.destroy();
    await project.remove();
  });

  it("show each customer its own organization's entries, and never another's", async () => {
    const credentials = await main.credentials();
    const calls = Array.from({ length: 60 }, (_, index) => CUSTOMERS[index % CUSTOMERS.length] as Customer);

    const answers = await concurrently(
      calls.map((customer) => async () => ({
        customer,
        ...(await callBff(services.bffUrl, credentials[customer] as Credentials)),
      })),
      20,
    );

    for (const { customer, status, body, text } of answers) {
      expect(status).toBe(200);
      expect(body).toEqual(operationEntriesOf(ORGANIZATIONS[customer]));
      expect((body as { operationEntries: unknown[] }).operationEntries).toHaveLength(3);
      for (const other of CUSTOMERS.filter((name) => name !== customer)) {
        expect(text).not.toContain(ORGANIZATIONS[other]);
      }
    }
    expect(answers).toHaveLength(60);
  });

  it("change nothing at a second preview, which reads the engine again", async () => {
    await stack.preview({ expectNoChanges: true, refresh: true });
  });

  it("are configured with exactly what the outputs say, and locked down", async () => {
    const outputs = await main.outputs();
    for (const [service, output] of [
      ["web-production-bff", "bffEnvironment"],
      ["production-api", "apiEnvironment"],
    ] as const) {
      const { body } = await dockerEngine().request("GET", `/containers/scpcloud-${STACK}-${service}/json`);
      const { Config, HostConfig } = JSON.parse(body.toString()) as {
        Config: { Env: string[] };
        HostConfig: Record<string, unknown>;
      };
      const emitted = Object.entries(outputs[output] as Record<string, string>);
      expect(Config.Env).toEqual(expect.arrayContaining(emitted.map(([name, value]) => `${name}=${value}`)));
      expect(HostConfig).toMatchObject({
        ReadonlyRootfs: true,
        CapDrop: ["ALL"],
        SecurityOpt: ["no-new-privileges"],
        Memory: 256 * 1024 * 1024,
        RestartPolicy: { Name: "unless-stopped" },
        ExtraHosts: ["host.docker.internal:host-gateway"],
      });
    }
    expect((await stack.outputs())["containers"]).toEqual({
      api: `scpcloud-${STACK}-production-api`,
      bff: `scpcloud-${STACK}-web-production-bff`,
    });
  });

  it("refuse with the same 401 whoever has no secret, and every token that is not a customer's access token", async () => {
    const kestrel = await main.credentialsOf("kestrel");
    const deployer = basicAuthorization(DEPLOYERS.complete, serverOfTests().deployerSecret);
    // It lacks the audience.
    const anothersToken = await connected((keycloak) => fetchToken(keycloak, REALM, deployer));
    const { idToken, boundToken } = await otherTokens(REALM, kestrel.basic);
    expect(decodeJwt(idToken)["typ"]).toBe("ID");
    expect(decodeJwt(boundToken)).toMatchObject({ aud: "scpCloud", cnf: expect.anything() as unknown });

    // Also while a token for the right secret is cached.
    expect((await callBff(services.bffUrl, kestrel)).status).toBe(200);
    for (const authorization of [
      undefined,
      "Basic %%%",
      basicAuthorization("kestrel", "wrong"),
      basicAuthorization("nobody", "secret"),
    ]) {
      expect(await ask(services.bffUrl, authorization)).toMatchObject({ status: 401, text: UNAUTHORIZED });
    }
    for (const token of [anothersToken, idToken, boundToken]) {
      expect(await ask(services.apiUrl, `Bearer ${token}`)).toMatchObject({ status: 401, text: UNAUTHORIZED });
    }
  });

  it("take a second issuer for a move of hosts, which changes the API's container only", async () => {
    const moved = {
      ...mainFile(ORGANIZATIONS),
      "scpcloud:publicUrl": "https://keycloak.moved.example",
      "scpcloud:api": { additionalIssuers: [`https://host.docker.internal:28443/realms/${REALM}`] },
    };
    await main.configure(moved);
    const up = ["up", "--yes", "--skip-preview", "--diff", "--stack", STACK];
    const { exitCode, stdout } = await project.services().pulumi(...up);

    expect(exitCode).toBe(0);
    expect(stdout.match(/^ *\+-docker:index\/container:Container/gm)).toHaveLength(1);
    expect(stdout).toContain("Authentication__Schemes__Bearer__ValidIssuers__1=https://host.docker.internal:28443/");
    expect((await callBff(services.bffUrl, await main.credentialsOf("kestrel"))).status).toBe(200);
    await main.configure(mainFile(ORGANIZATIONS));
  });

  it("leave nothing on the engine when the stack is destroyed", async () => {
    expect(await namesOnEngine(STACK)).toEqual([
      `container scpcloud-${STACK}-certificates`,
      `container scpcloud-${STACK}-production-api`,
      `container scpcloud-${STACK}-web-production-bff`,
      `network scpcloud-${STACK}`,
      `volume scpcloud-${STACK}-certificates`,
    ]);

    await stack.destroy();

    expect(await namesOnEngine(STACK)).toEqual([]);
  });
});
