import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { run } from "../../processes/run.ts";
import { type Project, REPOSITORY, type StackFile } from "./project.ts";
import { Stack } from "./stack.ts";
import { built } from "./stateBackends.ts";
import { missing } from "./tools.ts";

/** In place of GitHub: its actions, and programs that come before all others. */
const GITHUB = join(import.meta.dirname, "github");
/** The repository as GitHub would know it. */
const [OWNER, NAME] = ["scpcloud", "integrations"];
const FILE = "Pulumi.prod.yaml";

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
 * and Pulumi. In place of GitHub is what lies in github/. Environments, their rules and OIDC tokens are nobody's here:
 * secrets and variables are the same for all jobs.
 */
export class WorkflowRunner {
  readonly project: Project;
  private readonly folder: string;
  private readonly act: string;

  private constructor(project: Project, folder: string, act: string) {
    this.project = project;
    this.folder = folder;
    this.act = act;
  }

  /** @param config of the one stack prod, besides its connection to the server */
  static async create(realm: string, config: StackFile): Promise<WorkflowRunner> {
    const act = await built("act", "github.com/nektos/act", "runner of workflows");
    const { project } = await Stack.create(realm, "prod", config);
    const runner = new WorkflowRunner(project, await mkdtemp(join(tmpdir(), "scpcloud-workflows-")), act);
    await runner.prepare();
    return runner;
  }

  /** Commits files on top of main, as a branch. */
  async commit(branch: string, files: Readonly<Record<string, string>>): Promise<void> {
    await this.git("checkout", "--quiet", "-B", branch, "main");
    for (const [name, text] of Object.entries(files)) {
      await writeFile(join(this.repository, name), text);
    }
    await this.git("add", "--all");
    await this.git("commit", "--quiet", "--allow-empty", "--message", branch);
  }

  /** The stack's file as main has it. */
  stackFile(): Promise<string> {
    return this.git("show", `main:${FILE}`);
  }

  /** Makes a branch a pull request, as its merge into main. @returns GitHub's event */
  async pullRequest(branch: string, repository = `${OWNER}/${NAME}`): Promise<object> {
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
    { ref = "main", variables = {} }: { ref?: string; variables?: Readonly<Record<string, string>> } = {},
  ): Promise<WorkflowRun> {
    const work = join(this.folder, "work");
    const artifacts = join(this.folder, "artifacts");
    await Promise.all([work, artifacts].map((folder) => rm(folder, { recursive: true, force: true })));
    await this.git("clone", "--quiet", this.repository, work);
    // It may not exist: that is the job's to find.
    await run("git", ["-C", work, "fetch", "--quiet", "origin", ref]);
    await run("git", ["-C", work, "checkout", "--quiet", "FETCH_HEAD"]);
    await this.git("-C", work, "remote", "set-url", "origin", `https://github.com/${OWNER}/${NAME}`);
    const { PULUMI_BACKEND_URL, PULUMI_CONFIG_PASSPHRASE, KEYCLOAK_CLIENT_SECRET } = this.project.environment;
    const repository = { full_name: `${OWNER}/${NAME}`, name: NAME, owner: { login: OWNER } };
    const files = {
      eventpath: JSON.stringify({ repository, sender: { login: "anna" }, ...payload }),
      "secret-file": toLines({ GITHUB_TOKEN: "token of the job", PULUMI_CONFIG_PASSPHRASE, KEYCLOAK_CLIENT_SECRET }),
      "var-file": toLines({ PULUMI_BACKEND_URL, ...variables }),
    };
    for (const [option, text] of Object.entries(files)) {
      await writeFile(join(this.folder, option), text, { mode: 0o600 });
    }
    const { stdout, stderr } = await run(
      this.act,
      [
        event,
        ...["--workflows", `.github/workflows/${workflow}`, "--actor", "anna"],
        ...Object.keys(files).flatMap((option) => [`--${option}`, join(this.folder, option)]),
        ...["--platform", "ubuntu-24.04=-self-hosted", "--no-skip-checkout", "--pull=false", "--no-cache-server"],
        ...["--artifact-server-addr", "127.0.0.1", "--action-cache-path", join(this.folder, "cache")],
        ...(await this.localActions()),
      ],
      {
        cwd: work,
        // Each step inherits it.
        env: {
          HOME: this.folder,
          PATH: `${join(GITHUB, "programs")}:${process.env["PATH"]}`,
          ACT_CHECKOUT: REPOSITORY,
          ACT_REPOSITORY: this.repository,
          ACT_REF: ref,
          ACT_ARTIFACTS: artifacts,
          ACT_KEPT: this.folder,
        },
        timeoutMilliseconds: 10 * 60_000,
      },
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
  }

  /** Each action that a workflow names, by a folder of ours. */
  private async localActions(): Promise<readonly string[]> {
    const { stdout } = await run("grep", ["-rhoP", "uses: \\Kactions/[\\w-]+@\\w+", ".github"], {
      cwd: this.repository,
    });
    return [...new Set(stdout.trim().split("\n"))].flatMap((action) => {
      const folder = join(GITHUB, action.replace(/@.*/, ""));
      return ["--local-repository", `${action}=${existsSync(folder) ? folder : join(GITHUB, "actions", "nothing")}`];
    });
  }
}

function toLines(values: Readonly<Record<string, string | undefined>>): string {
  const lines = Object.entries(values).map(([name, value]) => `${name}=${JSON.stringify(value)}\n`);
  return lines.join("");
}

function readRun(output: string): WorkflowRun {
  const jobs: Record<string, "failed" | "succeeded"> = {};
  for (const [, name = "", ended] of output.matchAll(/^\[[^\]]*\/([\w-]+)\s*\].*Job (succeeded|failed)/gm)) {
    jobs[name] = ended as "failed" | "succeeded";
  }
  return { jobs, text: output.replace(/^\[[^\]]*\]\s+\| ?/gm, "") };
}
