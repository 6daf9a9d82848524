import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync, zstdCompressSync } from "node:zlib";

import { backendDirectory, isHalfWritten, mendFileBackend, readLocks } from "../../commands/locks/fileBackend.ts";
import type { PulumiCli } from "../../commands/pulumi/pulumiCli.ts";

const WHOLE = '{"version": 3}';
const CUT_OFF = '{"vers';

const backend = mkdtempSync(join(tmpdir(), "scpcloud-backend-test-"));
const STACKS = ".pulumi/stacks/scpcloud";
const LOCK = ".pulumi/locks/organization/scpcloud/dev/1.json";
const state = (name: string, text: string | Buffer) => ({ [`${STACKS}/${name}`]: text });

/** Mends a backend with these files. */
async function mended(files: Readonly<Record<string, string | Buffer>>, url = pathToFileURL(backend).href) {
  rmSync(join(backend, ".pulumi"), { recursive: true, force: true });
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(backend, path)), { recursive: true });
    writeFileSync(join(backend, path), text);
  }
  const calls: string[] = [];
  const pulumi: PulumiCli = {
    stack: "dev",
    run: (args) => {
      calls.push(args.join(" "));
      if (args[0] === "stack") {
        writeFileSync(join(backend, STACKS, "dev.json"), WHOLE);
      }
      return Promise.resolve(JSON.stringify({ url }));
    },
  };
  const lines: string[] = [];
  const halfWritten = await isHalfWritten(pulumi);
  const failure = await mendFileBackend(pulumi, (line) => lines.push(line)).catch(String);
  const gone = Object.keys(files).filter((path) => !existsSync(join(backend, path)));
  const said = lines.join("\n");
  return { calls: calls.filter((call) => call !== "whoami --json"), halfWritten, said, gone, failure };
}

afterAll(() => rmSync(backend, { recursive: true }));

describe("a file backend that a killed run or a full disk left behind", () => {
  const ALL_WHOLE = { ...state("dev.json", WHOLE), ...state("dev.json.attrs", "{}"), [LOCK]: "{}" };

  test.each([
    ["where all is whole", ALL_WHOLE],
    ["where another stack's state is cut off", { ...ALL_WHOLE, ...state("dev2.json", CUT_OFF) }],
    ["where only the copy is cut off", { ...ALL_WHOLE, ...state("dev.json.bak", CUT_OFF) }],
    ["where a living run is writing its lock", { ...ALL_WHOLE, [`${LOCK}.18ecb1549114e325.tmp`]: "" }],
  ])("stays as it is %s", async (_, files) => {
    expect(await mended(files)).toEqual({ calls: [], halfWritten: false, said: "", gone: [], failure: undefined });
  });

  test.each([
    [`${STACKS}/dev.json.attrs`, ""],
    [`${STACKS}/dev.json.attrs`, '{"user'],
    [`${STACKS}/dev.json.bak.attrs`, ""],
    [`${LOCK}.attrs`, ""],
    [LOCK, CUT_OFF],
    [LOCK, ""],
    [LOCK, "null"],
  ])("loses %s, which Pulumi does without, where it is %j", async (path, text) => {
    const { failure, gone, halfWritten, said } = await mended({ ...ALL_WHOLE, [path]: text });
    expect({ failure, gone, halfWritten }).toEqual({ failure: undefined, gone: [path], halfWritten: true });
    expect(said).toContain(path);
  });

  test.each<[string, string | Buffer, string | Buffer]>([
    ["dev.json", CUT_OFF, WHOLE],
    ["dev.json", "", WHOLE],
    ["dev.json.gz", gzipSync(WHOLE).subarray(0, 12), gzipSync(WHOLE)],
    ["dev.json.zst", zstdCompressSync(WHOLE).subarray(0, 12), zstdCompressSync(WHOLE)],
  ])("has its state restored from Pulumi's own copy where it is cut off: %s", async (name, cut, whole) => {
    const copy = { ...state(`${name}.bak`, whole), ...state(`${name}.bak.attrs`, "") };
    const { calls, failure, halfWritten, said } = await mended({ ...state(name, cut), ...copy });
    expect({ calls, failure, halfWritten }).toEqual({ calls: [], failure: undefined, halfWritten: true });
    expect(said).toContain("restored the copy");
    expect(readFileSync(join(backend, STACKS, name))).toEqual(Buffer.from(whole));
    const [aside = ""] = readdirSync(join(backend, STACKS)).filter((file) => file.endsWith(".broken"));
    expect(readFileSync(join(backend, STACKS, aside))).toEqual(Buffer.from(cut));
  });

  test.each([{}, state("dev.json.bak", CUT_OFF), state("dev.json.bak", "")])(
    "gets an empty stack where the state is cut off and no copy is whole: %j",
    async (copy) => {
      const { calls, said } = await mended({ ...state("dev.json", CUT_OFF), ...copy });
      expect(calls).toEqual(["stack init dev --no-select"]);
      expect(said).toContain("made an empty one");
    },
  );

  test("is left to the process that may still be writing", async () => {
    const lock = { username: "root", hostname: "another-host", pid: 42, timestamp: "2026-11-23T12:00:00Z" };
    const files = { ...state("dev.json", CUT_OFF), ...state("dev.json.bak", WHOLE), [LOCK]: JSON.stringify(lock) };
    const { failure, gone } = await mended(files);
    expect(failure).toMatch(/^UserError: The stack is locked by another run[^]*process 42 of root@another-host, /);
    expect(gone).toEqual([]);
    expect(readFileSync(join(backend, STACKS, "dev.json"), "utf8")).toBe(CUT_OFF);
  });

  test("is not touched in another kind of backend", async () => {
    const { failure, gone } = await mended(state("dev.json.attrs", ""), "s3://states");
    expect({ failure, gone }).toEqual({ failure: undefined, gone: [] });
  });
});

test("a lock tells who took it and since when, unless it is broken", async () => {
  const folder = join(backend, "locks", "dev");
  mkdirSync(folder, { recursive: true });
  const since = "2026-11-23T12:00:00Z";
  const content = { username: "root", hostname: "host", pid: 42, timestamp: since };
  writeFileSync(join(folder, "1.json"), JSON.stringify(content));
  writeFileSync(join(folder, "1.json.attrs"), "{}");
  writeFileSync(join(folder, "2.json"), "");
  expect(await readLocks(folder)).toEqual([{ stack: "dev", user: "root", host: "host", processId: 42, since }]);
  expect(await readLocks(join(folder, "missing"))).toEqual([]);
});

test.each([
  ["file:///var/state", "/var/state"],
  ["file://~", homedir()],
  ["file://~/state?no_tmp_dir=true", join(homedir(), "state")],
  ["file://./a%20b", join(process.cwd(), "a b")],
])("a backend's folder is read from its address as Pulumi reads it: %s", (url, directory) => {
  expect(backendDirectory(url)).toBe(directory);
});
