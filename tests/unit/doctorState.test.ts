import { existsSync, mkdirSync, promises, type StatsFs, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { pathToFileURL } from "node:url";

import { checkText } from "../../commands/doctor/check.ts";
import { checkEncryption } from "../../commands/doctor/encryption.ts";
import { checkState } from "../../commands/doctor/state.ts";
import { TYPES } from "../../contract/types.ts";
import { type PulumiCli, PulumiError } from "../../commands/pulumi/pulumiCli.ts";
import { lockMessage } from "./fakePulumi.ts";
import { useTemporaryFolder } from "./temporaryFolder.ts";

useTemporaryFolder();

/** What doctor says of a backend, and how it asked. */
async function examined(url: string, answer = "error: a stack named prod already exists", asksForLock = true) {
  const calls: string[] = [];
  const told = new Map<string, object>([
    ["whoami --json", { url }],
    ["stack ls --json", [{ name: "organization/scpcloud/prod", current: false }]],
  ]);
  const run: PulumiCli["run"] = (args) => {
    const found = told.get(args.join(" "));
    calls.push(args.join(" "));
    return found ? Promise.resolve(JSON.stringify(found)) : Promise.reject(new PulumiError(args, answer));
  };
  return { lines: (await checkState({ stack: "prod", run }, asksForLock)).map(checkText), calls: calls.slice(2) };
}

describe("the state in a backend that is no folder", () => {
  const RENAME = ["stack rename prod"];
  const EXISTS = "error: a stack named prod already exists";
  const UNDELETABLE =
    "error: there was a problem deleting the lock at s3://state/.pulumi/locks/1.json, manual clean up may be required: " +
    `AccessDenied\n${EXISTS}`;
  const UNWRITABLE = "error: write .pulumi/locks/1.json: api error AccessDenied";
  // The rename is to its own name: whatever happens, nothing is renamed.
  test.each([
    ["is not locked, which only a refused rename tells", "s3://state", EXISTS, /^✓ lock: nobody holds it$/, RENAME],
    [
      "keeps each lock where the login may not delete",
      "s3://state",
      UNDELETABLE,
      /^✗ lock: the login may not delete.*\n {4}Do: .*pulumi cancel --stack prod$/,
      RENAME,
    ],
    [
      "cannot be locked where the login may not write",
      "s3://state",
      UNWRITABLE,
      /^✗ lock: pulumi stack rename failed:[^]*AccessDenied[^]*Do: see docs\/state.md/,
      RENAME,
    ],
    [
      "is locked by another machine's process, since when, and what to look at",
      "postgres://db/pulumi",
      lockMessage("anna@another-host (pid 42)"),
      /^✗ lock: held by (process 42 of anna@another-host, since 2026-11-23T12:00:00Z), which may be at work\n {4}Do: .*ps -p 42.* --stack prod --ended "\1"$/,
      RENAME,
    ],
    [
      "is none that the embedded Keycloak's is for, which is deleted with it",
      "file:///home/anna/scpcloud/.local/state",
      EXISTS,
      /^✗ state: .*for the stack dev\n {4}Do: open a new terminal/,
      [],
    ],
    [
      "is not asked for its lock in Pulumi Cloud, where a rename may be another thing",
      "https://app.pulumi.com/anna",
      EXISTS,
      /^\? lock: this backend does not show it before an up$/,
      [],
    ],
  ])("%s", async (_, url, answer, told, asked) => {
    const { lines, calls } = await examined(url, answer);
    expect(lines.at(-1)).toMatch(told);
    expect(calls).toEqual(asked);
  });

  test("is not locked for a moment unless that is asked for", async () => {
    const { lines, calls } = await examined("s3://state", "", false);
    expect(lines.at(-1)).toMatch(/^\? lock: .*\n {4}Do: scpcloud doctor --stack prod --lock/);
    expect(calls).toEqual([]);
  });

  test("is told without the URL's password", async () => {
    const { lines } = await examined("postgres://pulumi:swordfish@db/pulumi");
    expect(lines[0]).toBe("✓ state: postgres://pulumi:****@db/pulumi has the stack");
  });
});

test.each([
  [49, "! disk: 49 MiB are free in "],
  [50, "✓ disk: 50 MiB and more are free for the state"],
])(
  "the state in a folder has its locks read without a call, and its disk looked at, which has %s MiB",
  async (free, said) => {
    jest.spyOn(promises, "statfs").mockResolvedValue({ bavail: free * 1024, bsize: 1024 } as StatsFs);
    const locks = ".pulumi/locks/organization/scpcloud/prod";
    mkdirSync(locks, { recursive: true });
    const lock = { username: "anna", hostname: "another-host", pid: 42, timestamp: "2026-11-23T12:00:00Z" };
    writeFileSync(`${locks}/1.json`, JSON.stringify(lock));

    const { lines, calls } = await examined(pathToFileURL(process.cwd()).href);

    jest.restoreAllMocks();
    expect(lines[1]).toContain("✗ lock: held by process 42 of anna@another-host, since 2026-11-23T12:00:00Z");
    expect(lines[2]).toContain(said);
    expect(calls).toEqual([]);
  },
);

describe("the secrets of state and stack file", () => {
  const SALT = "encryptionsalt: v1:salt\n";
  /** @param fails which of the CLI's commands, and its words */
  async function checked(file: string, { stack = "prod", fails = ["", ""], outputs = {} } = {}) {
    writeFileSync("Pulumi.prod.yaml", file);
    const copies: string[] = [];
    const resource = { urn: `urn:pulumi:${stack}::scpcloud::t::n`, type: TYPES.client, outputs };
    const run: PulumiCli["run"] = (args) => {
      if (args.join(" ").startsWith(fails[0] ?? "-") && fails[0] !== "") {
        return Promise.reject(new PulumiError(args, `error: ${fails[1]}`));
      }
      copies.push(args[args.indexOf("--config-file") + 1] ?? "");
      return Promise.resolve(JSON.stringify({ deployment: { resources: [resource] } }));
    };
    const told = await checkEncryption({ stack: "prod", run }, process.cwd()).then(
      (checks) => checks.map(checkText).join("\n"),
      (error: unknown) => (error instanceof PulumiError ? String(error.remedy) : String(error)),
    );
    return { told, copies };
  }

  test("are decrypted, and the stack file's passphrase is tried on a copy", async () => {
    const { told, copies } = await checked(SALT);
    expect(told).toMatch(/^✓ encryption/);
    expect(basename(copies.at(-1) ?? "")).toBe("Pulumi.prod.yaml");
    expect(existsSync(copies.at(-1) ?? "")).toBe(false);
  });

  test.each([
    ["stack export", "cipher: message authentication failed", "the state from its backup"],
    ["stack export", "failed to decrypt: incorrect passphrase", "export the stack's own passphrase"],
    ["config set", "incorrect passphrase", "take encryptionsalt of the stack file from git"],
  ])("tell what helps where pulumi %s fails: %s", async (command, words, remedy) => {
    expect((await checked(SALT, { fails: [command, words] })).told).toContain(remedy);
  });

  test("are those of another stack where its state was copied", async () => {
    const { told } = await checked(SALT, { stack: "stage" });
    expect(told).toMatch(/^✗ state: it is that of the stack stage\n {4}Do: .*pulumi stack import/);
  });

  test("are not all: what a newer plugin wrote is tried on this one", async () => {
    const outputs = { __meta: '{"schema_version":"1"}' };
    const refused = ["refresh", "State version 1 is greater than schema version 0 for resource keycloak_openid_client"];
    expect((await checked(SALT, { fails: refused, outputs })).told).toMatch(
      /^✗ state: [^]*State version 1 [^]*\n {4}Do: .*__meta/,
    );
    expect((await checked(SALT, { fails: ["refresh", "401 Unauthorized"], outputs })).told).toMatch(/^✓/);
    expect((await checked(SALT, { outputs })).told).toMatch(/^✓/);
  });

  test("may lack a salt, which the next preview would write", async () => {
    expect((await checked("config: {}\n")).told).toMatch(/^! encryption: .*neither encryptionsalt nor secretsprovider/);
    expect((await checked("secretsprovider: awskms://k\n")).told).toMatch(/^✓/);
  });
});
