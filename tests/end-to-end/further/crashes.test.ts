import { execFileSync } from "node:child_process";
import { cp, mkdir, readFile, rename, rm, stat, statfs, writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";

import { interruptUp } from "../interruption";
import { Administrator, type ClientRepresentation, identity } from "../keycloak";
import { numberedCustomers, Project, type StackFile, SHOWN_BEFORE_CHANGE } from "../project";
import { REALMS, serverOfTests } from "../server";
import type { Stack } from "../stack";

const REALM = REALMS.crashes;
const STACK = "crashes";
const CUSTOMERS = 12;

let project: Project;
let stack: Stack;
let administrator: Administrator;

beforeEach(async () => {
  administrator = await Administrator.login(REALM);
  project = await Project.create();
  stack = await project.createStack(STACK, stackFile());
});

afterEach(async () => {
  await stack.destroy();
  expect(await customers()).toEqual([]);
  await administrator.close();
  await project.remove();
});

const stackFile = (): StackFile => ({
  ...project.connection(REALM),
  "scpcloud:accessTokenLifespan": 300,
  "scpcloud:accountAccess": true,
  "scpcloud:allowedOrigins": ["/*"],
  "scpcloud:integrations": numberedCustomers(CUSTOMERS),
});

const customers = () => administrator.clients("customer-");
const someExist = async () => (await customers()).length >= 3;

/** All customers are there, those of before with their ids and secrets, and nothing is left to do. */
async function expectTarget(before: readonly ClientRepresentation[]): Promise<void> {
  const after = await customers();
  expect(after).toHaveLength(CUSTOMERS);
  expect(identity(after)).toEqual(expect.arrayContaining(identity(before)));
  await stack.preview({ expectNoChanges: true, refresh: true });
  const { exitCode, stdout, stderr } = await project.command("verify", "--stack", STACK);
  // The output tells more than the exit code, should it fail.
  expect({ exitCode, stdout, stderr }).toMatchObject({ exitCode: 0 });
  const deployment = (await stack.exportStack()).deployment as { pending_operations?: unknown };
  expect(deployment.pending_operations).toBeUndefined();
}

describe("an up that is interrupted (SIGINT)", () => {
  it("goes on at the next up, with the clients that it had made", async () => {
    await interruptUp(project, STACK, "SIGINT", someExist);
    const before = await customers();
    expect(before.length).toBeLessThan(CUSTOMERS);

    await stack.up();

    await expectTarget(before);
  });
});

describe("an up that is killed (SIGKILL)", () => {
  it("is mended by recover, which keeps every client id and secret", async () => {
    await interruptUp(project, STACK, "SIGKILL", someExist);
    const before = await customers();

    const { exitCode, stdout, stderr } = await project.command("recover", "--stack", STACK, "--yes");

    expect(stderr).toMatch(SHOWN_BEFORE_CHANGE);
    expect(stdout).toContain("which has ended");
    expect(stdout).not.toContain("currently locked");
    expect(stdout).toContain(`✓ ${STACK}:`);
    expect(exitCode).toBe(0);
    await expectTarget(before);
  });

  it("before it saved anything is named by the next up and mended by recover", async () => {
    await interruptUp(project, STACK, "SIGKILL", someExist, {
      environment: { PULUMI_SKIP_CHECKPOINTS: "true" },
    });
    const before = await customers();
    await project.pulumi("cancel", "--yes", "--stack", STACK);

    const up = await project.pulumi("up", "--yes", "--skip-preview", "--stack", STACK);
    expect(up.exitCode).not.toBe(0);
    expect(up.stdout + up.stderr).toContain(`scpcloud recover --stack ${STACK}`);
    expect(up.stdout + up.stderr).toMatch(/Keycloak already has a client(?: scope)? "/);

    const { exitCode, stdout } = await project.command("recover", "--stack", STACK, "--yes");
    expect(exitCode).toBe(0);
    expect(stdout).toContain("found in Keycloak, but not in the state: Client customer-");
    for (const { secret } of before) {
      expect(stdout).not.toContain(secret);
    }
    expect(stdout).not.toContain(serverOfTests().deployerSecret);
    await expectTarget(before);

    const again = await project.command("recover", "--stack", STACK, "--yes");
    expect(again.stdout).toContain("nothing had to be adopted");
  });
});

describe("a state that a killed run left cut off in the middle of a write", () => {
  it("is restored by recover from the copy beside it", async () => {
    await stack.up();
    const before = await customers();
    const path = join(project.directory, ".pulumi", "stacks", "scpcloud", `${STACK}.json`);
    const whole = await readFile(path);
    await writeFile(`${path}.bak`, whole);
    await writeFile(path, whole.subarray(0, whole.length / 2));

    const { exitCode, stdout, stderr } = await project.command("recover", "--stack", STACK, "--yes");

    expect(stderr).toMatch(SHOWN_BEFORE_CHANGE);
    expect(stdout).toContain("the state was cut off in the middle of a write");
    expect(exitCode).toBe(0);
    await expectTarget(before);
  });
});

describe("a disk that is full", () => {
  const isRoot = userInfo().uid === 0;

  (isRoot ? it : it.skip)(
    `is no harm once there is space: recover heals what up could not save${isRoot ? "" : " (skipped: only root mounts a small disk)"}`,
    async () => {
      const folder = join(project.directory, ".pulumi");
      const aside = `${folder}-aside`;
      await rename(folder, aside);
      await mkdir(folder);
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=128k", "none", folder]);
      try {
        await cp(aside, folder, { recursive: true });
        // Pulumi tries again for half a minute at each step, in silence: somebody loses patience.
        const state = join(folder, "stacks", "scpcloud", `${STACK}.json`);
        const isFull = async () => {
          const [{ bavail, bsize }, { size }] = [await statfs(folder), await stat(state)];
          return bavail * bsize < size && (await someExist());
        };
        await interruptUp(project, STACK, "SIGKILL", isFull);
        const before = await customers();
        execFileSync("mount", ["-o", "remount,size=64m", folder]);

        const { exitCode, stdout, stderr } = await project.command("recover", "--stack", STACK, "--yes");

        expect({ exitCode, stdout, stderr }).toMatchObject({
          exitCode: 0,
          stderr: expect.stringMatching(SHOWN_BEFORE_CHANGE) as string,
        });
        await expectTarget(before);
        await rm(aside, { recursive: true });
        await cp(folder, aside, { recursive: true });
      } finally {
        execFileSync("umount", [folder]);
        await rm(folder, { recursive: true });
        await rename(aside, folder);
      }
    },
  );
});

describe("a mapper that the state lost while it kept the client", () => {
  it("is named by the next up and adopted by recover", async () => {
    await stack.up();
    const before = await customers();
    const urn = (name: string) =>
      `urn:pulumi:${STACK}::scpcloud::scpcloud:keycloak:Integration$` +
      `keycloak:openid/hardcodedClaimProtocolMapper:HardcodedClaimProtocolMapper::${name}`;
    await project.pulumi("state", "delete", urn("customer-1-organization-id"), "--yes", "--stack", STACK);

    const up = await project.pulumi("up", "--yes", "--skip-preview", "--stack", STACK);
    expect(up.exitCode).not.toBe(0);
    expect(up.stdout + up.stderr).toContain('Keycloak already has a hardcoded claim protocol mapper "organizationId"');

    const { exitCode, stdout } = await project.command("recover", "--stack", STACK, "--yes");
    expect(stdout).toContain("adopted 1 (customer-1-organization-id)");
    expect(exitCode).toBe(0);
    await expectTarget(before);
  });
});

describe("a client that somebody made by hand", () => {
  it("is left as it is by recover, which says why and names adopt", async () => {
    const secret = "made-by-hand-0123456789";
    await administrator.send("POST", "/clients", {
      clientId: "customer-1",
      secret,
      serviceAccountsEnabled: true,
      publicClient: false,
      fullScopeAllowed: true,
      directAccessGrantsEnabled: true,
      webOrigins: ["/*"],
      redirectUris: ["/*"],
    });
    const before = await customers();

    const { exitCode, stderr } = await project.command("recover", "--stack", STACK, "--yes");

    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^ {2}customer-1: logins by browser .*; redirect URIs: .*; web origins: /m);
    expect(stderr).toContain("scpcloud adopt");
    expect(stderr).not.toContain(secret);
    expect(await customers()).toEqual(before);
    await administrator.send("DELETE", `/clients/${String(before[0]?.id)}`);
  });
});
