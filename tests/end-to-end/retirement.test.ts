import type { Credentials } from "../../outputs";
import { Administrator } from "./keycloak";
import { Meddler } from "./meddling";
import { Project, type StackFile } from "./project";
import { REALMS } from "./server";
import type { Stack } from "./stack";
import { claimsOf } from "./tokens";

const REALM = REALMS.retirement;
const STACK = "retirement";
const KEPT = { organizationId: "00000000-0000-4000-8000-000000000001" };
const LEAVING = { organizationId: "00000000-0000-4000-8000-000000000002" };

let project: Project;
let stack: Stack;
let administrator: Administrator;
let credentials: Credentials;

beforeAll(async () => {
  administrator = await Administrator.login(REALM);
  project = await Project.create();
  stack = await project.createStack(STACK, stackFile({ kept: KEPT, leaving: LEAVING }));
  await stack.up();
  credentials = await credentialsOf("leaving");
});

afterAll(async () => {
  await project.configure(STACK, { ...stackFile({ kept: KEPT }), "scpcloud:protect": false });
  await stack.up();
  await stack.destroy();
  await administrator.close();
  await project.remove();
});

const stackFile = (integrations: Record<string, unknown>): StackFile => ({
  ...project.connection(REALM),
  "scpcloud:protect": true,
  "scpcloud:accessTokenLifespan": 300,
  "scpcloud:integrations": integrations,
});

const credentialsOf = async (clientId: string): Promise<Credentials> => {
  const outputs = await stack.outputs();
  return (outputs["credentials"]?.value as Record<string, Credentials>)[clientId] as Credentials;
};

const clientIds = async () => (await administrator.clients()).map(({ clientId }) => clientId);

describe("a customer of a protected stack", () => {
  it("cannot be removed in one step", async () => {
    await project.configure(STACK, stackFile({ kept: KEPT }));

    for (const command of [["preview"], ["up", "--yes", "--skip-preview"]]) {
      const { exitCode, stdout } = await project.pulumi(...command, "--stack", STACK);
      expect(exitCode).not.toBe(0);
      expect(stdout).toMatch(/leaving-[^ ]+ cannot be deleted\s+because it is protected/);
    }
    expect(await clientIds()).toContain("leaving");
    expect(await claimsOf(credentials, REALM)).toMatchObject(LEAVING);
  });

  it("cannot lose its secret by another client id", async () => {
    await project.configure(STACK, stackFile({ renamed: KEPT, leaving: LEAVING }));
    expect((await project.pulumi("preview", "--stack", STACK)).exitCode).not.toBe(0);
  });

  it("gets no token once it is retired, which verify takes for right; the others go on", async () => {
    await project.configure(STACK, stackFile({ kept: KEPT, leaving: { ...LEAVING, retired: true } }));
    await stack.up();

    await expect(claimsOf(credentials, REALM)).rejects.toThrow("no token: 401");
    expect(await claimsOf(await credentialsOf("kept"), REALM)).toMatchObject(KEPT);
    const { exitCode, stdout } = await project.command("verify", "--stack", STACK);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("leaving: retired, gets no token");
    expect(stdout).toContain(
      "the tokens of 1 customer are what the settings promise; 1 retired one gets none; issuer ",
    );
  });

  it("comes back with its secret when it is retired no more", async () => {
    await project.configure(STACK, stackFile({ kept: KEPT, leaving: LEAVING }));
    await stack.up();
    expect(await claimsOf(credentials, REALM)).toMatchObject(LEAVING);
  });

  it("is not taken for retired before the deployment, though its secret is refused", async () => {
    await project.configure(STACK, stackFile({ kept: KEPT, leaving: { ...LEAVING, retired: true } }));
    await new Meddler(REALM).regenerateSecret("leaving");
    const { exitCode, stdout } = await project.command("verify", "--stack", STACK);
    expect(exitCode).toBe(1);
    expect(stdout).toContain("✗ leaving: retired, but its client is enabled; run: pulumi up --refresh");

    await stack.up({ refresh: true });
  });

  it("can be removed after that", async () => {
    await project.configure(STACK, stackFile({ kept: KEPT }));
    await stack.up();

    expect(await clientIds()).not.toContain("leaving");
    expect(await claimsOf(await credentialsOf("kept"), REALM)).toMatchObject(KEPT);
  });
});
