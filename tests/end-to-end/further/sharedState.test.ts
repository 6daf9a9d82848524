import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";

import { run } from "../../../processes/run.ts";
import { interruptUp } from "../interruption.ts";
import { Administrator, type ClientRepresentation } from "../keycloak.ts";
import { numberedCustomers, Project, SHOWN_BEFORE_CHANGE, type StackFile } from "../project.ts";
import { serverOfTests } from "../server.ts";
import { Stack } from "../stack.ts";
import {
  hasPostgres,
  type KeyService,
  startKeyService,
  startPostgres,
  startS3,
  type StateBackend,
} from "../stateBackends.ts";
import { missing } from "../tools.ts";
import { until } from "../until.ts";

const STACK = "shared";
const FOREIGN_LOCK = `.pulumi/locks/organization/scpcloud/${STACK}/00000000-0000-4000-8000-000000000000.json`;
/** The process that holds the lock. */
const HOLDER = /"pid": ?(\d+)/;
const SINCE = "2026-11-01T12:00:00Z";

const BACKENDS = [
  {
    title: "PostgreSQL, encrypted by a passphrase",
    start: startPostgres,
    reason: hasPostgres() ? "" : " (skipped: no PostgreSQL; apt-get install postgresql)",
  },
  { title: "S3, encrypted by a key service", start: startS3, startKeys: startKeyService, reason: missing("curl") },
];

