import { isCliVersionRight, obtainCli } from "./cli";
import { type Chosen, describeToolchain, type Toolchain } from "./describe";
import { clearPartialWork } from "./goBuild";
import { cliFiles, fingerprint, pathWith, TOOLCHAIN_FOLDER } from "./layout";
import { withLock } from "../../processes/fileLock";
import { obtain } from "./obtain";
import { isPluginVersionRight, obtainPlugin, PLUGIN_TITLES, pluginFiles } from "./plugin";
import type { Report } from "../../processes/progress";
import * as selection from "./selection";
import { readSelection, writeSelection } from "./selectionFile";

export type { Toolchain } from "./describe";

/** What a run may need besides the CLI and the Keycloak plugin. */
export interface ToolchainOptions {
  readonly docker?: boolean;
}

/** What is asked for: the plugins, and the source that the user forces. */
interface Request {
  readonly docker: boolean;
  readonly forced: selection.Source | undefined;
}

/**
 * Makes sure that the Pulumi CLI and the Keycloak plugin are there, and the Docker plugin if it is asked for; quick if
 * they are.
 */
export async function ensureToolchain(report: Report, { docker = false }: ToolchainOptions = {}): Promise<Toolchain> {
  const request = { docker, forced: selection.forcedSource(process.env["SCPCLOUD_TOOLCHAIN"]) };
  const kept = keptSelection(request);
  return describeToolchain(kept ?? (await withLock(TOOLCHAIN_FOLDER, report, () => install(request, report))));
}

/** The environment for a child process that runs `pulumi`. */
export function toolchainEnvironment(toolchain: Toolchain, base: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return { ...base, ...toolchain.environment, PATH: pathWith(toolchain.pathEntries, base) };
}

function keptSelection({ docker: isDockerWanted, forced }: Request): Chosen | undefined {
  const { cli, plugins } = readSelection();
  if (cli === undefined || !isCliKept(cli, forced)) return undefined;
  const circumstances = { cli: cli.source, kind: plugins.keycloak?.source, forced };
  const keycloak = keptPlugin("keycloak", plugins.keycloak, circumstances);
  if (keycloak === undefined) return undefined;
  if (!isDockerWanted) return { cli, keycloak };
  const docker = keptPlugin("docker", plugins.docker, circumstances);
  return docker && { cli, keycloak, docker };
}

async function install(request: Request, report: Report): Promise<Chosen> {
  // Another run may have done it all while this one waited for the lock.
  const kept = keptSelection(request);
  if (kept !== undefined) return kept;
  await clearPartialWork();
  const chosen = await installMissing(request, report);
  await clearPartialWork();
  return chosen;
}

/** Records each part as soon as it is there, so that a later one's failure does not cost it. */
async function installMissing({ docker: isDockerWanted, forced }: Request, report: Report): Promise<Chosen> {
  const recorded = readSelection();
  const cli = await installCli(recorded.cli, forced, report);
  writeSelection({ ...recorded, cli });

  const circumstances = { cli: cli.source, kind: recorded.plugins.keycloak?.source, forced };
  const keycloak = await installPlugin("keycloak", recorded.plugins.keycloak, circumstances, report);
  writeSelection({ cli, plugins: { ...recorded.plugins, keycloak } });
  if (!isDockerWanted) return { cli, keycloak };

  const afterwards = { ...circumstances, kind: keycloak.source };
  const docker = await installPlugin("docker", recorded.plugins.docker, afterwards, report);
  writeSelection({ cli, plugins: { keycloak, docker } });
  return { cli, keycloak, docker };
}

/** What decides which plugin serves. */
interface Circumstances {
  readonly cli: selection.Source;
  /** The source of the Keycloak plugin, where it is chosen already: every plugin is of its kind. */
  readonly kind: selection.Source | undefined;
  readonly forced: selection.Source | undefined;
}

async function installCli(
  recorded: selection.Part | undefined,
  forced: selection.Source | undefined,
  report: Report,
): Promise<selection.Part> {
  if (recorded !== undefined && isCliKept(recorded, forced)) return recorded;
  const candidates = selection.cliCandidates(recorded?.source, forced);
  const attempt = (source: selection.Source): Promise<string> => obtainCli(source, report);
  return await obtain({ title: "The Pulumi CLI", candidates, filesOf: cliFiles, attempt }, report);
}

async function installPlugin(
  name: selection.PluginName,
  recorded: selection.Part | undefined,
  circumstances: Circumstances,
  report: Report,
): Promise<selection.Part> {
  const kept = keptPlugin(name, recorded, circumstances);
  if (kept !== undefined) return kept;
  const { cli, kind, forced } = circumstances;
  const title = `The ${PLUGIN_TITLES[name]}`;
  const candidates = selection.pluginCandidates(kind, forced);
  const filesOf = (source: selection.Source): string[] => pluginFiles(name, source, cli);
  const attempt = (source: selection.Source): Promise<string> => obtainPlugin(name, source, cli, report);
  const plugin = await obtain({ title, candidates, filesOf, attempt }, report);
  if (selection.changesPluginKind(recorded?.source, plugin.source)) {
    report(`${title} is now of another kind (${plugin.source}): see development/toolchain/README.md about old stacks.`);
  }
  return plugin;
}

function isCliKept(cli: selection.Part, forced: selection.Source | undefined): boolean {
  return selection.isKept(cli, forced, isCliVersionRight, fingerprint(cliFiles(cli.source)));
}

/** The recorded plugin, if it can be used as it is. */
function keptPlugin(
  name: selection.PluginName,
  recorded: selection.Part | undefined,
  { cli, kind, forced }: Circumstances,
): selection.Part | undefined {
  if (recorded === undefined || selection.changesPluginKind(kind, recorded.source)) return undefined;
  const isVersionRight = (part: selection.Part): boolean => isPluginVersionRight(name, part);
  const files = fingerprint(pluginFiles(name, recorded.source, cli));
  return selection.isKept(recorded, forced, isVersionRight, files) ? recorded : undefined;
}
