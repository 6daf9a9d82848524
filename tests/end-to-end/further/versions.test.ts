import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { PROVED_VERSIONS } from "../../../development/keycloak/keycloakVersions.ts";
import { lastingPort } from "../../../development/keycloak/ports.ts";
import { ADMIN_USER_ID, buildRealm, DEPLOYER_ROLES, REALM_NAME } from "../../../development/keycloak/realmImport.ts";
import { randomSecret } from "../../../development/keycloak/secrets.ts";
import { type EmbeddedServer, startServer } from "../../../development/keycloak/server.ts";
import { Administrator } from "../keycloak.ts";
import { committedStackFile, Project, type StackFile } from "../project.ts";
import { shareServer, signingKey } from "../server.ts";
import { claimsOf } from "../tokens.ts";

/** `npm run test:versions` names all of them. The daily tests take the oldest: all other files run on the newest. */
const VERSIONS =
  process.env["SCPCLOUD_TEST_VERSIONS"]?.split(",") ?? PROVED_VERSIONS.slice(-1).map(({ version }) => version);

const PRODUCTION = "Production";
/** A realm whose deployer has the roles that docs/configuration.md asks for, and no other. */
const LEAST_PRIVILEGE = "LeastPrivilege";
const LEAST_ROLES = ["manage-clients", "view-users", "view-realm"];
const DRIFT = 3;

describe.each(VERSIONS)("Keycloak %s", (version) => {
  let directory: string;
  let server: EmbeddedServer;
  let project: Project;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "scpcloud-versions-"));
    const deployerSecret = randomSecret();
    const realm = (name: string, adminId: string, deployerRoles: readonly string[]) =>
      buildRealm({
        realm: name,
        adminId,
        deployerSecret,
        adminPassword: randomSecret(),
        settings: signingKey(),
        deployerRoles,
        users: [{ username: "reporting@acme.example", enabled: true }],
      });
    server = await startServer({
      version,
      directory,
      port: await lastingPort(),
      publicUrl: "https://host.docker.internal:28443",
      realms: [
        realm(REALM_NAME, ADMIN_USER_ID, DEPLOYER_ROLES),
        realm(PRODUCTION, randomUUID(), DEPLOYER_ROLES),
        realm(LEAST_PRIVILEGE, randomUUID(), LEAST_ROLES),
      ],
    });
    shareServer({ ...server, deployerSecret });
    project = await Project.create();
  });

  afterAll(async () => {
    await project.remove();
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  });

  const stackFile = async (stack: string, realm: string): Promise<StackFile> => ({
    ...(await committedStackFile(stack)),
    ...project.connection(realm),
  });

  /** What a command said beside its exit code, so that a failure tells why. */
  const expectCommand = async (name: string, stack: string, exitCode: number, words: string) => {
    const result = await project.command(name, "--stack", stack, ...(name === "recover" ? ["--yes"] : []));
    expect(result).toMatchObject({ exitCode, stdout: expect.stringContaining(words) as string });
  };

  it("issues the development token field for field, finds and repairs drift, and heals a lost state", async () => {
    const stack = await project.createStack("dev", await stackFile("dev", REALM_NAME));
    await stack.up();

    const credentials = await stack.credentialsOf("integration-api-service");
    const { exp, iat, jti, sub, clientHost, clientAddress, ...rest } = await claimsOf(credentials, REALM_NAME);
    expect(rest).toEqual({
      iss: "https://host.docker.internal:28443/realms/ScpCloud",
      aud: ["scpCloud", "account"],
      typ: "Bearer",
      azp: "integration-api-service",
      client_id: "integration-api-service",
      "allowed-origins": ["/*"],
      resource_access: { account: { roles: ["manage-account", "manage-account-links", "view-profile"] } },
      scope: "",
      organizationId: ADMIN_USER_ID,
    });
    // A second may begin while Keycloak makes the token.
    expect([1800, 1801]).toContain(Number(exp) - Number(iat));
    expect([jti, sub, clientHost, clientAddress].map((claim) => typeof claim)).toEqual(Array(4).fill("string"));
    await expectCommand("verify", "dev", 0, "✓ dev: the tokens of 1 customer are what the settings promise");
    await expectCommand("drift", "dev", 0, "✓ dev: no drift");

    await new Administrator(REALM_NAME).changeClient("integration-api-service", { directAccessGrantsEnabled: true });
    await expectCommand("drift", "dev", DRIFT, "someone switched on direct access grants");
    await stack.up({ refresh: true });

    const { version: format } = await stack.exportStack();
    await stack.importStack({ version: format, deployment: {} });
    await expectCommand("recover", "dev", 0, "the stack is at its target");
    expect(await stack.credentialsOf("integration-api-service")).toEqual(credentials);
    await stack.preview({ expectNoChanges: true, refresh: true });
  });

  it("issues the lean production token, and renews a secret while the previous one works on", async () => {
    const file = await stackFile("prod", PRODUCTION);
    const stack = await project.createStack("prod", { ...file, "scpcloud:secretRotation": { overlapDays: 14 } });
    await stack.up();

    const previous = await stack.credentialsOf("acme-reporting");
    const claims = await claimsOf(previous, PRODUCTION);
    expect(Object.keys(claims).sort()).toEqual(
      "aud azp clientAddress clientHost client_id exp iat iss jti organizationId scope sub typ".split(" "),
    );
    expect(claims["aud"]).toBe("scpCloud");
    await expectCommand("verify", "prod", 0, "✓ prod");
    // The secret is younger than those that are renewed otherwise.
    const args = ["--stack", "prod", "--customer", "acme-reporting", "--again", "--yes"];
    expect(await project.command("rotate", ...args)).toMatchObject({ exitCode: 0 });

    const present = await stack.credentialsOf("acme-reporting");
    expect(present.clientSecret).not.toBe(previous.clientSecret);
    const both = await Promise.all([previous, present].map((one) => claimsOf(one, PRODUCTION)));
    expect(both.map(({ organizationId }) => organizationId)).toEqual(Array(2).fill(claims["organizationId"]));
  });

  it(`lets a deployer with ${LEAST_ROLES.join(", ")} deploy, update and take down`, async () => {
    const file = await stackFile("prod", LEAST_PRIVILEGE);
    const stack = await project.createStack("least", file);
    await stack.up();
    await project.configure("least", { ...file, "scpcloud:accessTokenLifespan": 600 });
    await stack.up();
    await stack.preview({ expectNoChanges: true, refresh: true });
    await expectCommand("verify", "least", 0, "✓ least");
    await expectCommand("doctor", "least", 0, "✓ least: preview, up, verify, drift can work");
    await stack.destroy();
  });
});
