import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { refusals } from "../../.github/environments.ts";
import { lineForGitHub } from "../../.github/realms.ts";
import { linesForGitHub } from "../../.github/toolchain.ts";

const SCRIPTS = resolve(import.meta.dirname, "..", "..", ".github");
const MAIN = resolve(SCRIPTS, "..");
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
      COMMIT: "0123abc",
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

  const comment = (texts: Readonly<Record<string, string>>, ...realms: string[]) => {
    for (const [name, text] of Object.entries(texts)) {
      written(`${name}.md`, text);
    }
    return runScript("comment.sh", ["7", directory, ...realms], { RUN_URL: "https://x.example/1" }).status;
  };
  const HEAD = `${MARKER}\nCommit 0123abc, [run](https://x.example/1)\n\n`;

  it("writes the texts after the marker by which it is found again, and the commit that they are about", () => {
    fakeGh("");
    expect(comment({ claims: "### dev: claims\n", "preview-prod": "### prod: preview\n" }, '["prod"]')).toBe(0);
    expect(body()).toBe(`${HEAD}### Unchanged\n\ndev: claims · prod: preview\n`);
    expect(calls().at(-1)).toMatch(/^gh api --method POST repos\/scpcloud\/integrations\/issues\/7\/comments /);
  });

  it("says of each preview that is not there that it is not, so that nobody takes it for one without changes", () => {
    fakeGh("");
    expect(comment({ claims: "### dev: claims", "preview-b": "### b: no changes" }, '["a","b","c"]')).toBe(0);
    const missing = "The job did not get so far: somebody refused it, or it failed. The run says which.";
    expect(body()).toBe(
      `${HEAD}### Dangerous\n\n**a: no preview**\n\n${missing}\n\n**c: no preview**\n\n${missing}\n\n` +
        "### Unchanged\n\ndev: claims · b: no changes\n",
    );
    expect(comment({ claims: "", "preview-b": "### b: no changes" }, "[]")).toBe(0);
    expect(body()).toContain("**all stacks: no claims**");
  });

  it("rewrites its own comment, the first of several", () => {
    fakeGh("11\n12");
    expect(comment({ claims: "claims" })).toBe(0);
    expect(calls().at(-1)).toMatch(/^gh api --method PATCH repos\/scpcloud\/integrations\/issues\/comments\/11 /);
    expect(calls()).toHaveLength(2);
  });

  it("fails where GitHub refuses", () => {
    fake("gh", "echo refused >&2; exit 1");
    expect(comment({ claims: "claims" })).not.toBe(0);
  });
});

describe("issue.sh", () => {
  /** Knows of these open issues that are its own. */
  const fakeIssues = (numbers: string) =>
    fake("gh", `case $* in *list*) echo '${numbers}';; *body-file*) cp "\${@: -1}" '${directory}/body';; esac`);

  it.each([
    ["is opened while something is so", "", "text", /^gh issue create --title Drift in prod --body-file /],
    ["is renewed", "42\n43", "text", /^gh issue edit 42 --body-file /],
    ["is closed when it is so no longer", "42", "", /^gh issue close 42 --comment It is so no longer\.$/],
    ["is not closed where there is none", "", "", /^gh issue list /],
  ])("one issue %s", (_name, numbers, text, call) => {
    fakeIssues(numbers);
    const file = text === "" ? [] : [written("drift.txt", text)];
    expect(runScript("issue.sh", ["Drift in prod", ...file])).toMatchObject({ status: 0, stderr: "" });
    expect(calls().at(-1)).toMatch(call);
  });

  it("has the text as code, which no fence in it ends", () => {
    fakeIssues("");
    runScript("issue.sh", ["Drift in prod", written("drift.txt", "```\n````\n\n# @team\n")]);
    const body = readFileSync(join(directory, "body"), "utf8");
    expect(body).toBe(`<!-- scpcloud: Drift in prod -->\n\n\n    \`\`\`\n    \`\`\`\`\n    \n    # @team\n`);
  });
});

describe("claims.sh", () => {
  it("asks for every stack file, fails with any, and says of which nothing can be told", () => {
    fake("scpcloud", `[[ $* == *dev* ]] || { echo broken >&2; exit 1; }; echo "## $3"`);
    const { status, stdout } = runScript("claims.sh", ["HEAD"]);
    expect(calls()).toEqual(["dev", "prod"].map((stack) => `scpcloud review --stack ${stack} --base HEAD`));
    expect(stdout).toBe("## dev\n\n### prod: no claims; the log of the run says why\n\n");
    expect(status).toBe(1);
  });
});

