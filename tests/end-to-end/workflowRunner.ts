import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { run } from "../../processes/run";
import { Project, type StackFile } from "./project";
import { built } from "./stateBackends";
import { missing } from "./tools";

const REPOSITORY = resolve(__dirname, "..", "..");
/** The repository as GitHub would know it. */
const NAME = "scpcloud/integrations";
const FILE = "Pulumi.prod.yaml";
const ACTIONS = /uses: (actions.([a-z-]+)@[0-9a-f]{40})/g;

/** Why workflows cannot be run here; empty where they can. */
export const NO_WORKFLOWS = missing("go", "jq", "git");

/** A run of a workflow by act. */
export interface WorkflowRun {
  /** What every step printed, without act's own prefixes. */
  readonly text: string;
  /** What became of each job that ran, by its name. */
  readonly jobs: Readonly<Record<string, "failed" | "succeeded">>;
}

/**
 * This repository on GitHub, as far as act goes: workflows, scripts and program are the real ones, and so are Keycloak
 * and Pulumi. In place of GitHub are: actions of our own that do what the jobs need, a `gh` that keeps comments and
 * issues, and an `npm ci` that takes the packages of this checkout. Environments, their rules and OIDC tokens are
 * nobody's here: secrets and variables are the same for all jobs.
 */
export class WorkflowRunner {
  private constructor(
    readonly project: Project,
    private readonly folder: string,
    private readonly act: string,
  ) {}

  /** @param config of the one stack prod, besides its connection to the server */
  static async create(realm: string, config: StackFile): Promise<WorkflowRunner> {
    const act = await built("act", "github.com/nektos/act", "runner of workflows");
    const project = await Project.create();
    await project.createStack("prod", { ...project.connection(realm), ...config });
    const runner = new WorkflowRunner(project, await mkdtemp(join(tmpdir(), "scpcloud-workflows-")), act);
    await runner.prepare();
    return runner;
  }

  /** Commits files on top of a branch, as another one. @returns the commit */
  async commit(branch: string, files: Readonly<Record<string, string>>, from = "main"): Promise<string> {
    await this.git("checkout", "--quiet", "-B", branch, from);
    for (const [name, text] of Object.entries(files)) {
      await writeFile(join(this.repository, name), text);
    }
    await this.git("add", "--all");
    await this.git("commit", "--quiet", "--allow-empty", "--message", branch);
    return this.git("rev-parse", "HEAD");
  }

  /** The stack's file as main has it. */
  stackFile(): Promise<string> {
    return this.git("show", `main:${FILE}`);
  }

  /** Makes a branch a pull request, as its merge into main. @returns GitHub's event */
  async pullRequest(branch: string, repository = NAME): Promise<object> {
    const sha = await this.git("rev-parse", branch);
    await this.git("checkout", "--quiet", "-B", "merged", "main");
    await this.git("merge", "--quiet", "--no-ff", "--message", "merge", branch);
    await this.git("update-ref", "refs/pull/7/merge", "HEAD");
    return {
      pull_request: { number: 7, head: { sha, ref: branch, repo: { full_name: repository } }, base: { ref: "main" } },
    };
  }

  /** Merges a branch into main. @returns GitHub's event of the push */
  async merge(branch: string): Promise<object> {
    const before = await this.git("rev-parse", "main");
    await this.git("checkout", "--quiet", "main");
    await this.git("merge", "--quiet", "--no-ff", "--message", "merge", branch);
    return { ref: "refs/heads/main", before, after: await this.git("rev-parse", "HEAD") };
  }

