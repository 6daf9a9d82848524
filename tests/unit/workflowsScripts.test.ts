import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { refusals } from "../../.github/environments.ts";
import { lineForGitHub } from "../../.github/realms.ts";
import { useTemporaryFolder } from "./temporaryFolder.ts";

const SCRIPTS = resolve(import.meta.dirname, "..", "..", ".github");
const MAIN = resolve(SCRIPTS, "..");

useTemporaryFolder();

/** A program of that name on PATH, which writes down how it was called. */
function fake(name: string, script: string): void {
  const log = `{ printf '%s' "${name}"; printf ' %s' "$@"; echo; } >>calls`;
  writeFileSync(name, `#!/usr/bin/env bash\ncd '${process.cwd()}'\n${log}\n${script}\n`, { mode: 0o755 });
}

const calls = () => (existsSync("calls") ? readFileSync("calls", "utf8").trimEnd().split("\n") : []);

function runScript(name: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync(name.endsWith(".ts") ? "node" : "bash", [join(SCRIPTS, name), ...args], {
    encoding: "utf8",
    env: {
      ...process.env,
      LC_ALL: "C.UTF-8",
      GITHUB_REPOSITORY: "scpcloud/integrations",
      COMMIT: "0123abc",
      PULUMI_BACKEND_URL: "file:///nowhere",
      ...env,
      PATH: `${process.cwd()}:${process.env["PATH"]}`,
    },
  });
  return { status, stdout, stderr };
}

