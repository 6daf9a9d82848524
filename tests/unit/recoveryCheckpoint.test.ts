import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

import { restoreCheckpoint } from "../../commands/recover/checkpoint";
import { RecoveryError } from "../../commands/recover/stackLock";
import type { PulumiRunner, PulumiRunOptions } from "../../commands/recover/recovery";

const WHOLE = '{"version": 3}';
const CUT_OFF = '{"vers';

const backend = mkdtempSync(join(tmpdir(), "scpcloud-checkpoint-test-"));
const stacks = join(backend, ".pulumi/stacks/scpcloud");
const locks = join(backend, ".pulumi/locks/organization/scpcloud/dev");
const content = (name: string) => readFileSync(join(stacks, name), "utf8");

/** A `file://` backend with these files, or another backend, and a CLI that reads the stack's state from it. */
function cli(files: Readonly<Record<string, string>>, url = pathToFileURL(backend).href) {
  rmSync(join(backend, ".pulumi"), { recursive: true, force: true });
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  const state = Object.keys(files).find((path) => /dev\.json(\.gz)?$/.test(path)) ?? "";
  const run = (args: readonly string[], options?: PulumiRunOptions): Promise<string> => {
    if (args[0] === "whoami") {
      expect(options).toEqual({ global: true });
      return Promise.resolve(JSON.stringify({ url }));
    }
    return readFileSync(state, "utf8") === WHOLE
      ? Promise.resolve(WHOLE)
      : Promise.reject(
          new Error("pulumi stack failed\nerror: failed to load checkpoint: unexpected end of JSON input"),
        );
  };
  return { run } satisfies PulumiRunner;
}

const restored = (pulumi: PulumiRunner) => restoreCheckpoint(pulumi, "scpcloud", "dev");
const state = (name: string) => join(stacks, name);
const lock = (host: string, pid: number) => ({ [join(locks, "1.json")]: JSON.stringify({ hostname: host, pid }) });

afterAll(() => rmSync(backend, { recursive: true }));

describe("a state that a killed run left behind", () => {
  test("stays as it is where it is whole", async () => {
    const pulumi = cli({ [state("dev.json")]: WHOLE, [state("dev.json.bak")]: '{"version": 2}' });
    expect(await restored(pulumi)).toBe(false);
    expect(content("dev.json")).toBe(WHOLE);
  });

  test.each(["dev.json", "dev.json.gz"])("is restored from Pulumi's own copy where it is cut off: %s", async (name) => {
    const pulumi = cli({
      [state(name)]: CUT_OFF,
      [state(`${name}.bak`)]: WHOLE,
      [state("dev2.json.bak")]: "another stack's",
      ...lock(hostname(), spawnSync("true").pid),
    });
    expect(await restored(pulumi)).toBe(true);
    expect(content(name)).toBe(WHOLE);
    expect(content(`${name}.bak`)).toBe(WHOLE);
  });

  test("is left to the process that may still be writing it", async () => {
    const pulumi = cli({
      [state("dev.json")]: CUT_OFF,
      [state("dev.json.bak")]: WHOLE,
      ...lock("another-host", 42),
    });
    const failure = restored(pulumi);
    await expect(failure).rejects.toThrow(RecoveryError);
    await expect(failure).rejects.toThrow("The stack is locked by process 42 on another-host,");
    expect(content("dev.json")).toBe(CUT_OFF);
  });

  test.each<[string, Record<string, string>]>([
    ["no copy", {}],
    ["an empty copy", { "dev.json.bak": "" }],
    ["two copies", { "dev.json.bak": WHOLE, "dev.json.gz.bak": WHOLE }],
  ])("is not touched where there is %s", async (_, copies) => {
    const files = Object.entries({ "dev.json": CUT_OFF, ...copies }).map(([name, text]) => [state(name), text]);
    const pulumi = cli(Object.fromEntries(files) as Record<string, string>);
    await expect(restored(pulumi)).rejects.toThrow("failed to load checkpoint");
    expect(content("dev.json")).toBe(CUT_OFF);
  });

  test("is not touched in another kind of backend", async () => {
    const pulumi = cli({ [state("dev.json")]: CUT_OFF, [state("dev.json.bak")]: WHOLE }, "s3://states");
    await expect(restored(pulumi)).rejects.toThrow("failed to load checkpoint");
    expect(content("dev.json")).toBe(CUT_OFF);
  });

  test("is not what another failure is about", async () => {
    const pulumi = { run: () => Promise.reject(new Error("error: no stack named 'dev' found")) };
    expect(await restored(pulumi)).toBe(false);
  });
});