  /**
   * @param ref what is checked out where a step does not say it
   * @param variables of GitHub, for all jobs
   */
  async run(
    event: string,
    workflow: string,
    payload: object,
    {
      ref = "main",
      variables = {},
    }: { readonly ref?: string; readonly variables?: Readonly<Record<string, string>> } = {},
  ): Promise<WorkflowRun> {
    const work = join(this.folder, "work");
    await rm(work, { recursive: true, force: true });
    await rm(this.artifacts, { recursive: true, force: true });
    await this.git("clone", "--quiet", this.repository, work);
    await run("git", ["-C", work, "fetch", "--quiet", "origin", ref]);
    await run("git", ["-C", work, "checkout", "--quiet", "FETCH_HEAD"]);
    await run("git", ["-C", work, "remote", "set-url", "origin", `https://github.com/${NAME}`]);
    const [eventFile, secretFile, variableFile, environmentFile] = ["event", "secrets", "variables", "environment"].map(
      (name) => join(this.folder, name),
    ) as [string, string, string, string];
    const { PULUMI_BACKEND_URL = "", PULUMI_CONFIG_PASSPHRASE, KEYCLOAK_CLIENT_SECRET } = this.project.environment;
    const repository = { full_name: NAME, name: NAME.split("/")[1], owner: { login: NAME.split("/")[0] } };
    await writeFile(eventFile, JSON.stringify({ repository, sender: { login: "anna" }, ...payload }));
    const secrets = { GITHUB_TOKEN: "token of the job", PULUMI_CONFIG_PASSPHRASE, KEYCLOAK_CLIENT_SECRET };
    await writeFile(secretFile, toLines(secrets), { mode: 0o600 });
    await writeFile(variableFile, toLines({ PULUMI_BACKEND_URL, ...variables }));
    await writeFile(environmentFile, toLines(this.machine(ref)));
    const actions = await this.localActions();
    const { stdout, stderr } = await run(
      this.act,
      [
        event,
        ...["--eventpath", eventFile, "--workflows", `.github/workflows/${workflow}`, "--actor", "anna"],
        ...["--secret-file", secretFile, "--var-file", variableFile, "--env-file", environmentFile],
        ...["--platform", "ubuntu-24.04=-self-hosted", "--no-skip-checkout", "--pull=false", "--no-cache-server"],
        ...["--artifact-server-addr", "127.0.0.1", "--action-cache-path", join(this.folder, "cache")],
        ...actions.flatMap(([action, folder]) => ["--local-repository", `${action}=${folder}`]),
      ],
      { cwd: work, env: { HOME: this.folder, ...pathOf(this.programs) }, timeoutMilliseconds: 10 * 60_000 },
    );
    return readRun(`${stdout}\n${stderr}`);
  }

  /** What the recorder keeps: the comments on the pull request, or the issues. */
  async kept(what: "comments" | "issues"): Promise<readonly Readonly<Record<string, unknown>>[]> {
    return JSON.parse(await readFile(join(this.folder, `${what}.json`), "utf8")) as Readonly<Record<string, unknown>>[];
  }

  async remove(): Promise<void> {
    await this.project.remove();
    await rm(this.folder, { recursive: true, force: true });
  }

  private get repository(): string {
    return join(this.folder, "repository");
  }

  private get artifacts(): string {
    return join(this.folder, "artifacts");
  }

  private get programs(): string {
    return join(this.folder, "programs");
  }

  private async git(...args: string[]): Promise<string> {
    const author = ["-c", "user.name=anna", "-c", "user.email=anna@scpcloud.example"];
    const { exitCode, stdout, stderr } = await run("git", [...author, ...args], { cwd: this.repository });
    if (exitCode !== 0) {
      throw new Error(`git ${args.join(" ")}: ${stderr}`);
    }
    return stdout.trimEnd();
  }

  private async prepare(): Promise<void> {
    await mkdir(this.repository);
    await mkdir(this.programs);
    const copy =
      'git -C "$1" ls-files -co --exclude-standard -z | grep -zvE "^tests/" | tar -C "$1" --null --ignore-failed-read -cf - -T - | tar xf -';
    const { exitCode, stderr } = await run("bash", ["-c", copy, "copy", REPOSITORY], { cwd: this.repository });
    if (exitCode !== 0) {
      throw new Error(stderr);
    }
    await writeFile(join(this.repository, FILE), await readFile(join(this.project.directory, FILE)));
    // The tests have a toolchain, which would look as if it were of other sources.
    await writeFile(join(this.repository, ".github", "toolchain.ts"), "// PATH is that of the tests.\n");
    await this.git("init", "--quiet", "--initial-branch", "main");
    await this.git("add", "--all");
    await this.git("commit", "--quiet", "--message", "main");
    await writeFile(join(this.folder, "comments.json"), "[]");
    await writeFile(join(this.folder, "issues.json"), "[]");
    for (const [name, script] of Object.entries(PROGRAMS)) {
      await writeFile(join(this.programs, name), `#!/usr/bin/env bash\nset -euo pipefail\n${script}`);
      await chmod(join(this.programs, name), 0o755);
    }
  }

  /** What a step finds in its environment. */
  private machine(ref: string): Readonly<Record<string, string | undefined>> {
    const kept = Object.entries(process.env).filter(([name]) => /^(PULUMI_|NODE_|LANG|LC_|TMPDIR)/.test(name));
    return {
      ...Object.fromEntries(kept),
      ...pathOf(this.programs),
      ACT_CHECKOUT: REPOSITORY,
      ACT_REPOSITORY: this.repository,
      ACT_REF: ref,
      ACT_ARTIFACTS: this.artifacts,
      ACT_KEPT: this.folder,
    };
  }

  /** Each action that a workflow names, by a repository of ours of the same name. */
  private async localActions(): Promise<readonly (readonly [string, string])[]> {
    const { stdout } = await run("grep", ["-rhoE", ACTIONS.source, ".github"], { cwd: this.repository });
    const used = new Map([...stdout.matchAll(ACTIONS)].map(([, action = "", name = ""]) => [action, name]));
    for (const name of new Set(used.values())) {
      const folder = join(this.folder, "actions", name);
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, "action.yml"), JSON.stringify(actionOf(STEPS[name])));
    }
    return [...used].map(([action, name]) => [action, join(this.folder, "actions", name)]);
  }
}

