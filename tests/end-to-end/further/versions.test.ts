import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { PROVED_VERSIONS } from "../../../development/keycloak/keycloakVersions.ts";
import { lastingPort } from "../../../development/keycloak/ports.ts";
import { REALM_NAME } from "../../../development/keycloak/realmImport.ts";
import { randomSecret } from "../../../development/keycloak/secrets.ts";
import { type EmbeddedServer, startServer } from "../../../development/keycloak/server.ts";
import { Administrator } from "../keycloak.ts";
import { committedStackFile, type StackFile } from "../project.ts";
import { DEPLOYERS, realmOfTests, shareServer } from "../server.ts";
import { Stack } from "../stack.ts";
import { claimsOf, expectOriginalToken } from "../tokens.ts";

/** `npm run test:versions` names all of them. The daily tests take the oldest: all other files run on the newest. */
const VERSIONS =
  process.env["SCPCLOUD_TEST_VERSIONS"]?.split(",") ?? PROVED_VERSIONS.slice(-1).map(({ version }) => version);

const PRODUCTION = "Production";
const DRIFT = 3;

describe.each(VERSIONS)("Keycloak %s", (version) => {
  let directory: string;
  let server: EmbeddedServer;
  const stacks: Stack[] = [];

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "scpcloud-versions-"));
    const deployerSecret = randomSecret();
    server = await startServer({
      version,
      directory,
      port: await lastingPort(),
      publicUrl: "https://host.docker.internal:28443",
      realms: [realmOfTests(REALM_NAME, deployerSecret)],
    });
    shareServer({ ...server, deployerSecret });
  });

  afterAll(async () => {
    await Promise.all(stacks.map(({ project }) => project.remove()));
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  });

  const createStack = async (realm: string, name: "dev" | "prod", changes: StackFile = {}) => {
    const stack = await Stack.create(realm, name, { ...(await committedStackFile(name)), ...changes });
    stacks.push(stack);
    await stack.up();
    return stack;
  };

  /** What a command said beside its exit code, so that a failure tells why. */
  const expectCommand = async (stack: Stack, command: string, exitCode: number, words: string) => {
    const [verb = "", ...args] = command.split(" ");
    const result = await stack.command(verb, ...args);
    expect(result).toMatchObject({ exitCode, stdout: expect.stringContaining(words) as string });
  };

  it("issues the development token field for field, finds and repairs drift, and heals a lost state", async () => {
    const stack = await createStack(REALM_NAME, "dev");

    const credentials = await stack.credentialsOf("integration-api-service");
    await expectOriginalToken(credentials);
    await expectCommand(stack, "verify", 0, "✓ dev: the tokens of 1 customer are what the settings promise");
    await expectCommand(stack, "drift", 0, "✓ dev: no drift");

    await new Administrator(REALM_NAME).changeClient("integration-api-service", { directAccessGrantsEnabled: true });
    await expectCommand(stack, "drift", DRIFT, "someone switched on direct access grants");
    await stack.up({ refresh: true });

    const { version: format } = await stack.exportStack();
    await stack.importStack({ version: format, deployment: {} });
    await expectCommand(stack, "recover --yes", 0, "the stack is at its target");
    expect(await stack.credentialsOf("integration-api-service")).toEqual(credentials);
    await stack.preview({ expectNoChanges: true, refresh: true });
  });

  it("issues the lean production token, and renews a secret while the previous one works on", async () => {
    const stack = await createStack(PRODUCTION, "prod", { "scpcloud:secretRotation": { overlapDays: 14 } });

    const previous = await stack.credentialsOf("acme-reporting");
    const claims = await claimsOf(previous, PRODUCTION);
    expect(Object.keys(claims).sort()).toEqual(
      "aud azp clientAddress clientHost client_id exp iat iss jti organizationId scope sub typ".split(" "),
    );
    expect(claims["aud"]).toBe("scpCloud");
    await expectCommand(stack, "verify", 0, "✓ prod");
    // The secret is younger than those that are renewed otherwise.
    await expectCommand(stack, "rotate --customer acme-reporting --again --yes", 0, "both secrets get tokens");

    const present = await stack.credentialsOf("acme-reporting");
    expect(present.clientSecret).not.toBe(previous.clientSecret);
    const both = await Promise.all([previous, present].map((one) => claimsOf(one, PRODUCTION)));
    expect(both.map(({ organizationId }) => organizationId)).toEqual(Array(2).fill(claims["organizationId"]));
  });

  it("lets a deployer with the roles that docs/configuration.md asks for, and no other, deploy, update and take down", async () => {
    const deployer = { "keycloak:clientId": DEPLOYERS.withoutRealm };
    const stack = await createStack("LeastPrivilege", "prod", deployer);
    await stack.configure({ ...(await committedStackFile("prod")), ...deployer, "scpcloud:accessTokenLifespan": 600 });
    await stack.up();
    await stack.preview({ expectNoChanges: true, refresh: true });
    await expectCommand(stack, "verify", 0, "✓ prod");
    await expectCommand(stack, "doctor", 0, "✓ prod: preview, up, verify, drift can work");
    await stack.destroy();
  });
});