for (const { title, start, startKeys, reason } of BACKENDS) {
  const group = reason === "" ? describe : describe.skip;

  group(`a stack whose state is in ${title}${reason}`, () => {
    const realm = `SharedState-${start.name}`;
    const customers = () => new Administrator(realm).clients("customer-");
    let backend: StateBackend;
    let keys: KeyService | undefined;
    let project: Project;
    let stack: Stack;
    let count = 0;

    /** Declares more customers than there are. */
    const declareMore = async () => {
      count += 6;
      await stack.configure(stackFile());
    };
    const stackFile = (): StackFile => ({
      "scpcloud:accessTokenLifespan": 300,
      "scpcloud:integrations": numberedCustomers(count),
    });
    const doctor = async () => (await stack.command("doctor", "--lock")).stdout;
    const up = () => stack.pulumi("up", "--yes", "--skip-preview", "--parallel", "1");

    const expectTarget = async (before: readonly ClientRepresentation[]) =>
      stack.expectHealed(count, before, await customers());

    /** What is listed may be gone when it is read. */
    const storedMeanwhile = () => {
      try {
        return backend.stored();
      } catch {
        return "";
      }
    };

    beforeAll(async () => {
      backend = await start();
      keys = await startKeys?.();
      // No backend is named: it is the one of the login.
      const environment = { ...backend.environment, ...keys?.environment, PULUMI_BACKEND_URL: "" };
      project = await Project.create(realm, environment);
      expect(await project.pulumi("login", backend.url)).toMatchObject({ exitCode: 0 });
      count = 2;
      stack = await Stack.createIn(project, STACK, stackFile(), keys?.secretsProvider);
      await stack.setSecret("keycloak:clientSecret", serverOfTests().deployerSecret);
      await stack.up();
    });

    afterAll(async () => {
      try {
        await stack.destroy();
        expect(await customers()).toEqual([]);
      } finally {
        await project.remove();
        await keys?.stop();
        await backend.stop();
      }
    });

    it("has its secrets there and in the stack file, and nobody who reads them learns one", async () => {
      const stored = backend.stored();
      expect(stored).toContain("customer-1-client");
      expect(stored).toContain("ciphertext");
      for (const { secret } of await customers()) {
        expect(stored).not.toContain(secret);
      }
      const file = await readFile(join(project.directory, `Pulumi.${STACK}.yaml`), "utf8");
      expect(file).toMatch(/keycloak:clientSecret:\s+secure: /);
      expect(file).toContain(keys === undefined ? "encryptionsalt: " : `secretsprovider: ${keys.secretsProvider}`);
      expect(stored + file).not.toContain(serverOfTests().deployerSecret);
    });

    it("is never worked on by two at once: who comes second is told who holds the lock since when", async () => {
      await declareMore();

      const first = up();
      const stored = await until(storedMeanwhile, (text) => HOLDER.test(text));
      const holder = Number(HOLDER.exec(stored)?.[1]);
      // It holds the lock for as long as it takes the second to ask.
      process.kill(holder, "SIGSTOP");
      const { exitCode, stdout, stderr } = await up().finally(() => process.kill(holder, "SIGCONT"));

      expect(exitCode).not.toBe(0);
      expect(stdout + stderr).toMatch(/the stack is currently locked by 1 lock/);
      expect(stdout + stderr).toMatch(new RegExp(`created by \\S+@${hostname()} \\(pid ${holder}\\) at \\d{4}-`));
      expect(await first).toMatchObject({ exitCode: 0 });
      expect(await customers()).toHaveLength(count);
    });

    it("is healed by recover after an up that was killed (SIGKILL), with every client id and secret; who holds the lock from another machine is named before, and let go where somebody says that it has ended", async () => {
      const settled = count;
      await declareMore();
      await interruptUp(stack, "SIGKILL", async () => (await customers()).length > settled + 1);
      const before = await customers();
      const dead = new RegExp(`✗ lock: held by process \\d+ of \\S+@${hostname()}, since \\d{4}-\\S+, which is dead`);
      expect(await doctor()).toMatch(dead);
      const lock = { pid: 4242, username: "anna", hostname: "another-host", timestamp: SINCE };
      backend.put(FOREIGN_LOCK, JSON.stringify(lock));
      const holder = `process 4242 of anna@another-host, since ${SINCE}`;

      const refused = await stack.command("recover", "--yes");
      expect(refused.stderr).toContain(
        `${holder}. It cannot be seen from here, which is ${hostname()}: look on another-host`,
      );
      expect(refused.stderr).toContain(
        `If it has certainly ended, run: scpcloud recover --stack ${STACK} --ended "${holder}"`,
      );
      expect(refused.exitCode).toBe(1);
      expect(backend.stored()).toContain('"another-host"');
      expect(await doctor()).toContain(`✗ lock: held by ${holder}, which may be at work`);

      const { exitCode, stdout, stderr } = await stack.command("recover", "--yes", "--ended", holder);
      expect(stderr).toMatch(SHOWN_BEFORE_CHANGE);
      expect(refused.stdout + stdout).toMatch(/^removing the lock of process \d+ of .*, which has ended$/m);
      expect(exitCode).toBe(0);
      await expectTarget(before);
      expect(await doctor()).toContain("✓ lock: nobody holds it");
    });

    it("is as it was after it was lost and restored from a backup", async () => {
      await backend.backUp();

      await backend.restore(async () => expect(await doctor()).toContain(`has no stack ${STACK}`));

      await expectTarget(await customers());
    });

    it("moves to another backend by export and import, and stays as it is", async () => {
      const file = join(project.directory, "exported.json");
      expect(await stack.pulumi("stack", "export", "--file", file)).toMatchObject({ exitCode: 0 });
      const elsewhere = (...args: string[]) =>
        run("pulumi", [...args, "--non-interactive"], {
          cwd: project.directory,
          env: { ...project.environment, PULUMI_BACKEND_URL: `file://${project.directory}` },
        });

      const provider = keys === undefined ? [] : ["--secrets-provider", keys.secretsProvider];
      expect(await elsewhere("stack", "init", STACK, "--no-select", ...provider)).toMatchObject({ exitCode: 0 });
      expect(await elsewhere("stack", "import", "--file", file, "--stack", STACK)).toMatchObject({ exitCode: 0 });

      const { exitCode, stdout, stderr } = await elsewhere("preview", "--expect-no-changes", "--stack", STACK);
      expect({ exitCode, stdout, stderr }).toMatchObject({ exitCode: 0 });
    });
  });
}
