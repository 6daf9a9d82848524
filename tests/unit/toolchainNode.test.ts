import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";

const REPOSITORY = resolve(import.meta.dirname, "..", "..");
const VERSION = readFileSync(join(REPOSITORY, ".node-version"), "utf8").trim();
const PACKAGE = `node-${process.platform}-${process.arch}`;

let checkout: string;
let bin: string;

beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), "scpcloud-node-"));
  bin = join(checkout, "bin");
  mkdirSync(join(checkout, "development", "toolchain"), { recursive: true });
  for (const name of ["package.json", ".node-version", "development/toolchain/node.sh"]) {
    cpSync(join(REPOSITORY, name), join(checkout, name));
  }
});

afterEach(() => {
  rmSync(checkout, { recursive: true, force: true });
});

function program(name: string, script: string): void {
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

/** This very Node.js, but saying that it is of another version. */
function nodeOfVersion(version: string): void {
  const pretend = join(checkout, "pretend.js");
  writeFileSync(
    pretend,
    `Object.defineProperty(process, "versions", { value: { node: "${version}" } });
     Object.defineProperty(process, "version", { value: "v${version}" });`,
  );
  program("node", `exec '${process.execPath}' --require '${pretend}' "$@"`);
}

/** A registry with one package, whose node tells that it was started. */
function npmThatDelivers(): void {
  program(
    "npm",
    `echo "npm $*" >>'${checkout}/calls'
     folder="$3/node_modules/${PACKAGE}/bin"
     mkdir -p "$folder"
     printf '#!/bin/sh\\necho fetched\\n' >"$folder/node"
     chmod +x "$folder/node"`,
  );
}

function nodeThere() {
  const { status, stdout, stderr } = spawnSync(join(checkout, "development/toolchain/node.sh"), ["node", "-p", "42"], {
    encoding: "utf8",
    env: { PATH: [bin, "/usr/bin", "/bin"].join(delimiter) },
  });
  return { status, stdout: stdout.trim(), stderr };
}

const calls = () => readFileSync(join(checkout, "calls"), "utf8").trim().split("\n");

describe("the Node.js of this project's commands", () => {
  it.each(["22.21.0", "22.23.1", "24.21.0", "26.10.0"])("is the machine's own where that is %s", (version) => {
    nodeOfVersion(version);
    npmThatDelivers();
    expect(nodeThere()).toEqual({ status: 0, stdout: "42", stderr: "" });
    expect(existsSync(join(checkout, ".local"))).toBe(false);
  });

  it.each(["20.20.2", "22.12.0", "18.1.0"])("comes from npm, once, where the machine's own is %s", (version) => {
    nodeOfVersion(version);
    npmThatDelivers();
    // A killed run's.
    mkdirSync(join(checkout, ".local", "toolchain", `node-${VERSION}.partial`, "node_modules"), { recursive: true });
    expect(nodeThere()).toEqual({
      status: 0,
      stdout: "fetched",
      stderr: `This machine's Node.js v${version} is too old: getting ${VERSION} from npm for this checkout ...\n`,
    });
    expect(nodeThere()).toEqual({ status: 0, stdout: "fetched", stderr: "" });
    expect(calls()).toEqual([expect.stringContaining(` ${PACKAGE}@${VERSION}`)]);
    expect(existsSync(join(checkout, ".local", "toolchain", `node-${VERSION}.partial`))).toBe(false);
  });

  it("is asked of the user where npm fails", () => {
    nodeOfVersion("20.20.2");
    program("npm", "exit 1");
    const { status, stdout, stderr } = nodeThere();
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(`npm could not get Node.js ${VERSION}. Install Node.js 24 yourself`);
    expect(existsSync(join(checkout, ".local", "toolchain", `node-${VERSION}`))).toBe(false);
  });

  it("has a range in package.json that the script and the prerequisites can read", () => {
    const { engines } = JSON.parse(readFileSync(join(REPOSITORY, "package.json"), "utf8")) as {
      engines: { node: string };
    };
    expect(engines.node).toMatch(/^>=\d+\.\d+$/);
  });
});