describe("comment.sh", () => {
  /** Keeps the body that it is given; the comment's id where there is one already. */
  const fakeGh = (id: string) =>
    fake(
      "gh",
      `for a in "$@"; do case "$a" in body=@*) cp "\${a#body=@}" body;; esac; done; [[ $* == *PATCH* || $* == *POST* ]] || echo '${id}'`,
    );
  const body = () => readFileSync("body", "utf8");

  const comment = (texts: Readonly<Record<string, string>>, ...realms: string[]) => {
    Object.entries(texts).forEach(([name, text]) => writeFileSync(`${name}.md`, text));
    return runScript("comment.sh", ["7", ".", ...realms], { RUN_URL: "https://x.example/1" }).status;
  };

  it("has the texts after its marker and the commit, and each preview that is not there, lest it pass for one without changes", () => {
    fakeGh("");
    expect(comment({ claims: "### dev: claims", "preview-b": "### b: no changes\n" }, '["a","b","c"]')).toBe(0);
    const missing = "The job did not get so far: somebody refused it, or it failed. The run says which.";
    expect(body()).toBe(
      "<!-- scpcloud: review -->\nCommit 0123abc, [run](https://x.example/1)\n\n" +
        `### Dangerous\n\n**a: no preview**\n\n${missing}\n\n**c: no preview**\n\n${missing}\n\n` +
        "### Unchanged\n\ndev: claims · b: no changes\n",
    );
    expect(calls().at(-1)).toMatch(/^gh api --method POST repos\/scpcloud\/integrations\/issues\/7\/comments /);
    expect(comment({ claims: "" }, "[]")).toBe(0);
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

it("issue.sh opens an issue with the text as code, which no fence in it ends", () => {
  fake("gh", `[[ $* != *body-file* ]] || cp "\${@: -1}" body`);
  writeFileSync("drift.txt", "```\n````\n\n# @team\n");
  expect(runScript("issue.sh", ["Drift in prod", resolve("drift.txt")])).toMatchObject({ status: 0, stderr: "" });
  expect(calls().at(-1)).toMatch(/^gh issue create --title Drift in prod --body-file /);
  expect(readFileSync("body", "utf8")).toBe(
    "<!-- scpcloud: Drift in prod -->\n\n\n    ```\n    ````\n    \n    # @team\n",
  );
});

it("claims.sh asks for every stack file, fails with any, and says of which nothing can be told", () => {
  fake("scpcloud", `[[ $* == *dev* ]] || { echo broken >&2; exit 1; }; echo "## $3"`);
  const { status, stdout } = runScript("claims.sh", ["HEAD"]);
  expect(calls()).toEqual(["dev", "prod"].map((stack) => `scpcloud review --stack ${stack} --base HEAD`));
  expect(stdout).toBe("## dev\n\n### prod: no claims; the log of the run says why\n\n");
  expect(status).toBe(1);
});

it.each([
  ["preview.sh", ["prod", MAIN], ["review --realm-stack prod --run-preview --policy-pack policy-pack"]],
  ["plan.sh", ["prod", "p"], ["rollout --realm-stack prod --save-plan p --policy-pack policy-pack"]],
  [
    "deploy.sh",
    ["prod", "p"],
    ["rollout --realm-stack prod --plan p --yes --policy-pack policy-pack", "verify --realm-stack prod"],
  ],
])("%s runs all stacks of a realm, under the policy pack", (script, args, called) => {
  fake("scpcloud", "echo '### prod'");
  const env = { RUNNER_ENVIRONMENT: "self-hosted" };
  expect(runScript(script, args, env)).toMatchObject({ status: 0, stdout: "### prod\n".repeat(called.length) });
  expect(calls()).toEqual(called.map((args) => `scpcloud ${args}`));
});

it.each([
  ["plan.sh", "There is no plan", 1],
  ["deploy.sh", "Nothing is deployed", 1],
  ["nightly.sh", "Nobody looks at prod", 1],
  ["preview.sh", "### prod: no preview", 0],
])("%s does nothing where nothing says where the state is, and says so", (script, said, code) => {
  fake("scpcloud", "true");
  const { status, stdout, stderr } = runScript(script, ["prod", MAIN], { PULUMI_BACKEND_URL: "" });
  expect([status, stdout + stderr]).toEqual([code, expect.stringContaining(said)]);
  expect(calls()).toEqual([]);
});

describe("preview.sh", () => {
  it.each([
    [
      "a stack that there is not",
      `echo "error: no stack named 'prod' found" >&2; exit 255`,
      "no stack named 'prod' found",
    ],
    [
      "a program that refuses",
      `echo '{"sequence":1,"diagnosticEvent":{"severity":"error","message":"the user"}}'; exit 1`,
      "the user",
    ],
    [
      "a policy that refuses",
      `echo '{"sequence":1,"policyEvent":{"policyName":"a-policy","message":"no","enforcementLevel":"mandatory"}}'
      echo '{"sequence":2,"diagnosticEvent":{"severity":"error","message":"preview failed"}}'
      echo '{"sequence":3,"summaryEvent":{"resourceChanges":{"same":9}}}'; exit 1`,
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

  it("tells what the engine's events say of a resource, and no secret", () => {
    const SECRET = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", ciphertext: "[secret]" };
    const state = { custom: true, parent: "urn:pulumi:prod::scpcloud::scpcloud:keycloak:Integration::acme" };
    const metadata = {
      op: "update",
      urn: "urn:pulumi:prod::scpcloud::scpcloud:keycloak:Integration$keycloak:openid/client:Client::acme-client",
      old: { ...state, protect: true, inputs: { accessTokenLifespan: "300", clientSecret: SECRET } },
      new: { ...state, inputs: { accessTokenLifespan: "600", clientSecret: SECRET } },
      diffs: ["accessTokenLifespan", "clientSecret"],
      detailedDiff: { accessTokenLifespan: { diffKind: "update" }, clientSecret: { diffKind: "update-replace" } },
    };
    const events = [{ resourcePreEvent: { metadata } }, { summaryEvent: { resourceChanges: { update: 1, same: 9 } } }];
    const lines = events.map((event, sequence) => `echo '${JSON.stringify({ sequence, ...event })}'`);
    fake("pulumi", lines.join("\n"));
    const { status, stdout } = runScript("preview.sh", ["prod", MAIN]);
    expect([status, stdout.split("\n").filter((line) => /^(###|- |\| `)/.test(line))]).toEqual([
      0,
      [
        "### prod: 1 to update; 9 unchanged; the policies allow it",
        "- **No longer protected against deletion: `acme`**",
        "#### `acme`",
        '| `client` | `accessTokenLifespan` | `"300"` | `"600"` |',
        "| `client` | `clientSecret` **(replaces it)** | `[secret]` | `[secret]` |",
      ],
    ]);
  });

  it("previews no pull request that leads elsewhere, and says so below the stack's heading, as dangerous", () => {
    fake("scpcloud", "echo must not run");
    const { status, stdout } = runScript("preview.sh", ["prod", process.cwd()]);
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
    const { status, stderr } = runScript("environments.ts", ['["prod"]']);
    expect([status, stderr]).toEqual([1, expect.stringContaining(told)]);
    expect(calls().sort()).toEqual(
      ["drift-prod", "preview-prod", "prod"].map((name) => `gh api repos/scpcloud/integrations/environments/${name}`),
    );
  });
});

describe("deploy.sh", () => {
  it("names a machine of GitHub's own by its job, so that a dead one's lock is known", () => {
    fake("scpcloud", "true");
    fake("sudo", "true");
    const ofGitHub = { RUNNER_ENVIRONMENT: "github-hosted", GITHUB_REPOSITORY_ID: "77" };
    expect(runScript("deploy.sh", ["prod", "plan.json"], ofGitHub).status).toBe(0);
    expect(calls()[0]).toBe("sudo hostname deploy-77-prod");
  });

  it("stops where the deployment failed", () => {
    fake("scpcloud", "exit 1");
    expect(runScript("deploy.sh", ["prod", "plan.json"]).status).toBe(1);
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

it("nightly.sh keeps an issue for what somebody should know, closes it when it is so no longer, and leaves it in doubt", () => {
  const night = (drift: number, customers: number) => {
    fake("scpcloud", `case $* in *drift*) echo somebody changed it; exit ${drift};; *) exit ${customers};; esac`);
    fake("gh", "[[ $* != *list* ]] || printf '42\\n43\\n'");
    return runScript("nightly.sh", ["prod"]);
  };
  const ofIssues = () => calls().filter((call) => /^gh issue (?!list)/.test(call));

  expect(night(3, 0)).toMatchObject({ status: 1, stdout: "somebody changed it\n" });
  expect(ofIssues()).toEqual([
    expect.stringMatching(/^gh issue edit 42 /),
    "gh issue close 42 --comment It is so no longer.",
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

describe("with-token.sh", () => {
  const JOB = {
    ACTIONS_ID_TOKEN_REQUEST_URL: "https://ci.example/?v=2",
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: "bearer-of-job",
  };
  const ISSUER = "https://keycloak.example/realms/R";

  it("runs a command with a token for each that it logs in to, without the job's own in any argument, and leaves no file", () => {
    fake("curl", `cat >>input; case $* in *sts*) echo '{"value":"for-aws"}';; *) echo '{"value":"for-kc,"}';; esac`);
    const show =
      'cat "$KEYCLOAK_JWT_TOKEN_FILE" "$AWS_WEB_IDENTITY_TOKEN_FILE"; echo; echo "$KEYCLOAK_JWT_TOKEN_FILE"; exit 3';
    const { status, stdout, stderr } = runScript("with-token.sh", ["bash", "-c", show], {
      ...JOB,
      KEYCLOAK_ISSUER: ISSUER,
      AWS_ROLE_ARN: "arn:aws:iam::1:role/r",
    });
    const [tokens, file = ""] = stdout.split("\n");
    expect([status, tokens, stderr]).toEqual([3, "for-kc,for-aws", ""]);
    expect(calls().join("\n")).toContain(`--data-urlencode audience=${ISSUER} `);
    expect(calls().join("\n")).not.toContain("bearer-of-job");
    expect(readFileSync("input", "utf8")).toContain("bearer bearer-of-job");
    expect(existsSync(file)).toBe(false);
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
