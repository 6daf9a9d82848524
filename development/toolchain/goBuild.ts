import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { PARTIAL_FOLDER } from "./layout";
import { every, formatDuration, type Report } from "../../processes/progress";
import { run } from "../../processes/run";

/** One program to build from Go modules. */
export interface GoProgram {
  readonly title: string;
  /** How long it takes, for the user's patience. */
  readonly expectation: string;
  /** The folder below go/ with the go.mod. */
  readonly module: string;
  readonly package: string;
  readonly linkerFlags?: string;
}

const TAIL_LINES = 15;
/** Only against a build that hangs for good: a slow connection may well need half an hour. */
const TIME_LIMIT_MILLISECONDS = 60 * 60_000;

/** Builds a program and puts it in its place in one step, so that an interrupt leaves nothing half-done there. */
export async function goBuild(program: GoProgram, destination: string, report: Report): Promise<void> {
  report(`Building ${program.title} from Go modules (${program.expectation}).`);
  mkdirSync(PARTIAL_FOLDER, { recursive: true });
  const partial = join(PARTIAL_FOLDER, basename(destination));
  const flags = ["-trimpath", "-buildvcs=false", `-ldflags=-s -w ${program.linkerFlags ?? ""}`.trimEnd()];

  const start = Date.now();
  let fetched = 0;
  const stop = every((elapsed) => report(`  building ${program.title}: ${elapsed}, ${fetched} modules fetched`));
  const result = await run("go", ["build", ...flags, "-o", partial, program.package], {
    cwd: join(__dirname, "go", program.module),
    // The user's GOFLAGS or workspace could change what is built.
    env: { GOFLAGS: "-mod=readonly", GOWORK: "off" },
    timeoutMilliseconds: TIME_LIMIT_MILLISECONDS,
    onLine: (line) => {
      if (line.startsWith("go: downloading ")) fetched++;
    },
  }).finally(stop);
  if (result.exitCode !== 0) throw new Error(describeFailure(program.title, result.exitCode, result.stderr));

  mkdirSync(dirname(destination), { recursive: true });
  renameSync(partial, destination);
  report(`  built ${program.title} in ${formatDuration(Date.now() - start)}`);
}

/**
 * Removes what a killed run has left, and ends the build that it may have left behind (SIGKILL reaches only this
 * process, not the build): two builds at once would slow each other down. To be called under the lock.
 */
export async function clearPartialWork(): Promise<void> {
  if (existsSync(PARTIAL_FOLDER)) {
    const { stdout } = await run("ps", ["-A", "-ww", "-o", "pid=,args="]);
    for (const [, pid] of stdout
      .split("\n")
      .filter(isOwnBuild)
      .map((line) => line.trim().match(/^(\d+) /) ?? [])) {
      process.kill(-Number(pid), "SIGTERM");
    }
  }
  rmSync(PARTIAL_FOLDER, { recursive: true, force: true });
}

/** Only the go command itself, which leads its process group, has such an argument. */
function isOwnBuild(processLine: string): boolean {
  return processLine.includes(`go build `) && processLine.includes(`-o ${PARTIAL_FOLDER}/`);
}

function describeFailure(title: string, exitCode: number, output: string): string {
  const lines = output.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("go: downloading "));
  const tail = lines.slice(-TAIL_LINES).map((line) => `    ${line}`);
  return [`Building ${title} failed (go build ended with ${exitCode}). Its last lines:`, ...tail].join("\n");
}
