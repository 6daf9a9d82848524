import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { Decrypter, generateX25519Identity, identityToRecipient } from "age-encryption";

import type { Credentials } from "../../outputs.ts";
import { Administrator } from "./keycloak.ts";
import type { StackFile } from "./project.ts";
import { Stack } from "./stack.ts";
import { claimsOf } from "./tokens.ts";

const REALM = "Handover";
const STACK = "handover";
const ORGANIZATION = "00000000-0000-4000-8000-00000000000";

const administrator = new Administrator(REALM);
let stack: Stack;
let identity: string;
let recipient: string;
let credentials: Credentials;

const stackFile = (changes: StackFile = {}): StackFile => ({
  "scpcloud:bff": { publicUrl: "https://api.example.com" },
  "scpcloud:contact": "ScpCloud support, support@example.com",
  "scpcloud:accessTokenLifespan": 300,
  "scpcloud:integrations": {
    acme: { organizationUser: "anna", name: "Acme & Sons" },
    leaving: { organizationId: `${ORGANIZATION}2`, retired: true },
  },
  ...changes,
});
const handOver = (...args: string[]) => stack.command("handover", "--yes", ...args);
const inProject = (...names: string[]) => join(stack.project.directory, ...names);
const recordFile = () => readFile(inProject(`handovers.${STACK}.json`), "utf8");

/** What `customers` says of acme. */
const acme = async () =>
  (JSON.parse((await stack.command("customers", "--json")).stdout) as { readonly customers: readonly object[] })
    .customers[0];

beforeAll(async () => {
  stack = await Stack.create(REALM, STACK, stackFile());
  await stack.up();
  credentials = await stack.credentialsOf("acme");
  identity = await generateX25519Identity();
  recipient = await identityToRecipient(identity);
});

afterAll(() => stack.project.remove());

describe("a credential that was handed over", () => {
  it("is opened with the recipient's key, and gets tokens", async () => {
    const { exitCode, stderr, stdout } = await handOver("--customer", "acme", "--recipient", recipient);

    expect([exitCode, stderr]).toEqual([0, expect.stringContaining("encrypted for 1 key, to ")]);
    const folder = join(".local", "handover", STACK, "acme");
    expect(stdout.split("\n").slice(0, 2)).toEqual([join(folder, "acme.html"), join(folder, "acme.age")]);
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    const opened = await decrypter.decrypt(await readFile(inProject(folder, "acme.age")), "text");
    const credential = JSON.parse(opened) as Record<string, string>;
    expect(credential).toEqual({
      clientId: "acme",
      clientSecret: credentials.clientSecret,
      authorization: credentials.basic,
    });
    const handedOver = { clientSecret: "", basic: credential["authorization"] ?? "" };
    expect(await claimsOf(handedOver, REALM)).toMatchObject({ azp: "acme" });
    for (const name of ["acme.html", "acme.age"]) {
      expect((await stat(inProject(folder, name))).mode & 0o777).toBe(0o600);
    }
    expect((await stat(inProject(folder))).mode & 0o777).toBe(0o700);
  });

  it("stands in a file that only its owner may read, wherever that is, and neither in the page nor in the record", async () => {
    const directory = inProject("elsewhere");
    await mkdir(directory, { mode: 0o755 });
    await writeFile(join(directory, "acme.age"), "of before", { mode: 0o644 });
    await writeFile(inProject("recipients.txt"), `# Acme's key\n${recipient}\n`);
    const fromFile = ["--customer", "acme", "--recipient", inProject("recipients.txt"), "--directory", directory];

    const { exitCode, stdout } = await handOver(...fromFile, "--json");
    expect(exitCode).toBe(0);
    const files = ["acme.html", "acme.age"].map((name) => join(directory, name));
    expect(JSON.parse(stdout)).toEqual({ stack: STACK, done: true, clientId: "acme", recipients: [recipient], files });

    expect((await stat(join(directory, "acme.age"))).mode & 0o777).toBe(0o600);
    const names = ["acme.html", "acme.age"].map((name) => readFile(join(directory, name), "latin1"));
    const texts = (await Promise.all([...names, recordFile()])).join("\n");
    expect(texts).toContain("Acme &amp; Sons");
    expect(Object.values(credentials).filter((secret: string) => texts.includes(secret))).toEqual([]);
  });

  it("is known afterwards, with the age of the secret, until there is another secret", async () => {
    const entry = { date: expect.any(String) as string, recipient, secretCreated: expect.any(String) as string };
    expect(JSON.parse(await recordFile())).toEqual({ acme: [entry, entry] });
    expect(await acme()).toMatchObject({ handover: { recipients: [recipient], ofPresentSecret: true } });

    await administrator.changeClient("acme", { attributes: { "client.secret.creation.time": "1700000000" } });
    expect(await acme()).toMatchObject({ handover: { ofPresentSecret: false } });
  });
});