describe("preview.sh", () => {
  it("writes the summaries of all stacks of a realm, with what the policy pack says, from one preview of each", () => {
    fake("scpcloud", "echo '### prod'; exit 1");
    expect(runScript("preview.sh", ["prod", MAIN])).toMatchObject({ status: 1, stdout: "### prod\n" });
    expect(calls()).toEqual(["scpcloud review --realm-stack prod --run-preview --policy-pack policy-pack"]);
  });

  it.each([
    [
      "a stack that there is not",
      `echo "error: no stack named 'prod' found" >&2; exit 255`,
      "no stack named 'prod' found",
    ],
    [
      "a program that refuses",
      `echo '{"diagnostics":[{"severity":"error","message":"the user"}]}'; exit 1`,
      "the user",
    ],
    [
      "a policy that refuses",
      `echo '{"steps":[],"changeSummary":{"same":9},"diagnostics":[{"severity":"error","message":"preview failed"}]}'
      for option in "$@"; do [ "$last" != --event-log ] || log=$option; last=$option; done
      echo '{"policyEvent":{"policyName":"a-policy","message":"no","enforcementLevel":"mandatory"}}' >"$log"; exit 1`,
      "a-policy: no",
    ],
  ])("writes a failure below the heading of its own stack, as dangerous: %s", (_name, pulumi, told) => {
    fake("pulumi", pulumi);
    const { status, stdout } = runScript("preview.sh", ["prod", MAIN]);
    expect(stdout).toMatch(/^### prod: .*\n\n<!-- scpcloud: danger -->\n/);
    expect(stdout).toContain(told);
    expect(stdout).not.toContain("preview failed\n```");
    expect(status).toBe(1);
  });

  it("says where no preview is possible", () => {
    expect(runScript("preview.sh", ["prod", MAIN], { PULUMI_BACKEND_URL: "" })).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("### prod: no preview") as string,
    });
  });

  it("previews no pull request that leads elsewhere, and says so below the stack's heading, as dangerous", () => {
    fake("scpcloud", "echo must not run");
    const { status, stdout } = runScript("preview.sh", ["prod", directory]);
    expect(stdout).toMatch(/^### prod: no preview\n\n<!-- scpcloud: danger -->\n.*:\n\n {4}\d faults in .*\n/);
    expect(stdout).toContain("    Pulumi.prod.yaml\n      must be there before and after,\n");
    expect([status, calls()]).toEqual([1, []]);
  });
});

describe("realms.ts", () => {
  const files = new Map([
    ["dev", "config:\n  scpcloud:integrations: {}\n"],
    ["prod", "config:\n  scpcloud:integrations: {}\n"],
    ["prod-b", "config:\n  scpcloud:realmStack: prod\n"],
    ["test", "config: {}\n"],
  ]);

  it("hands a matrix each realm by its own stack, so that a new stack file of one needs no change of a workflow", () => {
    expect(lineForGitHub(files)).toBe('realms=["prod","test"]\n');
    expect(lineForGitHub(new Map([["dev", ""]]))).toBe("realms=[]\n");
  });

  it.each([
    ["a stack's own file", [], ["Pulumi.test.yaml"], ["test"]],
    ["the file of a stack of its customers", [], ["Pulumi.prod-b.yaml"], ["prod"]],
    ["the program", ["index.ts"], [], ["prod", "test"]],
    ["nothing that a stack depends on", [], [], []],
    ["a stack file that is removed", [], ["Pulumi.gone.yaml"], []],
  ])("hands only the realms that a change concerns: %s", (_name, program, stackFiles, realms) => {
    expect(lineForGitHub(files, { program, stackFiles: new Set(stackFiles) })).toBe(
      `realms=${JSON.stringify(realms)}\n`,
    );
  });

  it.each(["preview-prod", "drift-prod", "Preview-x", "a b", "a/b"])(
    "refuses a realm that would be deployed where nobody approves, or nowhere: %s",
    (stack) => {
      expect(() => lineForGitHub(new Map([...files, [stack, "config: {}\n"]]))).toThrow(
        `Pulumi.${stack}.yaml\n  must `,
      );
    },
  );
});

