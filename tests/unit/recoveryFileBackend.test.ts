import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { homedir, hostname, tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync, zstdCompressSync } from "node:zlib";

import type { PulumiCli } from "../../commands/pulumi/pulumiCli";
import { backendDirectory, isHalfWritten, mendFileBackend, readLocks } from "../../commands/locks/fileBackend";
import { RecoveryError } from "../../commands/locks/stackLock";

const WHOLE = '{"version": 3}';
const OLD = '{"version": 2}';
const SINCE = "2026-11-23T12:00:00Z";
const CUT_OFF = '{"vers';

const backend = mkdtempSync(join(tmpdir(), "scpcloud-backend-test-"));
const stacks = ".pulumi/stacks/scpcloud";
const locks = ".pulumi/locks/organization/scpcloud/dev";
const content = (name: string) => readFileSync(join(backend, stacks, name), "utf8");
const state = (name: string, text: string | Buffer) => ({ [`${stacks}/${name}`]: text });
const lock = (host: string, pid: number, name = "1.json") => ({
  [`${locks}/${name}`]: JSON.stringify({ username: "root", hostname: host, pid, timestamp: SINCE }),
});
const deadProcess = () => spawnSync("true").pid;

/** Mends a backend with these files. */
async function mended(files: Readonly<Record<string, string | Buffer>>, url = pathToFileURL(backend).href) {
  rmSync(join(backend, ".pulumi"), { recursive: true, force: true });
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(backend, path)), { recursive: true });
    writeFileSync(join(backend, path), text);
  }
  const calls: string[] = [];
  const pulumi: PulumiCli = {
    run: (args) => {
      calls.push(args.join(" "));
      return Promise.resolve(args[0] === "whoami" ? JSON.stringify({ url }) : "");
    },
  };
  const lines: string[] = [];
  const halfWritten = await isHalfWritten(pulumi, "scpcloud", "dev");
  await mendFileBackend(pulumi, "scpcloud", "dev", (line) => lines.push(line));
  return { calls: calls.filter((call) => call !== "whoami --json"), said: lines.join("\n"), halfWritten };
}

function aside(): string[] {
  const folder = join(backend, ".pulumi/broken");
  return existsSync(folder) ? readdirSync(folder).flatMap((time) => readdirSync(join(folder, time))) : [];
}

afterAll(() => rmSync(backend, { recursive: true }));

