import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { Decrypter, generateHybridIdentity, generateX25519Identity, identityToRecipient } from "age-encryption";

import { UsageError } from "../../commands/cli/errors.ts";
import { encryptFor, readRecipients } from "../../commands/handover/recipients.ts";
import { addToRecord, readRecord } from "../../commands/repository/handoverRecord.ts";
import { sheet } from "../../commands/handover/sheet.ts";
import { handOver } from "../../commands/handover/writeHandover.ts";
import { accepted, configuration } from "./configuration.ts";
import { FakeKeycloak } from "./fakeKeycloak.ts";
import { fakeAdmin } from "./fakePulumi.ts";
import { useTemporaryFolder } from "./temporaryFolder.ts";

let identity: string;
let recipient: string;
useTemporaryFolder();

beforeAll(async () => {
  identity = await generateX25519Identity();
  recipient = await identityToRecipient(identity);
});

const written = (text: string): string => {
  writeFileSync("recipients.txt", text);
  return "recipients.txt";
};
const refusal = async (...given: string[]): Promise<string> => {
  const error: unknown = await readRecipients(given).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(UsageError);
  return (error as Error).message;
};

describe("recipients", () => {
  test("are taken one by one and from files with comments and a byte order mark, each once", async () => {
    const other = await identityToRecipient(await generateX25519Identity());
    const file = written(`\uFEFF# Acme's keys\n\n  ${other}\n${recipient}\r\n`);
    expect(await readRecipients([recipient, file])).toEqual([recipient, other]);
  });

  test.each([
    ["a private key", () => identity, "this is a private key"],
    ["a private key in lower case", () => identity.toLowerCase(), "this is a private key"],
    ["an SSH key", () => "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ", "SSH keys are not taken"],
    ["a key with a wrong letter", () => recipient.replace(/.$/, (end) => (end === "q" ? "p" : "q")), "no public key"],
    ["half a key", () => recipient.slice(0, 30), "this is no public key"],
  ])("cannot be %s, given or in a file, and it is not shown again", async (_, make, reason) => {
    const key = make();
    for (const message of [await refusal(key), await refusal(written(`${key}\n`))]) {
      expect(message).toContain(reason);
      expect(message).toMatch(/age-keygen -o scpcloud-key\.txt$/);
      expect(message).not.toContain(key.slice(0, 25));
    }
  });

  test("are of one kind: a classic key beside a post-quantum one would give away what that one protects", async () => {
    const hybrid = await identityToRecipient(await generateHybridIdentity());
    expect(await refusal(recipient, hybrid)).toMatch(/^Post-quantum .* must not be mixed/);
    expect(await readRecipients([hybrid])).toEqual([hybrid]);
  });

  test("are refused with what is wrong, all faults at once, and how a customer makes a key", async () => {
    expect(await refusal(written("# nobody yet\n"))).toMatch(/holds no public key\.\n.*age-keygen/);
    expect(await refusal("absent")).toMatch(/nor a file that can be read \(ENOENT\)[^]*age-keygen/);
    expect(await refusal(written(`${recipient}\nwhat\n`), "ssh-rsa AAAA")).toMatch(
      /recipients\.txt, line 2: .*\n--recipient 2: SSH keys/,
    );
    writeFileSync("recipients.txt", recipient, "utf16le");
    expect(await refusal("recipients.txt")).toContain("no text in UTF-8, but probably in UTF-16. Save it as UTF-8.");
  });

  test("can each open what was encrypted for all, and nobody else can", async () => {
    const [second, stranger] = [await generateX25519Identity(), await generateX25519Identity()];
    const encrypted = await encryptFor([recipient, await identityToRecipient(second)], "s3cret");
    const open = (key: string) => {
      const decrypter = new Decrypter();
      decrypter.addIdentity(key);
      return decrypter.decrypt(encrypted, "text");
    };
    expect(Buffer.from(encrypted).toString("latin1")).not.toContain("s3cret");
    expect(await Promise.all([identity, second].map(open))).toEqual(["s3cret", "s3cret"]);
    await expect(open(stranger)).rejects.toThrow();
  });
});

