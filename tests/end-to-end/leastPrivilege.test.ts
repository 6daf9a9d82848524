import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { buildRealm } from "../../development/keycloak/realmImport";
import { randomSecret } from "../../development/keycloak/secrets";
import { type EmbeddedServer, startServer } from "../../development/keycloak/server";
import { lastingPort } from "./ports";
import { committedStackFile, Project } from "./project";

/**
 * The roles that docs/configuration.md asks for. On an older server, since from 26.4 on the plugin that is built from Go
 * modules needs manage-realm too, to see the server's version.
 */
const ROLES = ["manage-clients", "view-users", "view-realm"];
const VERSION = "26.3.5";

let directory: string;
let server: EmbeddedServer;
let project: Project;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "scpcloud-least-privilege-"));
  const deployerSecret = randomSecret();
  server = await startServer({
    version: VERSION,
    directory,
    port: await lastingPort(),
    publicUrl: "https://host.docker.internal:28443",
    realms: [buildRealm({ deployerSecret, adminPassword: randomSecret(), deployerRoles: ROLES })],
  });
  project = await Project.create({ ...server, deployerSecret });
});

afterAll(async () => {
  await project.remove();
  await server.stop();
  await rm(directory, { recursive: true, force: true });
});

describe("a deployer with manage-clients, view-users and view-realm only", () => {
  it("deploys the development stack, updates it and takes it down again", async () => {
    const stackFile = { ...(await committedStackFile("dev")), ...project.connection("ScpCloud") };
    const stack = await project.createStack("dev", stackFile);

    await stack.up();
    await project.configure("dev", { ...stackFile, "scpcloud:accessTokenLifespan": 600 });
    await stack.up();
    await stack.preview({ expectNoChanges: true, refresh: true });
    const { exitCode, stdout } = await project.command("verify", "--stack", "dev");
    expect(stdout).toContain("✓ dev: the tokens of 1 customer are what the settings promise");
    expect(exitCode).toBe(0);

    const { summary } = await stack.destroy();
    expect(summary.result).toBe("succeeded");
  });
});
