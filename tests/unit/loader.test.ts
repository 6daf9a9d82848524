import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const REPOSITORY = resolve(__dirname, "..", "..");

/** Runs a script in a Node.js that is started as Pulumi starts it. */
function runScript(script: string, variables: NodeJS.ProcessEnv = {}) {
  return spawnSync(process.execPath, ["--require", "./loader.js", "--eval", script], {
    cwd: REPOSITORY,
    encoding: "utf8",
    env: { ...process.env, ...variables },
  });
}

/** What an expression is after the program was loaded. */
function afterLoading(expression: string): unknown {
  const { stdout, stderr } = runScript(`
    const program = require("./");
    const isLoaded = (path) => Object.keys(require.cache).some((file) =>
      file.includes(path) && require.cache[file].loaded);
    console.log(JSON.stringify(${expression}));`);
  expect(stderr).toBe("");
  return JSON.parse(stdout);
}

test("Pulumi loads the program without what neither of them needs", () => {
  const expression = `[typeof program, ...["typescript", "@pulumi/docker"].map((name) =>
    isLoaded("node_modules/" + name + "/"))]`;
  expect(afterLoading(expression)).toEqual(["function", false, false]);
});

test("TypeScript is not loaded at once, but is there when it is needed", () => {
  const isLoaded = `isLoaded("node_modules/typescript/")`;
  const expression = `[${isLoaded}, require("@pulumi/pulumi/typescript-shim").version, ${isLoaded}]`;
  expect(afterLoading(expression)).toEqual([false, expect.stringMatching(/^\d+\.\d+\.\d+$/), true]);
});

describe("of Pulumi's SDK, the loader", () => {
  /** What each change makes of the SDK: no debug messages, no stack traces of promises and resources. */
  const LEFT_OUT = `(async () => {
    const { log, Resource } = require("@pulumi/pulumi");
    const { debuggablePromise } = require("@pulumi/pulumi/runtime/debuggable");
    const promise = Promise.resolve();
    debuggablePromise(promise);
    const trace = String(promise._debugStackTrace);
    const typescript = Object.entries(require.cache)
      .filter(([file, { loaded }]) => loaded && file.includes("/node_modules/typescript/"));
    console.log(JSON.stringify([
      log.debug.length, trace.includes(" at "), Resource.callsites().length > 0, typescript.length > 0,
      new Error("one").stack.includes(" at "),
    ]));
  })()`;
  const inSdk = (variables: NodeJS.ProcessEnv) => JSON.parse(runScript(LEFT_OUT, variables).stdout) as unknown;

  it("leaves out what only those need who debug it, but no stack trace of an error", () => {
    expect(inSdk({})).toEqual([0, false, false, false, true]);
  });

  it("changes nothing where the variable SCPCLOUD_PULUMI_SDK says so", () => {
    expect(inSdk({ SCPCLOUD_PULUMI_SDK: "unchanged" })).toEqual([4, true, true, true, true]);
  });

  it("changes nothing that it does not find", () => {
    const script = `
      const Module = require("node:module");
      const resolve = Module._resolveFilename;
      Module._resolveFilename = (name, ...rest) => {
        if (/^(typescript|@pulumi\\/pulumi\\/(log|runtime|resource))/.test(name)) throw new Error("gone");
        return resolve(name, ...rest);
      };
      const { leaveOutDebugging, loadTypescriptLate } = require("./pulumiSdk.js");
      loadTypescriptLate();
      leaveOutDebugging();
      console.log("done");`;
    expect(spawnSync(process.execPath, ["--eval", script], { cwd: REPOSITORY, encoding: "utf8" }).stdout).toBe(
      "done\n",
    );
  });
});

describe("an error of the program names its file and its line", () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "scpcloud loader "));
    file = join(folder, "broken.ts");
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  const errorOf = (...lines: string[]) => {
    writeFileSync(file, lines.join("\n"));
    return runScript(`require(${JSON.stringify(file)})`).stderr;
  };

  it("where it cannot be parsed, without a stack trace of the compiler", () => {
    const text = errorOf("interface A {", "  a: string;", "}", "export const broken: A = { a: 'a' ;");
    expect(text).toContain(`SyntaxError:   x Expected ',', got ';'\n   ,-[${file}:4:1]\n`);
    expect(text).not.toMatch(/^Caused by|^Stack backtrace|@swc/m);
  });

  it("where it throws below lines that are only types", () => {
    const text = errorOf("interface A {", "  a: string;", "}", "", "const a = undefined as unknown as A;", "", "a.a;");
    expect(text).toContain(`TypeError: Cannot read properties of undefined (reading 'a')`);
    expect(text).toContain(`${file}:7:3`);
  });
});

describe("node loader.js FILE", () => {
  const runFile = (file: string, options: string) =>
    spawnSync(process.execPath, ["loader.js", file, "--help"], {
      cwd: REPOSITORY,
      encoding: "utf8",
      env: { ...process.env, NODE_OPTIONS: options },
    });

  test.each([
    ["", "plainly"],
    ["--import=data:text/javascript,0", "with a module that Node.js loads before, as those who watch a process do"],
  ])("is run %j, %s, by scpcloud", (options) => {
    const env = { ...process.env, NODE_OPTIONS: options };
    const program = spawnSync("./scpcloud", ["verify", "--help"], { cwd: REPOSITORY, encoding: "utf8", env });
    expect([program.stderr, program.stdout]).toEqual(["", expect.stringMatching(/^Usage: scpcloud verify /)]);
  });

  test("has the file as its main module", () => {
    const folder = mkdtempSync(join(tmpdir(), "scpcloud-loader-"));
    const file = join(folder, "main.ts");
    writeFileSync(file, "console.log(require.main === module, process.argv.slice(1));");
    for (const options of ["", "--import=data:text/javascript,0"]) {
      expect(runFile(file, options).stdout).toBe(`true [ '${file}', '--help' ]\n`);
    }
    rmSync(folder, { recursive: true });
  });
});
