import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { parse } from "yaml";

import { loadVerb } from "../../commands/verbs.ts";

const REPOSITORY = resolve(import.meta.dirname, "..", "..");
const FOLDER = join(REPOSITORY, ".github", "workflows");

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
}

interface Job {
  readonly needs?: string | readonly string[];
  readonly strategy?: { readonly matrix: Readonly<Record<string, unknown>> };
  readonly if?: string;
  readonly environment?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly "timeout-minutes"?: number;
  readonly steps: readonly Step[];
}

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly defaults?: { readonly run?: { readonly shell?: string } };
  readonly jobs: Readonly<Record<string, Job>>;
}

const files = readdirSync(FOLDER).filter((name) => name.endsWith(".yml"));
const textOf = (file: string) => readFileSync(join(FOLDER, file), "utf8");
const workflows = files.map((file) => [file, parse(textOf(file)) as Workflow] as const);
const jobs = workflows.flatMap(([file, { jobs: ofFile }]) =>
  Object.entries(ofFile).map(([name, job]) => [`${file} ${name}`, job] as const),
);
const setup = readFileSync(join(REPOSITORY, ".github", "setup", "action.yml"), "utf8");
const scripts = readdirSync(join(REPOSITORY, ".github")).filter((name) => name.endsWith(".sh"));
const scriptText = (name: string) => readFileSync(join(REPOSITORY, ".github", name), "utf8");

describe("actions", () => {
  it("are pinned by commit, with the version beside it", () => {
    const uses = [...files.map(textOf), setup].flatMap((text) => text.match(/^\s*(- )?uses:.*$/gm) ?? []);
    const others = uses.filter((line) => !line.endsWith("uses: ./.github/setup"));
    expect(others.length).toBeGreaterThan(0);
    expect(others.filter((line) => !/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))).toEqual([]);
  });
});

describe.each(workflows)("%s", (file, workflow) => {
  it("runs no code of a pull request with main's rights, and has no secret where it runs such code", () => {
    const events = Object.keys(workflow.on);
    expect(events).not.toContain("workflow_run");
    const text = textOf(file);
    if (events.includes("pull_request_target")) {
      expect(events).toEqual(["pull_request_target"]);
      for (const { with: { ref, path, "sparse-checkout": files } = {} } of Object.values(workflow.jobs).flatMap(
        (job) => job.steps,
      )) {
        expect([ref, path, files]).toEqual(
          ref === undefined
            ? [undefined, expect.not.stringContaining(".local"), undefined]
            : ["refs/pull/${{ github.event.pull_request.number }}/merge", ".local/pull-request", "/Pulumi.*.yaml"],
        );
      }
      expect(text.match(/^.*\.local\/pull-request(?!$)/gm)).toEqual([
        expect.stringContaining(".github/with-token.sh .github/preview.sh"),
      ]);
    } else if (events.includes("pull_request")) {
      expect(text).not.toMatch(/secrets\.|id-token|: write/);
    }
  });

  it("may only read, unless a job says otherwise", () => {
    expect(workflow.permissions).toEqual({ contents: "read" });
  });

  it("has a shell that fails with any part of a pipe", () => {
    expect(workflow.defaults?.run?.shell).toBe("bash");
  });

  it("gives secrets of pull requests to jobs of this repository's branches only, and expects none of Dependabot's", () => {
    const own =
      "github.event.pull_request.head.repo.full_name == github.repository && github.actor != 'dependabot[bot]'";
    for (const job of Object.values(workflow.jobs)) {
      const hasSecrets = JSON.stringify(job.steps).includes("secrets.");
      if (hasSecrets) {
        expect(job.environment).toBeDefined();
      }
      if (hasSecrets && "pull_request" in workflow.on) {
        expect(job.if).toContain(own);
      }
    }
    expect(textOf(file)).not.toContain("secrets: inherit");
  });
});

