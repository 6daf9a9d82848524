import { mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";

import { every, formatDuration, type Report } from "../../processes/progress.ts";
import { run } from "../../processes/run.ts";
import { PARTIAL_FOLDER } from "./layout.ts";
import { checkPrerequisites } from "./prerequisites.ts";

/** Programs to build from one Go module. */
export interface GoPrograms {
  readonly title: string;
  /** How long it takes, for the user's patience. */
  readonly expectation: string;
  /** The folder with the go.mod, below go/. */
  readonly module: string;
  /** The packages by the files that the programs become. */
  readonly packages: Readonly<Record<string, string>>;
  readonly linkerFlags?: string;
}

const TAIL_LINES = 15;
/** Only against a build that hangs for good: a slow connection may well need half an hour. */
const TIME_LIMIT_MILLISECONDS = 60 * 60_000;

/**
 * The CLI's build spends half of its time on these, for clouds and pages of help. Nobody waits for what they do. Without
 * inlining, the compiler is done in half the time. Nobody debugs the programs, hence no DWARF.
 */
const RARELY_RUN = [
  "github.com/pb33f/libopenapi",
  "github.com/aws/aws-sdk-go-v2",
  "github.com/envoyproxy/go-control-plane",
  "github.com/alecthomas/chroma/v2",
  "github.com/Azure/azure-sdk-for-go",
  "cloud.google.com/go",
  "google.golang.org/api",
  "google.golang.org/genproto",
  "github.com/go-git/go-git/v5",
];
const COMPILER_FLAGS = [
  "-gcflags=all=-dwarf=false",
  ...RARELY_RUN.map((module) => `-gcflags=${module}/...=-dwarf=false -l`),
];

/** Builds programs and puts each in its place in one step, so that an interrupt leaves nothing half-done there. */
export async function goBuild(programs: GoPrograms, report: Report): Promise<void> {
  checkPrerequisites(["go"]);
  const { title, packages } = programs;
  report(`Building ${title} from Go modules (${programs.expectation}).`);
  mkdirSync(PARTIAL_FOLDER, { recursive: true });
  const partial = mkdtempSync(join(PARTIAL_FOLDER, "build-"));
  const flags = ["-trimpath", "-buildvcs=false", `-ldflags=-s -w ${programs.linkerFlags ?? ""}`.trimEnd()];

  const start = Date.now();
  let fetched = 0;
  const stop = every((elapsed) => report(`  building ${title}: ${elapsed}, ${fetched} modules fetched`));
  const args = ["build", ...flags, ...COMPILER_FLAGS, "-o", `${partial}/`, ...Object.values(packages)];
  const result = await run("go", args, {
    cwd: join(import.meta.dirname, "go", programs.module),
    // The user's GOFLAGS or workspace could change what is built.
    env: { GOFLAGS: "-mod=readonly", GOWORK: "off" },
    timeoutMilliseconds: TIME_LIMIT_MILLISECONDS,
    // Two builds at once would slow each other down.
    endsWithThisProcess: true,
    onLine: (line) => {
      if (line.startsWith("go: downloading ")) fetched++;
    },
  }).finally(stop);
  if (result.exitCode !== 0) throw new Error(describeFailure(title, result.exitCode, result.stderr));

  for (const [file, path] of Object.entries(packages)) {
    mkdirSync(dirname(file), { recursive: true });
    renameSync(join(partial, basename(path)), file);
  }
  rmSync(partial, { recursive: true });
  report(`  built ${title} in ${formatDuration(Date.now() - start)}`);
}

function describeFailure(title: string, exitCode: number, output: string): string {
  const lines = output.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("go: downloading "));
  const tail = lines.slice(-TAIL_LINES).map((line) => `    ${line}`);
  return [`Building ${title} failed (go build ended with ${exitCode}). Its last lines:`, ...tail].join("\n");
}