function pathOf(folder: string): { readonly PATH: string } {
  return { PATH: `${folder}:${process.env["PATH"]}` };
}

function toLines(values: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}\n`)
    .join("");
}

/** An action of one step, which has its inputs as variables. */
function actionOf(script = "true"): object {
  const inputs = ["ref", "path", "name", "fetch-depth", "sparse-checkout"];
  const env = Object.fromEntries(
    inputs.map((input) => [`IN_${input.replace("-", "_").toUpperCase()}`, `\${{ inputs.${input} }}`]),
  );
  return {
    name: "stand-in",
    description: "what the jobs need of it",
    inputs: Object.fromEntries(
      [...inputs, "persist-credentials", "sparse-checkout-cone-mode", "merge-multiple", "node-version-file"]
        .concat("go-version-file", "cache", "distribution", "java-version")
        .map((input) => [input, { description: input }]),
    ),
    runs: { using: "composite", steps: [{ shell: "bash", env, run: script }] },
  };
}

const STEPS: Readonly<Record<string, string>> = {
  checkout: `
    into=\${IN_PATH:-.}; mkdir -p "$into"; cd "$into"; find . -mindepth 1 -delete
    git init --quiet; depth=\${IN_FETCH_DEPTH:-1}; [ "$depth" = 0 ] || limit="--depth=$depth"
    git fetch --quiet \${limit:-} "file://$ACT_REPOSITORY" "\${IN_REF:-$ACT_REF}"; git checkout --quiet FETCH_HEAD
    if [ -n "$IN_SPARSE_CHECKOUT" ]; then find . -mindepth 1 -maxdepth 1 ! -name 'Pulumi.*.yaml' -exec rm -rf {} +; fi`,
  "upload-artifact": `
    if [ -f "$IN_PATH" ]; then mkdir -p "$ACT_ARTIFACTS/$IN_NAME"; cp "$IN_PATH" "$ACT_ARTIFACTS/$IN_NAME/"; fi`,
  "download-artifact": `
    mkdir -p "$IN_PATH"; cp "$ACT_ARTIFACTS"/\${IN_NAME:-*}/* "$IN_PATH/"`,
};

/** What is on PATH before all else. */
const PROGRAMS: Readonly<Record<string, string>> = {
  npm: `
if [ "$1" = ci ]; then
  ln -sfn "$ACT_CHECKOUT/node_modules" node_modules; echo /node_modules >>.git/info/exclude
  exit
fi
PATH=\${PATH#*:}; exec npm "$@"
`,
  make: "echo make $*\n",
  sudo: "echo sudo $*\n",
  gh: `
cd "$ACT_KEPT"
option() { local name=$1; shift; while [ $# -gt 0 ]; do [ "$1" != "$name" ] || { echo "$2"; return; }; shift; done; }
query=$(option --jq "$@"); file=$(option --body-file "$@"); field=$(option --field "$@"); file=\${file:-\${field#body=@}}
keep() { local of=$1; shift; jq "$@" "$of.json" >"$of.new"; mv "$of.new" "$of.json"; }
case "$*" in
  *"--method POST"*) keep comments --rawfile b "$file" '. + [{id: 1, user: {login: "github-actions[bot]"}, body: $b}]';;
  *"--method PATCH"*) keep comments --rawfile b "$file" '.[0].body = $b';;
  "api --paginate "*) jq -r "$query" comments.json;;
  "api "*/environments/*) echo '{"protection_rules":[{"type":"required_reviewers"}],"deployment_branch_policy":{}}';;
  "issue list"*) jq 'map(select(.state == "OPEN"))' issues.json | jq -r "$query";;
  "issue create"*) keep issues --rawfile b "$file" --arg t "$(option --title "$@")" \\
    '. + [{number: (length + 1), state: "OPEN", title: $t, author: {login: "app/github-actions"}, body: $b}]';;
  "issue edit"*) keep issues --rawfile b "$file" --argjson n "$3" 'map(if .number == $n then .body = $b else . end)';;
  "issue close"*) keep issues --argjson n "$3" 'map(if .number == $n then .state = "CLOSED" else . end)';;
  *) echo "gh $* is not expected" >&2; exit 9;;
esac
`,
};

function readRun(output: string): WorkflowRun {
  const jobs: Record<string, "failed" | "succeeded"> = {};
  for (const [, name = "", ended] of output.matchAll(/^\[[^\]]*\/([\w-]+)\s*\].*Job (succeeded|failed)/gm)) {
    jobs[name] = ended as "failed" | "succeeded";
  }
  return { jobs, text: output.replace(/^\[[^\]]*\]\s+\| ?/gm, "") };
}
