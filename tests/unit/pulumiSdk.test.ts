import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const REPOSITORY = resolve(import.meta.dirname, "..", "..");
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "scpcloud sdk "));
});

afterEach(() => rmSync(folder, { recursive: true }));

/** Runs a script in a Node.js that is started as Pulumi starts it. */
function runScript(script: string, variables: NodeJS.ProcessEnv = {}) {
  const file = join(folder, "@pulumi", "pulumi", "cmd", "run", "index.cjs");
  mkdirSync(join(file, ".."), { recursive: true });
  const load = `const load = require("node:module").createRequire(${JSON.stringify(join(REPOSITORY, "index.ts"))});\n`;
  writeFileSync(file, load + script);
  return spawnSync(process.execPath, ["--require", "./pulumiSdk.cjs", file], {
    cwd: REPOSITORY,
    encoding: "utf8",
    env: { ...process.env, ...variables },
  });
}

/** What an expression is after the program was loaded. */
function afterLoading(expression: string): unknown {
  const { stdout, stderr } = runScript(`
    const program = load("./index.ts").default;
    const isLoaded = (path) => Object.entries(require.cache).some(([file, { loaded }]) => loaded && file.includes(path));
    console.log(JSON.stringify(${expression}));`);
  expect(stderr).toBe("");
  return JSON.parse(stdout);
}

test("Pulumi loads the program without what neither of them needs", () => {
  const parts = ["typescript/", "@pulumi/docker/", "@pulumi/keycloak/index.js", "@pulumi/keycloak/group.js"];
  expect(
    afterLoading(`[typeof program, ...${JSON.stringify(parts)}.map((name) => isLoaded("node_modules/" + name))]`),
  ).toEqual(["function", ...parts.map(() => false)]);
});

test("TypeScript is not loaded at once, but is there when it is needed", () => {
  const isLoaded = `isLoaded("node_modules/typescript/")`;
  const expression = `[${isLoaded}, load("@pulumi/pulumi/typescript-shim").version, ${isLoaded}]`;
  expect(afterLoading(expression)).toEqual([false, expect.stringMatching(/^\d+\.\d+\.\d+$/), true]);
});

describe("of Pulumi's SDK", () => {
  /** What each change makes of the SDK: no debug messages, no stack traces of promises and resources. */
  const LEFT_OUT = `
    const { log, Resource } = load("@pulumi/pulumi");
    const { debuggablePromise } = load("@pulumi/pulumi/runtime/debuggable");
    const promise = Promise.resolve();
    debuggablePromise(promise);
    const trace = String(promise._debugStackTrace);
    const typescript = Object.entries(require.cache)
      .filter(([file, { loaded }]) => loaded && file.includes("/node_modules/typescript/"));
    console.log(JSON.stringify([
      log.debug.length, trace.includes(" at "), Resource.callsites().length > 0, typescript.length > 0,
      new Error("one").stack.includes(" at "),
    ]));`;
  const inSdk = (variables: NodeJS.ProcessEnv) => JSON.parse(runScript(LEFT_OUT, variables).stdout) as unknown;

  it("is left out what only those need who debug it, but no stack trace of an error", () => {
    expect(inSdk({})).toEqual([0, false, false, false, true]);
  });

  it("is changed nothing where the variable SCPCLOUD_PULUMI_SDK says so", () => {
    expect(inSdk({ SCPCLOUD_PULUMI_SDK: "unchanged" })).toEqual([4, true, true, true, true]);
  });
});

describe("an error of the program names its file and its line", () => {
  const errorOf = (...lines: string[]) => {
    const file = join(folder, "broken.mts");
    writeFileSync(file, lines.join("\n"));
    return runScript(`import(${JSON.stringify(file)});`).stderr;
  };

  it("where it cannot be parsed", () => {
    const text = errorOf("interface A {", "  a: string;", "}", "export const broken: A = { a: 'a' ;");
    expect(text).toContain("SyntaxError");
    expect(text).toContain("broken.mts:4");
  });

  it("where it throws below lines that are only types", () => {
    const text = errorOf("interface A {", "  a: string;", "}", "", "const a = undefined as unknown as A;", "", "a.a;");
    expect(text).toContain("TypeError: Cannot read properties of undefined (reading 'a')");
    expect(text).toContain("broken.mts:7:3");
  });
});
