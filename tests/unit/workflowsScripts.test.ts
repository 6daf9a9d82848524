import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { danger } from "../../commands/review/markdown";
import { lineForGitHub } from "../../.github/realms";
import { linesForGitHub } from "../../.github/toolchain";

const SCRIPTS = resolve(__dirname, "..", "..", ".github");
const MARKER = "<!-- scpcloud: review -->";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "scpcloud-workflows-"));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** A program of that name on PATH, which writes down how it was called. */
function fake(name: string, script: string): void {
  const file = join(directory, name);
  const log = join(directory, "calls");
  writeFileSync(
    file,
    `#!/usr/bin/env bash\nprintf '%s' "${name}" >>'${log}'\nprintf ' %s' "$@" >>'${log}'\necho >>'${log}'\n${script}\n`,
  );
  chmodSync(file, 0o755);
}

function calls(): string[] {
  const log = join(directory, "calls");
  return existsSync(log) ? readFileSync(log, "utf8").trimEnd().split("\n") : [];
}

function runScript(name: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync("bash", [join(SCRIPTS, name), ...args], {
    encoding: "utf8",
    env: {
      ...process.env,
      LC_ALL: "C.UTF-8",
      GITHUB_REPOSITORY: "scpcloud/integrations",
      PULUMI_BACKEND_URL: "file:///nowhere",
      ...env,
      PATH: `${directory}:${process.env["PATH"]}`,
    },
  });
  return { status, stdout, stderr };
}

function written(name: string, text: string): string {
  const file = join(directory, name);
  writeFileSync(file, text);
  return file;
}

describe("comment.sh", () => {
  /** Keeps the body that it is given; the comment's id where there is one already. */
  const fakeGh = (id: string) =>
    fake(
      "gh",
      `for a in "$@"; do case "$a" in body=@*) cp "\${a#body=@}" '${directory}/body';; esac; done; [[ $* == *PATCH* || $* == *POST* ]] || echo '${id}'`,
    );
  const body = () => readFileSync(join(directory, "body"), "utf8");

  it("writes the files after the marker by which it is found again", () => {
    fakeGh("");
    const files = [written("claims.md", "### dev: claims\n"), written("preview.md", "### dev: preview\n")];
    expect(runScript("comment.sh", ["7", ...files], { RUN_URL: "https://x.example/1" }).status).toBe(0);
    expect(body()).toBe(`${MARKER}\n### dev: claims\n\n### dev: preview\n\n[Run](https://x.example/1)\n`);
    expect(calls().at(-1)).toMatch(/^gh api --method POST repos\/scpcloud\/integrations\/issues\/7\/comments /);
  });

  it("rewrites its own comment, the first of several", () => {
    fakeGh("11\n12");
    expect(runScript("comment.sh", ["7", written("claims.md", "claims")]).status).toBe(0);
    expect(calls().at(-1)).toMatch(/^gh api --method PATCH repos\/scpcloud\/integrations\/issues\/comments\/11 /);
    expect(calls()).toHaveLength(2);
  });

  it("keeps to what GitHub takes, with the danger of the last file first", () => {
    fakeGh("");
    const files = [
      written("claims.md", `### dev: claims\n\n${`#### \`a\`\n\n${"é".repeat(900)}\n\n`.repeat(100)}`),
      written("preview.md", `### prod: 1 to delete\n\n${danger("- **The client is deleted**")}\n`),
    ];
    expect(runScript("comment.sh", ["7", ...files]).status).toBe(0);
    expect(body().length).toBeLessThan(61_000);
    expect(body()).toContain(`${MARKER}\n### Dangerous\n\n**prod: 1 to delete**\n\n- **The client is deleted**\n`);
    expect(body()).toContain("… and 35 more parts, for which a comment has no room; see the run.");
  });

  it("fails where GitHub refuses", () => {
    fake("gh", "echo refused >&2; exit 1");
    expect(runScript("comment.sh", ["7", written("claims.md", "claims")]).status).not.toBe(0);
  });
});

describe("issue.sh", () => {
  it.each([
    ["opens one", "", /^gh issue create --title Drift in prod --body-file /],
    ["updates the open one", "42", /^gh issue edit 42 --body-file /],
  ])("%s", (_name, found, call) => {
    fake("gh", `[[ $* == *list* ]] && echo '${found}' || true`);
    expect(runScript("issue.sh", ["Drift in prod", written("drift.txt", "somebody ...")]).status).toBe(0);
    expect(calls().at(-1)).toMatch(call);
  });
});

describe("claims.sh", () => {
  it("asks for every stack file, and fails with any", () => {
    fake("npm", `echo "## $6"; [[ $* != *prod* ]]`);
    const { status, stdout } = runScript("claims.sh", ["HEAD"]);
    expect(calls()).toEqual(["dev", "prod"].map((stack) => `npm run --silent claims -- --stack ${stack} --base HEAD`));
    expect(stdout).toBe("## dev\n\n## prod\n\n");
    expect(status).toBe(1);
  });
});

describe("preview.sh", () => {
  const previews = (summary: string, rollout: string) =>
    fake("npm", `case $* in *summary*) ${summary};; *rollout*) ${rollout};; esac`);

  it("writes the summaries of all stacks of a realm, and how the policy pack takes them", () => {
    previews("echo '### prod'", "echo '│ prod │'");
    expect(runScript("preview.sh", ["prod"])).toMatchObject({
      status: 0,
      stdout: "### prod\n\n<!-- scpcloud: -->\n```text\n│ prod │\n```\n<!-- scpcloud: end of policies -->\n",
    });
    expect(calls()).toEqual([
      "npm run --silent summary -- --realm-stack prod",
      "npm run --silent rollout -- --realm-stack prod --policy-pack policy-pack",
    ]);
  });

  it("marks a violation as dangerous", () => {
    previews("true", "echo refused; exit 1");
    expect(runScript("preview.sh", ["prod"]).stdout).toContain(
      danger("```text\nrefused\n```").split("\n", 3).join("\n"),
    );
  });

  it.each([
    ["the summary's", "exit 1", "true"],
    ["the policies'", "true", "exit 1"],
  ])("fails with %s fault", (_name, summary, rollout) => {
    previews(summary, rollout);
    expect(runScript("preview.sh", ["prod"]).status).toBe(1);
  });

  it("says where no preview is possible", () => {
    expect(runScript("preview.sh", ["prod"], { PULUMI_BACKEND_URL: "" })).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("### prod: no preview") as string,
    });
  });
});