describe.each(jobs)("%s", (name, job) => {
  it("ends after a time that it names, whatever hangs", () => {
    expect(job["timeout-minutes"]).toBeGreaterThan(0);
  });

  it("has no rights but those that it needs", () => {
    const script = job.steps.map(({ run = "" }) => run).join("\n");
    const needed: readonly (readonly [script: string, right: string, level: string])[] = [
      ["comment.sh", "pull-requests", "write"],
      ["nightly.sh", "issues", "write"],
      ["environments.ts", "actions", "read"],
      ["with-token.sh", "id-token", "write"],
    ];
    const rights = needed.filter(([file]) => script.includes(file)).map(([, right, level]) => [right, level] as const);
    expect(job.permissions ?? {}).toEqual(
      rights.length === 0 ? {} : Object.fromEntries([["contents", "read"], ...rights]),
    );
  });

  it("takes the stacks of a matrix from the stack files, so that a new one needs no change here", () => {
    if (job.strategy !== undefined) {
      const [, source = ""] = /^\$\{\{ fromJSON\((.*)\) }}$/.exec(String(job.strategy.matrix["stack"])) ?? [];
      expect(source).toBe(`needs.${[job.needs].flat()[0]}.outputs.realms || '[]'`);
      // An empty matrix is an error.
      expect(job.if).toContain(`(${source}) != '[]'`);
    }
    expect(JSON.stringify(job)).not.toMatch(/\b(prod|STACK: \w)/);
  });

  it("leaves no token in the checkout", () => {
    const checkouts = job.steps.filter(({ uses = "" }) => uses.startsWith("actions/checkout@"));
    expect(checkouts.map((step) => step.with?.["persist-credentials"])).toEqual(checkouts.map(() => false));
  });

  it("names files that there are", () => {
    const named = job.steps.flatMap((step) => Object.entries(step.with ?? {}).filter(([key]) => key.endsWith("-file")));
    expect(named.filter(([, file]) => !existsSync(join(REPOSITORY, String(file))))).toEqual([]);
  });

  it("puts no value of the event into a script's text", () => {
    expect(job.steps.filter(({ run = "" }) => run.includes("${{"))).toEqual([]);
  });

  it("runs what this repository has", () => {
    const targets = [...readFileSync(join(REPOSITORY, "Makefile"), "utf8").matchAll(/^([\w-]+):/gm)].map(([, t]) => t);
    for (const { run } of job.steps.filter((step) => step.run !== undefined)) {
      const [, target] = /^make ([\w-]+)$/.exec(run ?? "") ?? [];
      const [, file] = /^(?:node )?(\.github\/[\w.-]+)(?: |$)/.exec(run ?? "") ?? [];
      if (target !== undefined) {
        expect(targets).toContain(target);
      } else if (file !== undefined) {
        expect(existsSync(join(REPOSITORY, file))).toBe(true);
      } else {
        expect([name, run]).toEqual([name, "exit 1"]);
      }
    }
  });
});

it("a pull request has one check that can be required, which no job's failure passes", () => {
  const [, { on, jobs: all }] = workflows.find(([file]) => file === "pull-request.yml") as (typeof workflows)[number];
  const { needs, if: condition, steps } = all["required"] as Job;
  expect(needs).toEqual(Object.keys(all).filter((name) => name !== "required"));
  expect(condition).toBe("${{ always() }}");
  expect(steps).toEqual([
    { if: "${{ contains(needs.*.result, 'failure') || contains(needs.*.result, 'cancelled') }}", run: "exit 1" },
  ]);
  expect(Object.keys(on)).toContain("merge_group");
});

describe.each(scripts)("%s", (name) => {
  it("stops at the first fault", () => {
    expect(scriptText(name)).toMatch(/^#!\/usr\/bin\/env bash\n# .*\n(# .*\n)*set -euo pipefail\n/);
    expect(spawnSync("bash", ["-n", join(REPOSITORY, ".github", name)]).status).toBe(0);
  });

  it("looks by verbs that there are", () => {
    const called = [...scriptText(name).matchAll(/^look "[^"]+" (\S+)/gm)].map(([, verb = ""]) => verb);
    expect(called.filter((verb) => loadVerb(verb) === undefined)).toEqual([]);
  });

  it("is in the README, and used", () => {
    expect(textOf("README.md")).toContain(`- \`${name} `);
    expect([...files.map(textOf), ...scripts.map(scriptText)].some((text) => text.includes(`.github/${name} `))).toBe(
      true,
    );
  });
});
