import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, globSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { constants } from "node:os";
import { join, resolve } from "node:path";

import { STACK_VALUE } from "../../commands/cli/options.ts";
import { stackNameOf } from "../../commands/cli/stackName.ts";
import { tableText } from "../../commands/cli/table.ts";
import { loadVerb, VERBS } from "../../commands/verbs.ts";
import { useTemporaryFolder } from "./temporaryFolder.ts";

const REPOSITORY = resolve(import.meta.dirname, "..", "..");
const NAMES = Object.values(VERBS).flatMap((verbs) => Object.keys(verbs));

/** `scpcloud` called so by a script: what it printed, and its exit code. No CLI of Pulumi is on PATH. */
function call(args: readonly string[], { cwd = REPOSITORY, env = {} } = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(REPOSITORY, "scpcloud"), ...args], {
    cwd,
    env: { PATH: "/nowhere", ...env },
    encoding: "utf8",
  });
  return { exitCode: status, stdout, stderr };
}

describe("a verb", () => {
  it("has a folder of its name, and each folder with a command is one", () => {
    const folders = readdirSync(join(REPOSITORY, "commands"));
    const withCommand = folders.filter((name) => existsSync(join(REPOSITORY, "commands", name, "command.ts")));
    expect(withCommand.sort()).toEqual([...NAMES].sort());
  });

  it.each(NAMES)("says in its help what it changes, two lines to type, and its exit codes: %s", (name) => {
    const about = loadVerb(name)?.about;
    expect(about?.examples).toHaveLength(2);
    expect(Object.keys(about?.options ?? {})).toContain(["move", "rollout"].includes(name) ? "preview" : "stack");
    const isChange = Object.hasOwn(VERBS["Look, and change nothing:"] ?? {}, name) === false;
    expect(about?.changes === "nothing").toBe(!isChange && name !== "rehearse");
    // Only what changes something asks.
    expect(Object.hasOwn(about?.options ?? {}, "yes")).toBe(isChange);
  });
});

describe("the command line", () => {
  it.each([[[]], [["--help"]], [["help"]]])("teaches on one screen where it is called by %j", (args) => {
    const { exitCode, stdout, stderr } = call(args);
    expect([exitCode, stderr]).toEqual([0, ""]);
    for (const name of NAMES) {
      expect(stdout).toMatch(new RegExp(`^  ${name} `, "m"));
    }
    const lines = stdout.trimEnd().split("\n");
    // Of 24, one is for the prompt.
    expect(lines.length).toBeLessThanOrEqual(23);
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  });

  it.each([[["help", "rotate"]], [["rotate", "--help"]], [["rotate", "-h"]]])("explains a verb: %j", (args) => {
    const { exitCode, stdout } = call(args);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      /^Usage: scpcloud rotate [^]*--customer <ID> [^]*\(required; [^]*\n {2}2 {2}it was called wrongly\n/,
    );
    expect(stdout).toContain("\n  scpcloud rotate --stack prod --customer acme --preview\n");
  });

  it.each([
    ["a misspelt verb", ["verfy"], "Did you mean verify?"],
    ["a misspelt option", ["verify", "--stak", "prod"], "Did you mean --stack?"],
    ["a value that is missing", ["verify", "--stack"], "argument missing"],
    ["a value that is the next option", ["recover", "--stack", "--yes"], "The value is missing"],
    ["a value that a shell's variable did not have", ["recover", "--stack", ""], "The value is missing"],
    ["a value that is said twice", ["recover", "--stack", "a", "--stack", "b"], "It is said twice"],
    ["an option that is required", ["rotate", "--stack", "prod"], "required option '--customer <ID>' not specified"],
    ["a stack without its option", ["verify", "prod"], "too many arguments"],
    ["a stack of another project", ["verify", "--stack", "organization/other/prod"], "is of another project"],
    ["a stack that would leave the folder", ["verify", "--stack", "../prod"], "cannot be a stack's name"],
    ["a file that is absent", ["move", "--from", "a", "--to", "b", "--customers-file", "no"], "--customers-file no: "],
  ])("refuses %s in one line, before anything is done", (_name, args, told) => {
    const { exitCode, stdout, stderr } = call(args);
    expect([exitCode, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(told);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  });

  it("has an error as data where that is wished, besides its words", () => {
    const { exitCode, stdout, stderr } = call(["verify", "--stack", "prod", "--json"]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^The Pulumi CLI is not on PATH\. .*make env.*\n$/);
    expect(JSON.parse(stdout)).toEqual({ stack: "prod", error: stderr.trimEnd() });
    const wrong = call(["verify", "--stak", "--json"]);
    expect(JSON.parse(wrong.stdout)).toEqual({ error: wrong.stderr.trimEnd() });
  });

  it("tells in docs/json.md what each verb that has --json prints as data, and of no other verb", () => {
    const text = readFileSync(join(REPOSITORY, "docs", "json.md"), "utf8");
    const told = [...text.matchAll(/^- `([a-z]+)`:/gm)].map(([, name]) => name);
    const withJson = NAMES.filter((name) => Object.hasOwn(loadVerb(name)?.about.options ?? {}, "json"));
    expect(told.sort()).toEqual(withJson.sort());
  });

  it("reads the project where it stands, and files where the user stands", () => {
    const args = ["move", "--from", "dev", "--to", "b", "--customers-file", "token.md"];
    const { exitCode, stderr } = call(args, { cwd: join(REPOSITORY, "docs") });
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining("neither Pulumi.dev.yaml nor Pulumi.b.yaml has")]);
  });

  it("says on Windows where it runs", () => {
    const onWindows = "--import=data:text/javascript,Object.defineProperty(process,'platform',{value:'win32'})";
    const { exitCode, stderr } = call(["verify"], { env: { NODE_OPTIONS: onWindows } });
    expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/^scpcloud runs on Linux and macOS\. .*WSL.*\n$/)]);
  });
});

