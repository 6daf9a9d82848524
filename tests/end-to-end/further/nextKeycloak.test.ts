import { Administrator } from "../keycloak.ts";
import { giveAdminApiScope, makeAdminApiScope, startNextKeycloak } from "../nextKeycloak.ts";
import { Project, SHOWN_BEFORE_CHANGE, type StackFile } from "../project.ts";
import type { Proxy } from "../proxy.ts";
import { DEPLOYERS, REALMS } from "../server.ts";
import type { Stack } from "../stack.ts";

const REALM = REALMS.next;
const STACK = "next";

const administrator = new Administrator(REALM);
let project: Project;
let proxy: Proxy;
let stack: Stack;

beforeAll(async () => {
  proxy = await startNextKeycloak();
  await makeAdminApiScope(administrator, REALM);
  for (const clientId of [DEPLOYERS.withoutRealm, DEPLOYERS.viewer]) {
    await giveAdminApiScope(administrator, clientId);
  }
  project = await Project.create();
  stack = await project.createStack(STACK, stackFile(DEPLOYERS.complete));
});

afterAll(async () => {
  proxy.close();
  await project.remove();
});

const stackFile = (deployer: string, changes: StackFile = {}): StackFile => ({
  ...project.connection(REALM),
  "keycloak:url": proxy.url,
  "keycloak:clientId": deployer,
  "scpcloud:requireHttps": false,
  "scpcloud:accessTokenLifespan": 300,
  "scpcloud:integrations": { acme: { organizationUser: "anna" } },
  ...changes,
});

const pulumi = (command: string, ...args: string[]) => project.pulumi(command, "--stack", STACK, ...args);
const command = (name: string, ...args: string[]) => project.command(name, "--stack", STACK, ...args);
const up = () => pulumi("up", "--yes", "--skip-preview");

describe("under the rules of Keycloak 26.8.2", () => {
  it("a deployer of yesterday is told by each command that it lacks the client scope kc-admin-api", async () => {
    for (const run of [() => pulumi("preview"), up, () => command("drift"), () => command("recover", "--yes")]) {
      const { exitCode, stdout, stderr } = await run();
      expect(stdout + stderr).toContain("kc-admin-api");
      expect(stdout + stderr).not.toContain("must be the secret");
      expect(exitCode).not.toBe(0);
    }
    const { exitCode, stdout } = await command("doctor");
    expect(stdout).toContain('✓ login: client "scpcloud-deployer" of realm Next is accepted');
    expect(stdout).toMatch(/✗ admin API: .*kc-admin-api/);
    expect(stdout).toContain("✗ next: preview, up, drift cannot work yet");
    expect(exitCode).toBe(1);
  });

  it("a deployer without manage-realm is told so by doctor and by up, and previews", async () => {
    await project.configure(STACK, stackFile(DEPLOYERS.withoutRealm));

    expect(await pulumi("preview")).toMatchObject({ exitCode: 0 });
    const doctor = await command("doctor");
    expect(doctor.stdout).toContain("✗ rights for up: the deployer lacks manage-realm of the client realm-management");
    expect(doctor.stdout).toContain("✗ next: up cannot work yet");
    const { exitCode, stdout } = await up();
    expect(stdout).toContain("manage-realm");
    expect(exitCode).not.toBe(0);
  });

  it("a deployer set up as docs/keycloak-versions.md says does everything", async () => {
    await giveAdminApiScope(administrator, DEPLOYERS.complete);
    await project.configure(STACK, stackFile(DEPLOYERS.complete));

    const results = [await up(), await command("doctor"), await command("verify"), await command("drift")];
    expect(results.map(({ exitCode, stdout }) => (exitCode === 0 ? "" : stdout))).toEqual(["", "", "", ""]);
    const { version } = await stack.exportStack();
    const credentials = await stack.credentials();
    await stack.importStack({ version, deployment: {} });
    expect(await command("recover", "--yes")).toMatchObject({ exitCode: 0 });
    expect(await stack.credentials()).toEqual(credentials);
  });

  it("a deployer who may only view previews and looks for drift without a false word", async () => {
    await project.configure(STACK, stackFile(DEPLOYERS.viewer));

    const preview = await pulumi("preview", "--expect-no-changes");
    expect(preview).toMatchObject({ exitCode: 0 });
    const { exitCode, stdout } = await command("drift");
    expect(stdout).not.toContain("regenerated the secret");
    expect(stdout).toContain("cannot be told, since Keycloak does not show them to the deployer:\n\n- acme");
    expect(exitCode).toBe(0);
    const doctor = await command("doctor");
    expect(doctor.stdout).toMatch(/^! secrets: the deployer may not see them/m);
    expect(doctor.stdout).toContain("✗ rights for up: the deployer lacks manage-clients, manage-realm");
    expect(doctor.exitCode).toBe(1);
  });

  it("a secret is renewed with overlap by a deployer who may, and one who may only view is refused", async () => {
    const rotating = (deployer: string) =>
      project.configure(STACK, stackFile(deployer, { "scpcloud:secretRotation": { overlapDays: 14 } }));
    const rotate = () => command("rotate", "--customer", "acme", "--again", "--yes");
    await giveAdminApiScope(administrator, DEPLOYERS.viewer);
    await rotating(DEPLOYERS.complete);
    expect(await up()).toMatchObject({ exitCode: 0 });
    const before = await stack.credentialsOf("acme");

    await rotating(DEPLOYERS.viewer);
    const refused = await rotate();
    await rotating(DEPLOYERS.complete);
    const { exitCode, stderr, stdout } = await rotate();

    expect(refused.stderr).toContain(
      "acme: Keycloak does not show the deployer its secret; who renews one needs the role manage-clients",
    );
    expect(refused.exitCode).toBe(1);
    expect([exitCode, stderr]).toEqual([0, expect.stringMatching(SHOWN_BEFORE_CHANGE)]);
    expect(stdout).toContain("acme: ✓ both secrets get tokens");
    expect((await stack.credentialsOf("acme")).clientSecret).not.toBe(before.clientSecret);
  });
});
