import { Administrator } from "../keycloak.ts";
import { giveAdminApiScope, makeAdminApiScope, startNextKeycloak } from "../nextKeycloak.ts";
import { SHOWN_BEFORE_CHANGE, type StackFile } from "../project.ts";
import type { Listener } from "../proxy.ts";
import { DEPLOYERS } from "../server.ts";
import { Stack } from "../stack.ts";

const REALM = "Next";
const STACK = "next";

const administrator = new Administrator(REALM);
let proxy: Listener;
let stack: Stack;

beforeAll(async () => {
  proxy = await startNextKeycloak();
  stack = await Stack.create(REALM, STACK, stackFile(DEPLOYERS.complete));
  await makeAdminApiScope(administrator, REALM);
  for (const clientId of [DEPLOYERS.withoutRealm, DEPLOYERS.viewer]) {
    await giveAdminApiScope(administrator, clientId);
  }
});

afterAll(async () => {
  proxy.close();
  await stack.project.remove();
});

const stackFile = (deployer: string, changes: StackFile = {}): StackFile => ({
  "keycloak:url": proxy.url,
  "keycloak:clientId": deployer,
  "scpcloud:requireHttps": false,
  "scpcloud:accessTokenLifespan": 300,
  "scpcloud:integrations": { acme: { organizationUser: "anna" } },
  ...changes,
});

describe("under the rules of Keycloak 26.8.2", () => {
  it("a deployer of yesterday is told by each command that it lacks the client scope kc-admin-api", async () => {
    for (const run of [
      () => stack.pulumi("preview"),
      () => stack.tryUp(),
      () => stack.command("drift"),
      () => stack.command("recover", "--yes"),
    ]) {
      const { exitCode, stdout, stderr } = await run();
      expect(stdout + stderr).toContain("kc-admin-api");
      expect(stdout + stderr).not.toContain("must be the secret");
      expect(exitCode).not.toBe(0);
    }
    const { exitCode, stdout } = await stack.command("doctor");
    expect(stdout).toContain('✓ login: client "scpcloud-deployer" of realm Next is accepted');
    expect(stdout).toMatch(/✗ admin API: .*kc-admin-api/);
    expect(stdout).toContain("✗ next: preview, up, drift cannot work yet");
    expect(exitCode).toBe(1);
  });

  it("a deployer without manage-realm is told so by doctor and by up, and previews", async () => {
    await stack.configure(stackFile(DEPLOYERS.withoutRealm));

    expect(await stack.pulumi("preview")).toMatchObject({ exitCode: 0 });
    const doctor = await stack.command("doctor");
    expect(doctor.stdout).toContain("✗ rights for up: the deployer lacks manage-realm of the client realm-management");
    expect(doctor.stdout).toContain("✗ next: up cannot work yet");
    const { exitCode, stdout } = await stack.tryUp();
    expect(stdout).toContain("manage-realm");
    expect(exitCode).not.toBe(0);
  });

  it("a deployer set up as docs/keycloak-versions.md says does everything", async () => {
    await giveAdminApiScope(administrator, DEPLOYERS.complete);
    await stack.configure(stackFile(DEPLOYERS.complete));

    const results = [
      await stack.tryUp(),
      await stack.command("doctor"),
      await stack.command("verify"),
      await stack.command("drift"),
    ];
    expect(results.map(({ exitCode, stdout }) => (exitCode === 0 ? "" : stdout))).toEqual(["", "", "", ""]);
    const { version } = await stack.exportStack();
    const credentials = await stack.credentials();
    await stack.importStack({ version, deployment: {} });
    expect(await stack.command("recover", "--yes")).toMatchObject({ exitCode: 0 });
    expect(await stack.credentials()).toEqual(credentials);
  });

  it("a deployer who may only view previews and looks for drift without a false word", async () => {
    await stack.configure(stackFile(DEPLOYERS.viewer));

    const preview = await stack.pulumi("preview", "--expect-no-changes");
    expect(preview).toMatchObject({ exitCode: 0 });
    const { exitCode, stdout } = await stack.command("drift");
    expect(stdout).not.toContain("regenerated the secret");
    expect(stdout).toContain("cannot be told, since Keycloak does not show them to the deployer:\n\n- acme");
    expect(exitCode).toBe(0);
    const doctor = await stack.command("doctor");
    expect(doctor.stdout).toMatch(/^! secrets: the deployer may not see them/m);
    expect(doctor.stdout).toContain("✗ rights for up: the deployer lacks manage-clients, manage-realm");
    expect(doctor.exitCode).toBe(1);
  });

  it("a secret is renewed with overlap by a deployer who may, and one who may only view is refused", async () => {
    const rotating = (deployer: string) =>
      stack.configure(stackFile(deployer, { "scpcloud:secretRotation": { overlapDays: 14 } }));
    const rotate = () => stack.command("rotate", "--customer", "acme", "--again", "--yes");
    await giveAdminApiScope(administrator, DEPLOYERS.viewer);
    await rotating(DEPLOYERS.complete);
    expect(await stack.tryUp()).toMatchObject({ exitCode: 0 });
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