describe("a verb that changes something", () => {
  useTemporaryFolder();

  /** A CLI of Pulumi that knows its backend, and nothing else: it fails, or waits once somebody has read that it begins. */
  beforeEach(() => {
    const script = `#!/bin/sh
case $1 in
  whoami) echo '{"url":"file:///state"}' ;;
  config)
    [ -n "$WAITS" ] || { echo "error: the state is broken" >&2; exit 255; }
    trap 'kill $!; echo interrupted >>"${process.cwd()}/ended"; exit 1' INT
    sleep 600 &
    echo >"${process.cwd()}/begun"
    wait ;;
esac
`;
    writeFileSync("pulumi", script, { mode: 0o700 });
    spawnSync("mkfifo", ["begun"]);
  });

  const environment = () => ({ PATH: `${process.cwd()}:${process.env["PATH"]}` });
  const SHOWN = /Stack {5}prod\r?\nBackend {3}file:\/\/\/state\r?\n(- .*\r?\n){2,}/;

  it("shows what it is going to do, and does nothing where nobody can answer, but says the line to type", () => {
    const args = ["recover", "--stack", "prod", "--ended", "it's over"];
    const { exitCode, stdout, stderr } = call(args, { env: environment() });
    expect([exitCode, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(SHOWN);
    expect(stderr).toContain(
      "Nothing was changed, because there is no terminal to ask on. To go on: " +
        "scpcloud recover --stack prod --ended 'it'\\''s over' --yes\n",
    );
  });

  it("only shows it where that is wished", () => {
    const { exitCode, stderr } = call(["recover", "--stack", "prod", "--preview"], { env: environment() });
    expect([exitCode, stderr]).toEqual([0, expect.stringMatching(SHOWN)]);
  });

  // Of util-linux; it has a terminal of its own.
  const withTerminal = spawnSync("script", ["--version"]).status === 0 ? it.each : it.skip.each;
  withTerminal([
    ["n and Enter", "n\n", 1, "Nothing was changed."],
    ["Ctrl-D", "\u0004", 1, "Nothing was changed."],
    ["Ctrl-C", "\u0003", 130, "Interrupted by SIGINT."],
  ])("asks on a terminal, and changes nothing after %s", async (_name, answer, exitCode, said) => {
    const line = `${process.execPath} ${join(REPOSITORY, "scpcloud")} recover --stack prod`;
    const terminal = spawn("script", ["-qec", line, "/dev/null"], { env: { ...process.env, ...environment() } });
    let text = "";
    terminal.stdout.on("data", (data: Buffer) => {
      const asked = text.includes("Go on? [y/N]");
      text += data.toString();
      if (!asked && text.includes("Go on? [y/N]")) {
        terminal.stdin.write(answer);
      }
    });
    const [code] = (await once(terminal, "close")) as [number];
    expect(text).toMatch(SHOWN);
    expect(text.trimEnd()).toMatch(new RegExp(`${said}$`));
    expect(text).not.toMatch(/^\s+at /m);
    expect(code).toBe(exitCode);
  });

  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "is ended by %s with the CLI that it has started",
    async (signal) => {
      const args = [join(REPOSITORY, "scpcloud"), "recover", "--stack", "prod", "--yes"];
      const env = { ...process.env, ...environment(), WAITS: "yes" };
      const child = spawn(process.execPath, args, { env, stdio: "ignore" });
      const ended = once(child, "exit");
      await readFile("begun");
      child.kill(signal);
      const [exitCode] = (await ended) as [number];
      expect(exitCode).toBe(128 + constants.signals[signal]);
      expect(readFileSync("ended", "utf8")).toBe("interrupted\n");
    },
  );
});

describe("a stack's name", () => {
  it("may be qualified, and is then the short one", () => {
    expect(["prod", "organization/scpcloud/prod"].map(stackNameOf)).toEqual(["prod", "prod"]);
  });

  test.each(["../prod", "a/b", "", "a b", "a\nb", "-->", "company/scpcloud/prod"])("of %j is refused", (name) => {
    expect(() => stackNameOf(name)).toThrow("cannot be a stack's name");
  });
});

describe("a table", () => {
  const rows = [["acme", "12", "x".repeat(40)]];
  const head = ["client id", "count", "organization"];

  it("stands as a whole where the terminal is wide enough, and in a pipe", () => {
    expect(tableText(head, rows, 80)).toMatch(/│ acme +│ +12 │ x{40} │/);
    expect(tableText(head, rows, Infinity)).toBe(tableText(head, rows, 80));
  });

  it("has its widest column wrapped where that is enough", () => {
    const text = tableText(head, [["acme", "12", "y".repeat(60)]], 80);
    expect(text).toMatch(/│ acme +│ +12 │ y{56} │\n│ +│ +│ y{4} +│/);
  });

  it("has its cells below each other in a narrow terminal", () => {
    const text = tableText(head, [...rows, ["globex", "1", "a\nb"]], 60);
    expect(text).toBe(
      `client id     acme\ncount         12\norganization  ${"x".repeat(40)}\n\n` +
        "client id     globex\ncount         1\norganization  a\n              b",
    );
  });
});

describe("the texts for users", () => {
  const exclude = (path: string) => /(^|\/)(node_modules|\.local|\.git)$/.test(path);
  const files = globSync("{,.github/}**/*.{md,ts,sh,yml,yaml}", { cwd: REPOSITORY, exclude });

  /** `scpcloud verify --stack prod`, as a document, a message or a comment has it. */
  const CALL = /(?<![\w:/"'-])scpcloud ([a-z][a-z-]*)(?![\w/-])((?: +[^\s`"'|;&().]+)*)/g;
  /** In a sentence, what follows the program's name may be any word. */
  const SENTENCE = /^(?:is|has|on|which|by|and|needs|runs|work)$/;

  it.each(files)("name only verbs and options that there are: %s", (file) => {
    // Pulumi's project has the same name; what is no verb there is none.
    const text = readFileSync(join(REPOSITORY, file), "utf8");
    const wrong = [...text.matchAll(CALL)].flatMap(([line, name = "", rest = ""]) => {
      const options = NAMES.includes(name) ? loadVerb(name)?.about.options : undefined;
      if (options === undefined) {
        return SENTENCE.test(name) ? [] : [line];
      }
      const named = [...rest.matchAll(/(?<= )--([a-z][a-z-]*)/g)].map(([, option = ""]) => option);
      return named.some((option) => option !== "help" && !Object.hasOwn(options, option)) ? [line] : [];
    });
    expect(wrong).toEqual([]);
  });
});

test("the value of every option that names a stack is checked as one", () => {
  const named = NAMES.flatMap((name) =>
    Object.entries(loadVerb(name)?.about.options ?? {}).flatMap(([option, { value }]) =>
      /stack$|^(from|to)$/.test(option) && value !== undefined && name !== "rehearse" ? [[name, option, value]] : [],
    ),
  );
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter(([, , value]) => value !== STACK_VALUE)).toEqual([]);
});
