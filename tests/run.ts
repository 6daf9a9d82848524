import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { CPU_TIMES_VARIABLE, type FileResult, timesOf } from "./times";

/**
 * All tests that a change needs, or with --all those besides, in one go and to the end, even if something fails on the
 * way; the closing line counts them. Each check of `npm run check` counts as one test.
 */
const REPOSITORY = resolve(__dirname, "..");

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

interface Results {
  readonly testResults?: readonly FileResult[];
  readonly numPassedTests?: number;
  readonly numFailedTests?: number;
  readonly numPendingTests?: number;
  readonly numTodoTests?: number;
  readonly numRuntimeErrorTestSuites?: number;
}

const temporary = mkdtempSync(join(tmpdir(), "scpcloud-results-"));
const cpuTimes = join(temporary, "cpu-times");
const files: FileResult[] = [];

const counts = [
  ...["check:format", "check:lint", "check:types", "check:workflows"].map(check),
  // Fast ones first: they name a fault, where the end-to-end tests only show that there is one.
  jest("unit", "golden"),
  jest("end-to-end", ...(process.argv.includes("--all") ? ["further"] : [])),
];
const written = read(cpuTimes);
rmSync(temporary, { recursive: true, force: true });
console.log(["  clock      CPU    of each file", ...timesOf(files, written, REPOSITORY)].join("\n"));
const total = (key: keyof Counts) => counts.reduce((sum, one) => sum + one[key], 0);
console.log(`${total("passed")} passed, ${total("failed")} failed, ${total("skipped")} skipped`);
process.exitCode = total("failed") > 0 || total("passed") === 0 ? 1 : 0;

function check(script: string): Counts {
  console.log(`npm run ${script}`);
  const succeeded = runHere("npm", ["run", "--silent", script]);
  return { passed: Number(succeeded), failed: Number(!succeeded), skipped: 0 };
}

/** A file keeps about one core busy, with Pulumi, its plugin and Keycloak; hence two at a time. */
function jest(...projects: string[]): Counts {
  const file = join(temporary, `${projects.join("-")}.json`);
  const executable = join(REPOSITORY, "node_modules", ".bin", "jest");
  const args = ["--selectProjects", ...projects, "--json", `--outputFile=${file}`, "--ci", "--maxWorkers=2"];
  const succeeded = runHere(executable, args, "ignore");
  const results = JSON.parse(read(file) || "{}") as Results;
  files.push(...(results.testResults ?? []));
  // A file that does not even load has failed no test; it counts as one.
  const failed = (results.numFailedTests ?? 0) + (results.numRuntimeErrorTestSuites ?? 0);
  return {
    passed: results.numPassedTests ?? 0,
    failed: succeeded ? failed : Math.max(1, failed),
    skipped: (results.numPendingTests ?? 0) + (results.numTodoTests ?? 0),
  };
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** The results as JSON would also go to standard output, hence the choice; what is for reading goes to standard error. */
function runHere(command: string, args: readonly string[], stdout: "inherit" | "ignore" = "inherit"): boolean {
  const env = { ...process.env, [CPU_TIMES_VARIABLE]: cpuTimes };
  return spawnSync(command, args, { cwd: REPOSITORY, env, stdio: ["ignore", stdout, "inherit"] }).status === 0;
}
