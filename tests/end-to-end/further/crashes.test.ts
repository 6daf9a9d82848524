import { execFileSync } from "node:child_process";
import { cp, mkdir, rename, stat, statfs } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";

import { interruptUp } from "../interruption.ts";
import { Administrator, type ClientRepresentation } from "../keycloak.ts";
import { numberedCustomers, type StackFile, SHOWN_BEFORE_CHANGE } from "../project.ts";
import { serverOfTests } from "../server.ts";
import { Stack } from "../stack.ts";

const REALM = "Crashes";
const STACK = "crashes";
const MORE = 6;

let stack: Stack;
const administrator = new Administrator(REALM);
/** How many customers the stack file names. */
let count = 0;

beforeAll(async () => {
  stack = await Stack.create(REALM, STACK, {});
});

/** Each test begins with more customers than there are. */
beforeEach(async () => {
  count += MORE;
  await stack.configure(stackFile());
});

afterAll(() => stack.project.remove());

const stackFile = (): StackFile => ({
  "scpcloud:accessTokenLifespan": 300,
  "scpcloud:accountAccess": true,
  "scpcloud:allowedOrigins": ["/*"],
  "scpcloud:integrations": numberedCustomers(count),
});

const customers = () => administrator.clients("customer-");
const areNew = (least: number) => async () => (await customers()).length >= count - MORE + least;
const someAreNew = areNew(2);
const recover = () => stack.command("recover", "--yes");

const expectTarget = async (before: readonly ClientRepresentation[]) =>
  stack.expectHealed(count, before, await customers());

// The first of all: the state is empty, and lacks the client scopes too.
it("an up that is killed before it saved anything is named by the next up and mended by recover", async () => {
  await interruptUp(stack, "SIGKILL", someAreNew, {
    environment: { PULUMI_SKIP_CHECKPOINTS: "true" },
  });
  const before = await customers();
  await stack.pulumi("cancel", "--yes");

  const up = await stack.tryUp();
  expect(up.exitCode).not.toBe(0);
  expect(up.stdout + up.stderr).toContain(`scpcloud recover --stack ${STACK}`);
  expect(up.stdout + up.stderr).toMatch(/Keycloak already has a client(?: scope)? "/);

  const { exitCode, stdout } = await recover();
  expect(exitCode).toBe(0);
  expect(stdout).toContain("found in Keycloak, but not in the state: Client customer-");
  for (const { secret } of before) {
    expect(stdout).not.toContain(secret);
  }
  expect(stdout).not.toContain(serverOfTests().deployerSecret);
  await expectTarget(before);
  expect((await recover()).stdout).toContain("nothing had to be adopted");
});

it("an up that is interrupted (SIGINT) goes on at the next up, with the clients that it had made", async () => {
  await interruptUp(stack, "SIGINT", areNew(1));
  const before = await customers();
  expect(before.length).toBeLessThan(count);

  await stack.up();

  await expectTarget(before);
});

describe("a disk that is full", () => {
  const isRoot = userInfo().uid === 0;

  (isRoot ? it : it.skip)(
    `is no harm once there is space: recover heals what up could not save${isRoot ? "" : " (skipped: only root mounts a small disk)"}`,
    async () => {
      const folder = join(stack.project.directory, ".pulumi");
      const aside = `${folder}-aside`;
      await rename(folder, aside);
      await mkdir(folder);
      const used = Number.parseInt(execFileSync("du", ["-s", "--block-size=1", aside], { encoding: "utf8" }));
      // Room for what is there, and for the same state once more, but not for one that grows.
      const { size } = await stat(join(aside, "stacks", "scpcloud", `${STACK}.json`));
      execFileSync("mount", ["-t", "tmpfs", "-o", `size=${used + size}`, "none", folder]);
      try {
        await cp(aside, folder, { recursive: true });
        // Pulumi tries again for half a minute at each step, in silence: somebody loses patience.
        const state = join(folder, "stacks", "scpcloud", `${STACK}.json`);
        const isFull = async () => {
          const [{ bavail, bsize }, { size }] = [await statfs(folder), await stat(state)];
          return bavail * bsize < size && (await someAreNew());
        };
        await interruptUp(stack, "SIGKILL", isFull);
        const before = await customers();
        execFileSync("mount", ["-o", "remount,size=64m", folder]);

        const { exitCode, stdout, stderr } = await recover();

        expect({ exitCode, stdout, stderr }).toMatchObject({
          exitCode: 0,
          stderr: expect.stringMatching(SHOWN_BEFORE_CHANGE) as string,
        });
        await expectTarget(before);
      } finally {
        // The state goes with the disk: this is the last test.
        execFileSync("umount", [folder]);
      }
    },
  );
});
