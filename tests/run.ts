import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/**
 * All that CI runs, in one go and to the end, even if something fails on the way; the closing line counts it. Each check
 * of `npm run check` counts as one test.
 */
const REPOSITORY = resolve(__dirname, "..");

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const counts = [
  ...["check:format", "check:lint", "check:types", "check:workflows"].map(check),
  // Fast ones first: they name a fault, where the end-to-end tests only show that there is one.
  jest("unit", "golden", "--maxWorkers=2"),
  // A file keeps about one core busy, with Pulumi, its plugin and Keycloak.
  jest("end-to-end", "--maxWorkers=2"),
];
const total = (key: keyof Counts) => counts.reduce((sum, one) => sum + one[key], 0);
console.log(`${total("passed")} passed, ${total("failed")} failed, ${total("skipped")} skipped`);
process.exitCode = total("failed") > 0 || total("passed") === 0 ? 1 : 0;

function check(script: string): Counts {
  console.log(`npm run ${script}`);
  const succeeded = runHere("npm", ["run", "--silent", script]);
  return { passed: Number(succeeded), failed: Number(!succeeded), skipped: 0 };
}

function jest(...projectsAndOptions: string[]): Counts {
  const directory = mkdtempSync(join(tmpdir(), "scpcloud-results-"));
  const options = projectsAndOptions.filter((one) => one.startsWith("--"));
  const projects = projectsAndOptions.filter((one) => !one.startsWith("--"));
  try {
    const file = join(directory, "results.json");
    const executable = join(REPOSITORY, "node_modules", ".bin", "jest");
    const args = ["--selectProjects", ...projects, "--json", `--outputFile=${file}`, "--ci", ...options];
    const succeeded = runHere(executable, args, "ignore");
    return readCounts(file, succeeded);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** A file that does not even load has failed no test; it counts as one. */
function readCounts(file: string, succeeded: boolean): Counts {
  try {
    const results = JSON.parse(readFileSync(file, "utf8")) as Record<string, number>;
    const failed = (results["numFailedTests"] ?? 0) + (results["numRuntimeErrorTestSuites"] ?? 0);
    return {
      passed: results["numPassedTests"] ?? 0,
      failed: succeeded ? failed : Math.max(1, failed),
      skipped: (results["numPendingTests"] ?? 0) + (results["numTodoTests"] ?? 0),
    };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

/** The results as JSON would also go to standard output, hence the choice; what is for reading goes to standard error. */
function runHere(command: string, args: readonly string[], stdout: "inherit" | "ignore" = "inherit"): boolean {
  return spawnSync(command, args, { cwd: REPOSITORY, stdio: ["ignore", stdout, "inherit"] }).status === 0;
}
