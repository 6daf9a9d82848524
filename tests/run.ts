import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";

/**
 * All tests that a change needs, or with --all those besides, in one go and to the end, even if something fails on the
 * way; the closing line counts them. Each check of `npm run check` counts as one test.
 */
const REPOSITORY = resolve(import.meta.dirname, "..");

interface Results {
  readonly numPassedTests?: number;
  readonly numFailedTests?: number;
  readonly numPendingTests?: number;
  readonly numRuntimeErrorTestSuites?: number;
  readonly testResults?: readonly { readonly name: string; readonly startTime: number; readonly endTime: number }[];
}

let [passed, failed, skipped] = [0, 0, 0];
const times: { readonly name: string; readonly seconds: number }[] = [];
/** By file, as tests/environment.cjs has written them. */
const cpuTimes = new Map<string, number>();

function check(script: string): void {
  console.log(`npm run ${script}`);
  if (runHere("npm", ["run", "--silent", script])) passed += 1;
  else failed += 1;
}

/** A file keeps about one core busy, with Pulumi, its plugin and Keycloak; hence two at a time. */
function jest(...projects: string[]): void {
  const folder = mkdtempSync(join(tmpdir(), "scpcloud-results-"));
  const file = join(folder, "results.json");
  const executable = join(REPOSITORY, "node_modules", ".bin", "jest");
  const args = ["--selectProjects", ...projects, "--json", `--outputFile=${file}`, "--ci", "--maxWorkers=2"];
  const cpuFile = join(folder, "cpu");
  process.env["SCPCLOUD_CPU_TIMES"] = cpuFile;
  writeFileSync(cpuFile, "");
  const succeeded = runHere(executable, args, "ignore");
  const results = readResults(file);
  for (const line of readFileSync(cpuFile, "utf8").trim().split("\n")) {
    const [seconds, name] = line.split("\t");
    cpuTimes.set(relative(REPOSITORY, name ?? ""), Number(seconds));
  }
  rmSync(folder, { recursive: true });
  for (const { name, startTime, endTime } of results.testResults ?? []) {
    times.push({ name: relative(REPOSITORY, name), seconds: (endTime - startTime) / 1000 });
  }
  passed += results.numPassedTests ?? 0;
  skipped += results.numPendingTests ?? 0;
  // A file that does not even load has failed no test; it counts as one.
  const failures = (results.numFailedTests ?? 0) + (results.numRuntimeErrorTestSuites ?? 0);
  failed += succeeded ? failures : Math.max(1, failures);
}

/** None where jest itself has failed. */
function readResults(file: string): Results {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Results;
  } catch {
    return {};
  }
}

/** The results as JSON would also go to standard output, hence the choice; what is for reading goes to standard error. */
function runHere(command: string, args: readonly string[], stdout: "inherit" | "ignore" = "inherit"): boolean {
  return spawnSync(command, args, { cwd: REPOSITORY, stdio: ["ignore", stdout, "inherit"] }).status === 0;
}

["check:format", "check:lint", "check:types", "check:workflows"].forEach(check);
// Fast ones first: they name a fault, where the end-to-end tests only show that there is one.
jest("unit", "golden");
jest("end-to-end", ...(process.argv.includes("--all") ? ["further"] : []));
console.log("    clock      CPU, without what outlives a file, such as Keycloak");
const inColumn = (seconds: number | undefined) => `${(seconds?.toFixed(1) ?? "?").padStart(7)} s`;
for (const { name, seconds } of times.sort((one, other) => other.seconds - one.seconds)) {
  console.log(`${inColumn(seconds)}${inColumn(cpuTimes.get(name))}  ${name}`);
}
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