describe("realms.ts", () => {
  it("hands a matrix each realm by its own stack, so that a new stack file of one needs no change of a workflow", () => {
    const files = new Map([
      ["dev", "config:\n  scpcloud:integrations: {}\n"],
      ["prod", "config:\n  scpcloud:integrations: {}\n"],
      ["prod-b", "config:\n  scpcloud:realmStack: prod\n"],
      ["test", "config: {}\n"],
    ]);
    expect(lineForGitHub(files)).toBe('realms=["prod","test"]\n');
  });
});

describe("deploy.sh", () => {
  it("takes real tokens after the deployment", () => {
    fake("npm", "true");
    expect(runScript("deploy.sh", ["prod"]).status).toBe(0);
    expect(calls()).toEqual([
      "npm run rollout -- --realm-stack prod --yes --policy-pack policy-pack",
      "npm run verify -- --realm-stack prod",
    ]);
  });

  it("stops where the deployment failed, or nothing says where to deploy", () => {
    fake("npm", "exit 1");
    expect(runScript("deploy.sh", ["prod"]).status).toBe(1);
    expect(runScript("deploy.sh", ["prod"], { PULUMI_BACKEND_URL: "" }).status).toBe(1);
    expect(calls()).toHaveLength(1);
  });

  it.each([
    ["as its argument", ["prod", "--ignore-protect"], {}, "takes a stack's name and no options"],
    ["in the stack's place", ["--ignore-protect"], {}, "takes a stack's name and no options"],
    ["by Pulumi's variable", ["prod"], { PULUMI_OPTION_IGNORE_PROTECT: "1" }, "PULUMI_OPTION_IGNORE_PROTECT is set"],
  ])(
    "deploys nothing where protected customers could be deleted: --ignore-protect %s",
    (_name, args, variables, said) => {
      fake("npm", "true");
      const { status, stderr } = runScript("deploy.sh", args, variables);
      expect(stderr).toContain(said);
      expect(status).toBe(1);
      expect(calls()).toEqual([]);
    },
  );
});

describe("nightly.sh", () => {
  it("keeps the text, fails, and tells what somebody should know from an error", () => {
    const [file, output] = [join(directory, "drift.txt"), join(directory, "output")];
    const check = (exitCode: number) => {
      fake("npm", `echo somebody changed it; exit ${exitCode}`);
      writeFileSync(output, "");
      const { status, stdout } = runScript("nightly.sh", ["prod", file, "customers", "--older-than", "365d"], {
        GITHUB_OUTPUT: output,
      });
      return { status, stdout, text: readFileSync(file, "utf8"), output: readFileSync(output, "utf8") };
    };
    const text = "somebody changed it\n";

    expect(check(3)).toEqual({ status: 3, stdout: text, text, output: "found=true\n" });
    expect(check(1)).toEqual({ status: 1, stdout: text, text, output: "" });
    expect(check(0)).toEqual({ status: 0, stdout: text, text, output: "" });
    expect(calls().at(-1)).toBe("npm run --silent customers -- --realm-stack prod --older-than 365d");
  });
});

describe("toolchain.ts", () => {
  it("writes lines as GitHub reads them", () => {
    const lines = linesForGitHub({ pathEntries: ["/a/bin"], environment: { PULUMI_HOME: "/b", ONE: "1" } });
    expect(lines).toEqual({ GITHUB_PATH: "/a/bin\n", GITHUB_ENV: "PULUMI_HOME=/b\nONE=1\n" });
  });
});
