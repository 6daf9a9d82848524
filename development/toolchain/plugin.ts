import { rmSync } from "node:fs";
import { dirname } from "node:path";
import { OFFICIAL_TIME_LIMIT_MILLISECONDS } from "./cli";
import { goBuild } from "./goBuild";
import * as layout from "./layout";
import { checkPrerequisites } from "./prerequisites";
import type { Report } from "../../processes/progress";
import { run } from "../../processes/run";
import type { Part, PluginName, Source } from "./selection";
import { findVersion, PLUGIN_VERSIONS } from "./versions";

/** What a plugin is called in messages. */
export const PLUGIN_TITLES: Readonly<Record<PluginName, string>> = {
  keycloak: "Keycloak plugin",
  docker: "Docker plugin",
};

/** How long a build takes; Docker's provider brings much of Docker itself along. */
const BUILD_EXPECTATIONS: Readonly<Record<PluginName, string>> = {
  keycloak: "about 1 minute the first time",
  docker: "about 3 minutes the first time, seconds after that",
};

/**
 * Where a plugin from a source lies: for the user's own, on PATH or else in the user's PULUMI_HOME; then what it was built
 * from, if it was.
 */
export function pluginFiles(name: PluginName, source: Source, cli: Source): string[] {
  const onPath = layout.pluginOnPath(name);
  const file =
    source === "path" && onPath !== undefined ? onPath : layout.pluginFile(name, layout.pulumiHome(cli, source));
  return [file, ...(source === "build" ? layout.goSources(layout.pluginProgram(name)) : [])];
}

/** Whether a recorded plugin is exactly the version that the engine asks for. */
export function isPluginVersionRight(name: PluginName, { version }: Part): boolean {
  return version === PLUGIN_VERSIONS[name];
}

/** Obtains a plugin from a source for a CLI and returns its version; throws with the reason if it cannot. */
export async function obtainPlugin(name: PluginName, source: Source, cli: Source, report: Report): Promise<string> {
  const version = PLUGIN_VERSIONS[name];
  switch (source) {
    case "path":
      await checkOwnPlugin(name, cli);
      break;
    case "official":
      report(`Installing the ${PLUGIN_TITLES[name]} ${version} (official release, at most 2 minutes).`);
      await installOfficialPlugin(name, cli);
      break;
    case "build":
      await buildPlugin(name, report);
      break;
  }
  return version;
}

async function checkOwnPlugin(name: PluginName, cli: Source): Promise<void> {
  const onPath = layout.pluginOnPath(name);
  if (onPath !== undefined) {
    const { stdout } = await run(onPath, ["-version"], { timeoutMilliseconds: 30_000 });
    const version = findVersion(stdout);
    if (version === PLUGIN_VERSIONS[name]) return;
    throw new Error(`the plugin on PATH is ${version ?? "of unknown version"}, not ${PLUGIN_VERSIONS[name]}`);
  }
  if (cli !== "path") throw new Error(`no ${layout.pluginProgram(name)} on PATH`);
  const home = layout.pulumiHome(cli, "path");
  if (!layout.isPluginInstalled(name, home)) {
    throw new Error(`no ${PLUGIN_TITLES[name]} ${PLUGIN_VERSIONS[name]} in ${home}`);
  }
}

async function installOfficialPlugin(name: PluginName, cli: Source): Promise<void> {
  const home = layout.pulumiHome(cli, "official");
  const program = layout.cliFiles(cli)[0];
  if (program === undefined) throw new Error("there is no CLI to install it with");
  // The CLI would take a built plugin in the toolchain's own home for the official one.
  if (home === layout.OWN_PULUMI_HOME) {
    rmSync(dirname(layout.pluginFile(name, home)), { recursive: true, force: true });
  }
  const result = await run(program, ["plugin", "install", "resource", name, PLUGIN_VERSIONS[name]], {
    env: {
      PULUMI_HOME: home,
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PATH: layout.pathWith([dirname(program)], process.env),
    },
    timeoutMilliseconds: OFFICIAL_TIME_LIMIT_MILLISECONDS,
  });
  const reason = result.stderr.trim().split("\n").at(-1) ?? "";
  if (result.exitCode !== 0) throw new Error(`the official installation failed: ${reason}`);
  if (!layout.isPluginInstalled(name, home)) throw new Error(`the official installation left no plugin in ${home}`);
}

async function buildPlugin(name: PluginName, report: Report): Promise<void> {
  checkPrerequisites(["go"]);
  await goBuild(
    {
      title: `${PLUGIN_TITLES[name]} ${PLUGIN_VERSIONS[name]}`,
      expectation: BUILD_EXPECTATIONS[name],
      module: layout.pluginProgram(name),
      package: ".",
      linkerFlags: `-X main.version=${PLUGIN_VERSIONS[name]}`,
    },
    layout.pluginFile(name, layout.OWN_PULUMI_HOME),
    report,
  );
}