describe("nothing is handed over", () => {
  const refused = (...args: string[]): Promise<string> => refusedWith(1, ...args);
  const refusedWith = async (code: number, ...args: string[]): Promise<string> => {
    const before = await recordFile();
    const { exitCode, stderr, stdout } = await handOver(...args);
    expect([exitCode, stdout]).toEqual([code, ""]);
    expect(await recordFile()).toBe(before);
    return stderr;
  };

  it("without a recipient, a customer of that name, or one who gets tokens", async () => {
    expect(await refusedWith(2, "--customer", "acme")).toContain("required option '--recipient <KEY>' not specified");
    expect(await refusedWith(2, "--recipient", recipient)).toContain("required option '--customer <ID>' not specified");
    expect(await refusedWith(2, "--recipient", inProject("nowhere.txt"), "--customer", "acme")).toMatch(
      /neither a public key, age1\.\.\., nor a file/,
    );
    expect(await refused("--recipient", recipient, "--customer", "acmee")).toContain('write "acme"');
    expect(await refused("--recipient", recipient, "--customer", "leaving")).toContain("leaving is retired");
  });

  it("before the stack file says where to call and whom to ask", async () => {
    await stack.configure(stackFile({ "scpcloud:bff": {}, "scpcloud:contact": "" }));
    const message = await refused("--recipient", recipient, "--customer", "acme");
    await stack.configure(stackFile());

    expect(message).toContain("2 faults in the stack's configuration");
    expect(message).toContain("scpcloud:bff.publicUrl\n  must be set,");
    expect(message).toContain("scpcloud:contact\n  must be set,");
  });

  it("where the token is not what the settings promise, and the mappers that spoil it are named", async () => {
    await administrator.addMapper("acme", "organizationId", `${ORGANIZATION}4`, "aaa");
    await administrator.addMapper("acme", "email", "x");
    const message = await refused("--recipient", recipient, "--customer", "acme");
    await administrator.changeMapper("acme", "aaa");
    await administrator.changeMapper("acme", "email");

    expect(message).toContain(
      "The secret of acme is not handed over, since its token is not what the settings promise:",
    );
    expect(message).toMatch(
      /claim email is "x", but the contract does not have it\. It is written by the mapper "email"/,
    );
    expect(message).toMatch(
      /claim organizationId is .*written by the mapper "(organizationId|aaa)" of the client and /,
    );
  });

  it("where Keycloak has another secret than the state", async () => {
    const regenerated = await administrator.regenerateSecret("acme");
    const message = await refused("--recipient", recipient, "--customer", "acme");
    expect(message).toContain("Keycloak has another secret of acme than the stack");
    expect(message).toContain(`scpcloud rotate --stack ${STACK} --customer acme`);
    expect(message).not.toContain(regenerated);
  });
});

it("no secret is printed, when it works and when it refuses", async () => {
  const clients = await Promise.all(["acme", "leaving"].map((id) => administrator.client(id)));
  const present = clients.map(({ secret = "" }) => secret);
  stack.project.expectUnprinted([credentials.clientSecret, credentials.basic, ...present]);
});
