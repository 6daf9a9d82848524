import { rmSync } from "node:fs";

import { withLock } from "../../processes/fileLock.ts";
import type { Report } from "../../processes/progress.ts";
import { InterruptedError } from "../../processes/run.ts";
import { type Chosen, describeToolchain, type Toolchain } from "./describe.ts";
import { filesOf, fingerprint, PARTIAL_FOLDER, pathWith, TOOLCHAIN_FOLDER } from "./layout.ts";
import { obtainPart, TITLES } from "./parts.ts";
import { type Fault, prerequisiteFaults } from "./prerequisites.ts";
import {
  candidates,
  changesKind,
  forcedSource,
  keptPart,
  type Part,
  readSelection,
  type Selection,
  writeSelection,
} from "./selection.ts";
import { type PartName, type Source, SOURCES } from "./sources.ts";

/** What a run may need besides the CLI and the Keycloak plugin. */
export interface ToolchainOptions {
  readonly docker?: boolean;
}

const PROBE_MILLISECONDS = 10_000;

/**
 * Makes sure that the Pulumi CLI and the Keycloak plugin are there, and the Docker plugin if it is asked for; quick if
 * they are.
 */
export async function ensureToolchain(report: Report, options: ToolchainOptions = {}): Promise<Toolchain> {
  const [wanted, forced] = [partsFor(options), forcedSource(process.env["SCPCLOUD_TOOLCHAIN"])];
  const kept = keptParts(wanted, forced);
  return describeToolchain(kept ?? (await withLock(TOOLCHAIN_FOLDER, report, () => install(wanted, forced, report))));
}

/** What is missing where a part has to be built: neither is it there, nor do downloads seem possible. */
export async function toolchainFaults(options: ToolchainOptions = {}): Promise<readonly Fault[]> {
  const forced = forcedSource(process.env["SCPCLOUD_TOOLCHAIN"]);
  if (keptParts(partsFor(options), forced) !== undefined) return [];
  const sources = candidates("keycloak", readSelection(), forced);
  const faults = sources.includes("build") ? prerequisiteFaults(["go"]) : [];
  return faults.length > 0 && sources.includes("official") && (await isDownloadPossible()) ? [] : faults;
}

/** Whether Pulumi's own site answers. */
function isDownloadPossible(): Promise<boolean> {
  return fetch("https://get.pulumi.com", { method: "HEAD", signal: AbortSignal.timeout(PROBE_MILLISECONDS) }).then(
    ({ ok }) => ok,
    () => false,
  );
}

/** The environment for a child process that runs `pulumi`. */
export function toolchainEnvironment(toolchain: Toolchain, base: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return { ...base, ...toolchain.environment, PATH: pathWith(toolchain.pathEntries, base) };
}

function partsFor({ docker = false }: ToolchainOptions): readonly PartName[] {
  return ["cli", "keycloak", ...(docker ? (["docker"] as const) : [])];
}

function keptParts(wanted: readonly PartName[], forced: Source | undefined): Chosen | undefined {
  const selection = readSelection();
  const parts = wanted.map((name) => [name, keptPart(name, selection, forced)] as const);
  return parts.every(([, part]) => part !== undefined) ? (Object.fromEntries(parts) as unknown as Chosen) : undefined;
}

/** Records each part as soon as it is there, so that it is kept where a later one fails. */
async function install(wanted: readonly PartName[], forced: Source | undefined, report: Report): Promise<Chosen> {
  // What a killed run has left.
  rmSync(PARTIAL_FOLDER, { recursive: true, force: true });
  let selection = readSelection();
  for (const name of wanted) {
    // Another run may have obtained it while this one waited for the lock.
    const part = keptPart(name, selection, forced) ?? (await obtain(name, selection, forced, report));
    if (name !== "cli" && changesKind(selection[name], part)) {
      report(`${TITLES[name]} is now of another kind (${part.source}): see development/toolchain/README.md.`);
    }
    selection = { ...selection, [name]: part };
    writeSelection(selection);
  }
  rmSync(PARTIAL_FOLDER, { recursive: true, force: true });
  return Object.fromEntries(wanted.map((name) => [name, selection[name]])) as unknown as Chosen;
}

function obtain(name: PartName, selection: Selection, forced: Source | undefined, report: Report): Promise<Part> {
  const attempt = async (source: Source): Promise<Part> => {
    const cli = name === "cli" ? source : (selection.cli?.source ?? "path");
    const version = await obtainPart(name, source, cli, report);
    const files = fingerprint(filesOf(name, source, cli));
    if (files === undefined) throw new Error("its files are not where they should be");
    return { source, version, files };
  };
  return firstThatWorks(TITLES[name], candidates(name, selection, forced), attempt, report);
}

/** Tries one source after the other; if none serves, the message says why, source by source. */
export async function firstThatWorks(
  title: string,
  sources: readonly Source[],
  attempt: (source: Source) => Promise<Part>,
  report: Report,
): Promise<Part> {
  const reasons: string[] = [];
  for (const source of sources) {
    try {
      const part = await attempt(source);
      report(`${title}: ${part.version} (${source}).`);
      return part;
    } catch (error) {
      if (error instanceof InterruptedError) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      report(`${title}: ${source} not possible: ${reason}`);
      reasons.push(`${source}: ${reason}`);
    }
  }
  const skipped = SOURCES.filter((source) => !sources.includes(source));
  if (skipped.length > 0) {
    reasons.push(`not tried, ruled out by SCPCLOUD_TOOLCHAIN or by the earlier choice: ${skipped.join(", ")}`);
  }
  throw new Error(
    [`${title} could not be obtained.`, ...reasons, "development/toolchain/README.md tells what can be done."].join(
      "\n",
    ),
  );
}
