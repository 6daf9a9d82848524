import { REPOSITORY } from "../project.ts";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { rehearse as rehearseHere } from "../../../commands/rehearse/rehearsal.ts";
import { differs, rehearsalText } from "../../../commands/rehearse/rehearsalReport.ts";
import { workingTreeFiles } from "../../../commands/repository/revision.ts";
import { readStackFile } from "../../../commands/review/claimsReview.ts";
import { NEWEST_VERSION, PROVED_VERSIONS } from "../../../development/keycloak/keycloakVersions.ts";
import type { EmbeddedServer } from "../../../development/keycloak/server.ts";
import { connect } from "../../../keycloak/http.ts";
import { run } from "../../../processes/run.ts";
import { commandLines } from "../interruption.ts";
import { STEP_LIMIT_MILLISECONDS } from "../limits.ts";
import { until } from "../until.ts";

const OLDEST = PROVED_VERSIONS.at(-1)?.version ?? NEWEST_VERSION;
const PROGRAM = join(REPOSITORY, "scpcloud");

/** All that a rehearsal makes lies below this folder. */
let temporary: string;

beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), "scpcloud-rehearsals-"));
});

afterEach(async () => {
  await rm(temporary, { recursive: true, force: true });
});

const rehearse = (...args: string[]) =>
  run(process.execPath, [PROGRAM, "rehearse", ...args], {
    cwd: REPOSITORY,
    env: { TMPDIR: temporary },
    timeoutMilliseconds: STEP_LIMIT_MILLISECONDS,
  });

/** What an administrator does to the old server. */
async function shortenSessions({ url, caCertificate, bootstrapAdminPasswordFile }: EmbeddedServer): Promise<void> {
  const keycloak = connect({ url, caCertificate });
  try {
    const password = (await readFile(bootstrapAdminPasswordFile, "utf8")).trim();
    const { body } = await keycloak.request("/realms/master/protocol/openid-connect/token", {
      method: "POST",
      form: { grant_type: "password", client_id: "admin-cli", username: "admin", password },
    });
    const { status } = await keycloak.request("/admin/realms/ScpCloud", {
      method: "PUT",
      headers: { authorization: `Bearer ${(body as { access_token: string }).access_token}` },
      json: { ssoSessionMaxLifespan: 600 },
    });
    expect(status).toBe(204);
  } finally {
    await keycloak.close();
  }
}

describe("a rehearsal of an upgrade", () => {
  it("says that nothing changes where the migrated server issues the same tokens, and leaves nothing behind", async () => {
    const { exitCode, stdout, stderr } = await rehearse("--stack", "dev", "--from", OLDEST, "--to", NEWEST_VERSION);

    // What it said on the way tells why, should it fail.
    expect({ stderr, stdout }).toHaveProperty(
      "stdout",
      `✓ dev: Keycloak ${OLDEST} → ${NEWEST_VERSION}: nothing changes for 1 customer\n`,
    );
    expect(exitCode).toBe(0);
    expect((await readdir(temporary)).filter((name) => name.startsWith("scpcloud"))).toEqual([]);
  });

  it("says which tokens differ where the realm does not keep what it was, of a stack with secretRotation", async () => {
    const files = await workingTreeFiles(REPOSITORY, "dev");
    const { settings, written } = readStackFile("dev", files);
    const report = await rehearseHere({
      stack: "dev",
      settings,
      written: { ...written.config, "scpcloud:secretRotation": { overlapDays: 14 } },
      from: OLDEST,
      to: NEWEST_VERSION,
      report: () => undefined,
      beforeUpgrade: shortenSessions,
    });

    expect(differs(report)).toBe(true);
    expect(report.drift).toEqual([]);
    expect(report.refusal).toContain('must not exceed the realm\'s "SSO Session Max" of 600 seconds');
    // What is left of the session, in which a second may have begun.
    expect(rehearsalText(report)).toMatch(
      /^- the lifespan is (599|600) s; it was 1800 s \(integration-api-service\)$/m,
    );
  });

  it("of a fresh realm with --sso-session-max stops where that is less than the tokens' lifespan", async () => {
    const { exitCode, stdout, stderr } = await rehearse("--stack", "dev", "--sso-session-max", "600");

    expect(stdout + stderr).toContain('must not exceed the realm\'s "SSO Session Max" of 600 seconds');
    expect(exitCode).not.toBe(0);
    expect((await readdir(temporary)).filter((name) => name.startsWith("scpcloud"))).toEqual([]);
  });

  it("ends its server and removes its files when it is interrupted", async () => {
    const child = spawn(process.execPath, [PROGRAM, "rehearse", "--stack", "prod"], {
      cwd: REPOSITORY,
      env: { ...process.env, TMPDIR: temporary },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    child.stderr.on("data", (data: Buffer) => (said += data.toString()));
    const ended = once(child, "exit");
    await until(
      () => said,
      (text) => text.includes("Starting Keycloak"),
    );
    child.kill("SIGINT");
    const [exitCode] = (await ended) as [number];

    expect(exitCode).not.toBe(0);
    expect(said).toContain("Interrupted by SIGINT.");
    expect((await readdir(temporary)).filter((name) => name.startsWith("scpcloud"))).toEqual([]);
    const processes = commandLines();
    expect(processes).toContain("jest");
    expect(processes).not.toContain(temporary);
  });

  it.each([
    [["--from", "25.0.6"], "before 26.1.0 the mappers of the client scope service_account sat on each client"],
    [["--from", NEWEST_VERSION, "--to", OLDEST], "Keycloak's data cannot go back"],
    [["--from", "latest"], '"latest" is no version of Keycloak'],
    [["--sample", "none"], "--sample must be a whole number"],
  ])("is refused with %j before anything is started", async (args, reason) => {
    const { exitCode, stdout, stderr } = await rehearse("--stack", "prod", ...args);

    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toContain(reason);
    expect(await readdir(temporary)).not.toContainEqual(expect.stringContaining("scpcloud"));
  });
});