describe("a file backend that a killed run left behind", () => {
  test("stays as it is where all is whole", async () => {
    const { calls, said, halfWritten } = await mended({
      ...state("dev.json", WHOLE),
      ...state("dev.json.attrs", "{}"),
      ...state("dev2.json", CUT_OFF),
    });
    expect({ calls, said, halfWritten, aside: aside() }).toEqual({
      calls: [],
      said: "",
      halfWritten: false,
      aside: [],
    });
  });

  test.each(["", '{"user'])("loses the attributes that are broken (%j), and keeps its state", async (attributes) => {
    const { said, halfWritten } = await mended({
      ...state("dev.json", WHOLE),
      ...state("dev.json.attrs", attributes),
    });
    expect(halfWritten).toBe(true);
    expect(content("dev.json")).toBe(WHOLE);
    expect(existsSync(join(backend, stacks, "dev.json.attrs"))).toBe(false);
    expect(said).toContain("dev.json.attrs (now in ");
    expect(aside()).toEqual(["dev.json.attrs"]);
  });

  test.each<[string, string | Buffer, string | Buffer]>([
    ["dev.json", CUT_OFF, WHOLE],
    ["dev.json", "", WHOLE],
    ["dev.json.gz", gzipSync(WHOLE).subarray(0, 12), gzipSync(WHOLE)],
    ["dev.json.zst", zstdCompressSync(WHOLE).subarray(0, 12), zstdCompressSync(WHOLE)],
  ])("has its state restored from Pulumi's own copy where it is cut off: %s", async (name, cut, whole) => {
    const { calls, said, halfWritten } = await mended({
      ...state(name, cut),
      ...state(`${name}.attrs`, ""),
      ...state(`${name}.bak`, whole),
      ...state(`${name}.bak.attrs`, ""),
      ...state("dev2.json", CUT_OFF),
      ...lock(hostname(), deadProcess()),
    });
    expect(readFileSync(join(backend, stacks, name))).toEqual(Buffer.from(whole));
    expect(halfWritten).toBe(true);
    expect(said).toContain("restored the copy");
    expect(calls).toEqual([]);
    expect(aside().sort()).toEqual([name, `${name}.attrs`, `${name}.bak.attrs`].sort());
    expect(content("dev2.json")).toBe(CUT_OFF);
  });

  test("has its state restored where it is gone and the copy is there", async () => {
    await mended({ ...state("dev.json.bak", WHOLE) });
    expect(content("dev.json")).toBe(WHOLE);
  });

  test.each<[string, Record<string, string>]>([
    ["state and copy are both cut off", { "dev.json": CUT_OFF, "dev.json.bak": CUT_OFF }],
    ["the state is cut off and there is no copy", { "dev.json": CUT_OFF }],
    ["the copy is empty", { "dev.json": CUT_OFF, "dev.json.bak": "" }],
  ])("gets an empty stack where %s", async (_, files) => {
    const { calls, said } = await mended(
      Object.fromEntries(Object.entries(files).map(([name, text]) => [`${stacks}/${name}`, text])),
    );
    expect(calls).toEqual(["stack init dev --no-select"]);
    expect(said).toContain("made an empty one");
    expect(aside().sort()).toEqual(Object.keys(files).sort());
    const [time = ""] = readdirSync(join(backend, ".pulumi/broken"));
    expect(statSync(join(backend, ".pulumi/broken", time)).mode & 0o777).toBe(0o700);
  });

  test.each([CUT_OFF, "", "null", "[]"])("loses a lock that is broken: %j", async (text) => {
    await mended({ ...state("dev.json", WHOLE), [`${locks}/1.json`]: text, [`${locks}/1.json.attrs`]: "" });
    expect(aside().sort()).toEqual(["1.json", "1.json.attrs"]);
  });

  test("takes no attributes beside a lock for a lock", async () => {
    await mended({ ...state("dev.json", CUT_OFF), ...state("dev.json.bak", OLD), [`${locks}/1.json.attrs`]: "{}" });
    expect(content("dev.json")).toBe(OLD);
  });

  test("is left to the process that may still be writing", async () => {
    const files = { ...state("dev.json", CUT_OFF), ...state("dev.json.bak", WHOLE), ...lock("another-host", 42) };
    const failure = mended(files);
    await expect(failure).rejects.toThrow(RecoveryError);
    await expect(failure).rejects.toThrow(`process 42 of root@another-host, since ${SINCE}.`);
    expect(content("dev.json")).toBe(CUT_OFF);
  });

  test("is told how to go on where nothing is left of the stack", async () => {
    await expect(mended(state("dev2.json", WHOLE))).rejects.toThrow("pulumi stack init dev");
  });

  test("is not touched in another kind of backend", async () => {
    await mended({ ...state("dev.json", CUT_OFF), ...state("dev.json.bak", WHOLE) }, "s3://states");
    expect(content("dev.json")).toBe(CUT_OFF);
  });
});

test("a lock tells who took it and since when, unless it is broken", async () => {
  const folder = mkdtempSync(join(tmpdir(), "scpcloud-locks-test-"));
  try {
    const content = { username: "root", hostname: "host", pid: 42, timestamp: SINCE };
    writeFileSync(join(folder, "1.json"), JSON.stringify(content));
    writeFileSync(join(folder, "1.json.attrs"), "{}");
    writeFileSync(join(folder, "2.json"), "");
    const holder = { stack: basename(folder), user: "root", host: "host", processId: 42, since: SINCE };
    expect(await readLocks(folder)).toEqual([holder]);
    expect(await readLocks(join(folder, "missing"))).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.each([
  ["file:///var/state", "/var/state"],
  ["file://~", homedir()],
  ["file://~/state?no_tmp_dir=true", join(homedir(), "state")],
  ["file://./a%20b", join(process.cwd(), "a b")],
])("a backend's folder is read from its address as Pulumi reads it: %s", (url, directory) => {
  expect(backendDirectory(url)).toBe(directory);
});