describe("environments.ts", () => {
  const reviewers = [{ type: "required_reviewers" }, { type: "branch_policy" }];
  const main = { protected_branches: true };

  it.each([
    ["asks somebody, and admits one branch", reviewers, main, []],
    ["asks nobody", [{ type: "wait_timer" }], main, ["asks nobody"]],
    ["is open to every branch", reviewers, null, ["is open to every branch"]],
    ["was made by a job that named it", [], null, ["asks nobody", "is open to every branch"]],
  ])("tells of an environment that %s", (_name, protection_rules, deployment_branch_policy, told) => {
    const texts = refusals("prod", { protection_rules, deployment_branch_policy }, false);
    expect(texts).toEqual(
      told.map((text) => expect.stringContaining(`The GitHub environment prod ${text}.`) as string),
    );
    expect(refusals("prod", { protection_rules, deployment_branch_policy }, true)).toEqual(
      texts.filter((text) => !text.includes("asks nobody")),
    );
  });

  it.each([
    ["none that it cannot read", "echo 'gh: Not Found (HTTP 404)' >&2; exit 1", "prod cannot be read: gh: Not Found"],
    ["none without rules", "echo '{}'", "prod asks nobody"],
  ])("lets a deployment into %s", (_name, answer, told) => {
    fake("gh", answer);
    const file = join(SCRIPTS, "environments.ts");
    const { status, stderr } = spawnSync("node", [file, '["prod"]'], {
      encoding: "utf8",
      env: {
        ...process.env,
        GITHUB_REPOSITORY: "scpcloud/integrations",
        PATH: `${directory}:${process.env["PATH"]}`,
      },
    });
    expect([status, stderr]).toEqual([1, expect.stringContaining(told)]);
    expect(calls().sort()).toEqual(
      ["drift-prod", "preview-prod", "prod"].map((name) => `gh api repos/scpcloud/integrations/environments/${name}`),
    );
  });
});

describe("plan.sh", () => {
  it("saves a plan, and fails where nothing says of what", () => {
    fake("scpcloud", "echo '## Plan for prod'");
    expect(runScript("plan.sh", ["prod", "plan.json"])).toMatchObject({ status: 0, stdout: "## Plan for prod\n" });
    expect(calls()).toEqual(["scpcloud rollout --realm-stack prod --save-plan plan.json --policy-pack policy-pack"]);
    const { status, stderr } = runScript("plan.sh", ["prod", "plan.json"], { PULUMI_BACKEND_URL: "" });
    expect([status, stderr]).toEqual([1, expect.stringContaining("There is no plan")]);
  });
});

describe("deploy.sh", () => {
  it("takes real tokens after the deployment", () => {
    fake("scpcloud", "true");
    expect(runScript("deploy.sh", ["prod", "plan.json"], { RUNNER_ENVIRONMENT: "self-hosted" }).status).toBe(0);
    expect(calls()).toEqual([
      "scpcloud rollout --realm-stack prod --plan plan.json --yes --policy-pack policy-pack",
      "scpcloud verify --realm-stack prod",
    ]);
  });

  it("names a machine of GitHub's own by its job, so that a dead one's lock is known", () => {
    fake("scpcloud", "true");
    fake("sudo", "true");
    const ofGitHub = { RUNNER_ENVIRONMENT: "github-hosted", GITHUB_REPOSITORY_ID: "77" };
    expect(runScript("deploy.sh", ["prod", "plan.json"], ofGitHub).status).toBe(0);
    expect(calls()[0]).toBe("sudo hostname deploy-77-prod");
  });

  it("stops where the deployment failed, or nothing says where to deploy", () => {
    fake("scpcloud", "exit 1");
    expect(runScript("deploy.sh", ["prod", "plan.json"]).status).toBe(1);
    expect(runScript("deploy.sh", ["prod", "plan.json"], { PULUMI_BACKEND_URL: "" }).status).toBe(1);
    expect(calls()).toHaveLength(1);
  });

  it.each([
    ["as its argument", ["prod", "plan.json", "--ignore-protect"], {}, "and no options"],
    ["in the plan's place", ["prod", "--ignore-protect"], {}, "and no options"],
    [
      "by Pulumi's variable",
      ["prod", "plan.json"],
      { PULUMI_OPTION_IGNORE_PROTECT: "1" },
      "PULUMI_OPTION_IGNORE_PROTECT is set",
    ],
  ])(
    "deploys nothing where protected customers could be deleted: --ignore-protect %s",
    (_name, args, variables, said) => {
      fake("scpcloud", "true");
      const { status, stderr } = runScript("deploy.sh", args, variables);
      expect(stderr).toContain(said);
      expect(status).toBe(1);
      expect(calls()).toEqual([]);
    },
  );
});