describe("the record of handovers", () => {
  const ENTRY = { date: "2026-11-25T10:00:00.000Z", recipient: "age1x", secretCreated: "2026-11-24T10:00:00.000Z" };

  const FILE = "handovers.prod.json";

  test("that a renamed stack has left under its earlier name is told, and whose stack is there is not", async () => {
    const lines: string[] = [];
    const read = (stack: string) => readRecord(".", stack, (line) => lines.push(line));
    await addToRecord(".", "prod", "acme", [ENTRY]);
    writeFileSync("Pulumi.prod.yaml", "");
    expect(await read("organization/scpcloud/prod")).toEqual({ acme: [ENTRY] });
    expect(await read("prod-eu")).toEqual({});
    expect(lines).toEqual([]);

    renameSync("Pulumi.prod.yaml", "Pulumi.prod-eu.yaml");
    await read("prod-eu");
    expect(lines).toEqual([expect.stringContaining("git mv handovers.prod.json handovers.prod-eu.json")]);
  });

  test("keeps what was there in one file, which passes the check of formatting", async () => {
    const other = { ...ENTRY, recipient: "age1y" };
    const later = { ...ENTRY, date: "2027-01-01T10:00:00.000Z" };
    await addToRecord(".", "prod", "globex", [ENTRY]);
    await addToRecord(".", "prod", "acme", [ENTRY, other]);
    await addToRecord(".", "prod", "globex", [later]);

    const record = { acme: [ENTRY, other], globex: [ENTRY, later] };
    expect(Object.entries(await readRecord(".", "prod"))).toEqual(Object.entries(record));
    expect(readdirSync(".")).toEqual([FILE]);
    const prettier = join(import.meta.dirname, "..", "..", "node_modules", ".bin", "prettier");
    expect(spawnSync(prettier, ["--check", FILE]).status).toBe(0);
  });

  test.each(["<<<<<<< HEAD\n{}", "[]", '{"acme": {}}', '{"acme": [{"date": 1}]}'])(
    "is not overwritten where it is damaged: %j",
    async (text) => {
      writeFileSync(FILE, text);
      const message = `${FILE} is no record of handovers. Restore it: git checkout -- ${FILE}`;
      await expect(readRecord(".", "prod")).rejects.toThrow(message);
      await expect(addToRecord(".", "prod", "acme", [ENTRY])).rejects.toThrow(message);
      expect(readFileSync(FILE, "utf8")).toBe(text);
    },
  );
});

test("the sheet for a customer's developers loads nothing, runs nothing, takes names as text, and tells an overlap", () => {
  const facts = {
    clientId: "acme",
    name: 'Acme & Sons <"Ltd.">',
    bffUrl: "https://api.example.com/v1",
    contact: "support@example.com",
    date: new Date("2026-11-25T10:00:00Z"),
  };
  const page = sheet({ ...facts, previousWorksUntil: new Date("2026-12-09T08:30:00Z") });
  expect(page).toContain("<h1>Access to ScpCloud: Acme &amp; Sons &lt;&quot;Ltd.&quot;&gt;</h1>");
  expect(page).toContain("default-src 'none'");
  expect(page).not.toMatch(/<script|<link|<img|src=|href=|@import|url\(/i);
  expect(page).toContain("The secret that you had before works until 2026-12-09, 08:30 UTC.");
  expect(sheet(facts)).not.toContain("had before");
});

describe("a credential", () => {
  const MADE = "made-by-keycloak-with-many-letters";
  const bff = { publicUrl: "https://api.example.com" };
  const SETTINGS = accepted(configuration({ "scpcloud:contact": "support@example.com", "scpcloud:bff": bff }));
  /** @param stored the stack's secret */
  const handedOver = async (
    client: object,
    stored = MADE,
    agrees: (warnings: readonly string[]) => Promise<boolean> = () => Promise.resolve(true),
  ) => {
    const tokens = () => Promise.resolve({ status: 200, body: { access_token: "token" } });
    const files = { directory: ".", projectDirectory: "." };
    return handOver(
      { stack: "prod", clientId: "acme", recipients: [recipient], ...files, now: new Date(), agrees },
      SETTINGS,
      { outputs: { credentials: { acme: { clientSecret: stored, basic: "" } } } },
      await FakeKeycloak.start({ issuer: "", tokens }),
      fakeAdmin({ "/clients?clientId=acme": [{ id: "1", clientId: "acme", ...client }] }),
    );
  };
  /** What comes after the questions about the secret: the token of this realm is none. */
  const TOKEN_LOOKED_AT = "its token is not what the settings promise";
  const OVERLAPPING = { attributes: { "client.secret.rotated.expiration.time": "4102444800" } };

  test("is not handed over where Keycloak has another secret than the stack, although that gets tokens", async () => {
    await expect(handedOver({ ...OVERLAPPING, secret: "the-secret-of-a-rotation-that-was-killed" })).rejects.toThrow(
      "scpcloud rotate --stack prod --customer acme",
    );
    expect(await readRecord(".", "prod")).toEqual({});
  });

  test("is not handed over where two secrets work and Keycloak does not say which is the present one", async () => {
    await expect(handedOver({ ...OVERLAPPING, secret: "**********" })).rejects.toThrow("the role manage-clients");
    await expect(handedOver({ secret: "**********" })).rejects.toThrow(TOKEN_LOOKED_AT);
  });

  test("whose secret nobody made as one is handed over only where somebody says so", async () => {
    for (const secret of ["a", "${vault.acme}"]) {
      const asked: string[] = [];
      const refusing = (warnings: readonly string[]) => Promise.resolve(asked.push(...warnings) < 0);
      expect(await handedOver({ secret }, secret, refusing)).toBeUndefined();
      expect(asked).toEqual([expect.stringContaining("scpcloud rotate --stack prod --customer acme")]);
      await expect(handedOver({ secret }, secret)).rejects.toThrow(TOKEN_LOOKED_AT);
    }
  });
});
