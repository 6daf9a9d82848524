import { dirname } from "node:path";
import { isCliVersionRight, obtainCli } from "./cli";
import { clearPartialWork } from "./goBuild";
import { cliFiles, fingerprint, OWN_PULUMI_HOME, pathWith, pluginOnPath, pulumiHome, TOOLCHAIN_FOLDER } from "./layout";
import { withLock } from "../processes/lock";
import { isPluginVersionRight, obtainPlugin, pluginFiles } from "./plugin";
import type { Report } from "../processes/progress";
import { InterruptedError } from "../processes/run";
import * as selection from "./selection";
import { readSelection, writeSelection } from "./selectionFile";

/** What makes plain `pulumi` work in this checkout. */
export interface Toolchain {
  readonly source: { readonly cli: selection.Source; readonly plugin: selection.Source };
  /** Folders to put in front of PATH. */
  readonly pathEntries: readonly string[];
  /** Variables to set besides PATH. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Neither a CLI nor a plugin could be had from any permitted source; the message says why, source by source. */
export class ToolchainError extends Error {
  constructor(title: string, reasons: readonly string[]) {
    super([`${title} could not be obtained.`, ...reasons, "toolchain/README.md tells what can be done."].join("\n"));
    this.name = "ToolchainError";
  }
}

type CompleteSelection = Required<selection.Selection>;

/** Makes sure that the Pulumi CLI and the Keycloak plugin are there; quick if they are. */
export async function ensureToolchain(report: Report): Promise<Toolchain> {
  const forced = selection.forcedSource(process.env["SCPCLOUD_TOOLCHAIN"]);
  const chosen = keptSelection(forced) ?? (await withLock(TOOLCHAIN_FOLDER, report, () => install(forced, report)));
  return describeToolchain(chosen);
}

/** The environment for a child process that runs `pulumi`. */
export function toolchainEnvironment(toolchain: Toolchain, base: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return { ...base, ...toolchain.environment, PATH: pathWith(toolchain.pathEntries, base) };
}

function keptSelection(forced: selection.Source | undefined): CompleteSelection | undefined {
  const { cli, plugin } = readSelection();
  if (cli === undefined || plugin === undefined) return undefined;
  return isCliKept(cli, forced) && isPluginKept(plugin, cli.source, forced) ? { cli, plugin } : undefined;
}

async function install(forced: selection.Source | undefined, report: Report): Promise<CompleteSelection> {
  // Another run may have done it all while this one waited for the lock.
  const kept = keptSelection(forced);
  if (kept !== undefined) return kept;
  await clearPartialWork();
  const recorded = readSelection();

  let cli = recorded.cli;
  if (cli === undefined || !isCliKept(cli, forced)) {
    const candidates = selection.cliCandidates(cli?.source, forced);
    cli = await obtain("The Pulumi CLI", candidates, report, cliFiles, (source) => obtainCli(source, report));
    writeSelection({ ...recorded, cli });
  }
  const cliSource = cli.source;
  let plugin = recorded.plugin;
  if (plugin === undefined || !isPluginKept(plugin, cliSource, forced)) {
    const candidates = selection.pluginCandidates(plugin?.source, forced);
    const files = (source: selection.Source): string[] => pluginFiles(source, cliSource);
    const chosen = await obtain("The Keycloak plugin", candidates, report, files, (source) =>
      obtainPlugin(source, cliSource, report),
    );
    if (selection.changesPluginKind(plugin?.source, chosen.source)) {
      report(
        `The Keycloak plugin is now of another kind (${chosen.source}): see toolchain/README.md about old stacks.`,
      );
    }
    plugin = chosen;
    writeSelection({ cli, plugin });
  }
  await clearPartialWork();
  return { cli, plugin };
}

async function obtain(
  title: string,
  candidates: readonly selection.Source[],
  report: Report,
  filesOf: (source: selection.Source) => string[],
  attempt: (source: selection.Source) => Promise<string>,
): Promise<selection.Part> {
  const reasons: string[] = [];
  for (const source of candidates) {
    try {
      const version = await attempt(source);
      const files = fingerprint(filesOf(source));
      if (files === undefined) throw new Error("its files are not where they should be");
      report(`${title}: ${version} (${source}).`);
      return { source, version, files };
    } catch (error) {
      if (error instanceof InterruptedError) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      report(`${title}: ${source} not possible: ${reason}`);
      reasons.push(`${source}: ${reason}`);
    }
  }
  const skipped = selection.SOURCES.filter((source) => !candidates.includes(source));
  if (skipped.length > 0) {
    reasons.push(`not tried, ruled out by SCPCLOUD_TOOLCHAIN or by the earlier choice: ${skipped.join(", ")}`);
  }
  throw new ToolchainError(title, reasons);
}

function isCliKept(cli: selection.Part, forced: selection.Source | undefined): boolean {
  return selection.isKept(cli, forced, isCliVersionRight, fingerprint(cliFiles(cli.source)));
}

function isPluginKept(plugin: selection.Part, cli: selection.Source, forced: selection.Source | undefined): boolean {
  return selection.isKept(plugin, forced, isPluginVersionRight, fingerprint(pluginFiles(plugin.source, cli)));
}

function describeToolchain({ cli, plugin }: CompleteSelection): Toolchain {
  const onPath = pluginOnPath();
  const environment: Record<string, string> = { PULUMI_SKIP_UPDATE_CHECK: "true" };
  const home = pulumiHome(cli.source, plugin.source);
  if (home === OWN_PULUMI_HOME) environment["PULUMI_HOME"] = home;
  // Turns a download that may hang into a clear error: it was not possible when the plugin was built.
  if (plugin.source === "build") environment["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] = "true";
  // The CLI would prefer a plugin on PATH to the chosen one.
  if (onPath !== undefined && plugin.files[0]?.file !== onPath) environment["PULUMI_IGNORE_AMBIENT_PLUGINS"] = "true";
  const pathEntries = cli.source === "path" ? [] : cliFiles(cli.source).slice(0, 1).map(dirname);
  return { source: { cli: cli.source, plugin: plugin.source }, pathEntries, environment };
}