describe("nightly.sh", () => {
  const night = (drift: number, customers: number) => {
    fake("scpcloud", `case $* in *drift*) echo somebody changed it; exit ${drift};; *) exit ${customers};; esac`);
    fake("gh", "[[ $* != *list* ]] || echo 42");
    return runScript("nightly.sh", ["prod"]);
  };
  const ofIssues = () => calls().filter((call) => /^gh issue (?!list)/.test(call));

  it("keeps an issue for what somebody should know, closes it when it is so no longer, and leaves it in doubt", () => {
    expect(night(3, 0)).toMatchObject({ status: 1, stdout: "somebody changed it\n" });
    expect(ofIssues()).toEqual([
      expect.stringMatching(/^gh issue edit 42 /),
      expect.stringMatching(/^gh issue close 42 /),
    ]);
    expect(calls().filter((call) => call.startsWith("scpcloud"))).toEqual([
      "scpcloud drift --realm-stack prod",
      "scpcloud customers --realm-stack prod --older-than 365d",
    ]);
    expect(night(1, 1).status).toBe(1);
    expect(ofIssues()).toHaveLength(2);
    expect(night(0, 0).status).toBe(0);
    expect(ofIssues()).toHaveLength(4);
  });

  it("fails where it cannot look", () => {
    const { status, stderr } = runScript("nightly.sh", ["prod"], { PULUMI_BACKEND_URL: "" });
    expect([status, stderr]).toEqual([1, expect.stringContaining("Nobody looks at prod")]);
  });
});

describe("with-token.sh", () => {
  const JOB = {
    ACTIONS_ID_TOKEN_REQUEST_URL: "https://ci.example/?v=2",
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: "bearer-of-job",
  };
  const ISSUER = "https://keycloak.example/realms/R";
  const show = ["bash", "-c", 'cat "$KEYCLOAK_JWT_TOKEN_FILE" "$AWS_WEB_IDENTITY_TOKEN_FILE"; echo; exit 3'];

  it("runs a command with a token for each that it logs in to, without the job's own in any argument", () => {
    fake(
      "curl",
      `cat >>'${directory}/input'; case $* in *sts*) echo '{"value":"for-aws"}';; *) echo '{"value":"for-kc,"}';; esac`,
    );
    const tokens = runScript("with-token.sh", show, {
      ...JOB,
      KEYCLOAK_ISSUER: ISSUER,
      AWS_ROLE_ARN: "arn:aws:iam::1:role/r",
    });
    expect(tokens).toEqual({ status: 3, stdout: "for-kc,for-aws\n", stderr: "" });
    expect(calls().join("\n")).toContain(`--data-urlencode audience=${ISSUER} `);
    expect(calls().join("\n")).not.toContain("bearer-of-job");
    expect(readFileSync(join(directory, "input"), "utf8")).toContain("bearer bearer-of-job");
  });

  it("renews the token while the command runs, since Keycloak takes one for five minutes, and leaves no file of it", () => {
    fake(
      "curl",
      `n=$(cat '${directory}/n' 2>/dev/null || true)x; printf %s "$n" >'${directory}/n'; echo "{\\"value\\":\\"$n\\"}"`,
    );
    const wait =
      'echo "$KEYCLOAK_JWT_TOKEN_FILE"; for _ in {1..600}; do [ "$(cat "$KEYCLOAK_JWT_TOKEN_FILE")" = x ] || exit 0; sleep 0.1; done; exit 1';
    const { status, stdout } = runScript("with-token.sh", ["bash", "-c", wait], {
      ...JOB,
      KEYCLOAK_ISSUER: ISSUER,
      RENEW_SECONDS: "0.1",
    });
    expect(status).toBe(0);
    expect(existsSync(stdout.trim())).toBe(false);
  });

  it("runs it as it is where nothing says so, and not where GitHub gives no token", () => {
    expect(runScript("with-token.sh", ["echo", "plain"])).toMatchObject({ status: 0, stdout: "plain\n" });
    const { status, stderr } = runScript("with-token.sh", ["echo"], { KEYCLOAK_ISSUER: ISSUER });
    expect([status, stderr]).toEqual([1, expect.stringContaining("id-token: write")]);
    fake("curl", "echo refused >&2; exit 22");
    expect(runScript("with-token.sh", ["echo", "ran"], { ...JOB, KEYCLOAK_ISSUER: ISSUER })).toMatchObject({
      stdout: "",
    });
  });
});

describe("toolchain.ts", () => {
  it("writes lines as GitHub reads them", () => {
    const lines = linesForGitHub({ pathEntries: ["/a/bin"], environment: { PULUMI_HOME: "/b", ONE: "1" } });
    expect(lines).toEqual({ GITHUB_PATH: "/a/bin\n", GITHUB_ENV: "PULUMI_HOME=/b\nONE=1\n" });
  });
});
