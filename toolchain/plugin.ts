import { rmSync } from "node:fs";
import { dirname } from "node:path";
import { OFFICIAL_TIME_LIMIT_MILLISECONDS } from "./cli";
import { goBuild } from "./goBuild";
import { cliFiles, isPluginInstalled, OWN_PULUMI_HOME, pluginFile, pathWith, pluginOnPath, pulumiHome } from "./layout";
import { checkPrerequisites } from "./prerequisites";
import type { Report } from "../processes/progress";
import { run } from "../processes/run";
import type { Part, Source } from "./selection";
import { findVersion, KEYCLOAK_PLUGIN_VERSION } from "./versions";

/** Where the plugin from a source lies: for the user's own, on PATH or else in the user's PULUMI_HOME. */
export function pluginFiles(source: Source, cli: Source): string[] {
  const onPath = pluginOnPath();
  return [source === "path" && onPath !== undefined ? onPath : pluginFile(pulumiHome(cli, source))];
}

/** Whether a recorded plugin is exactly the version that the engine asks for. */
export function isPluginVersionRight({ version }: Part): boolean {
  return version === KEYCLOAK_PLUGIN_VERSION;
}

/** Obtains the Keycloak plugin from a source for a CLI and returns its version; throws with the reason if it cannot. */
export async function obtainPlugin(source: Source, cli: Source, report: Report): Promise<string> {
  switch (source) {
    case "path":
      await checkOwnPlugin(cli);
      break;
    case "official":
      report(`Installing the Keycloak plugin ${KEYCLOAK_PLUGIN_VERSION} (official release, at most 2 minutes).`);
      await installOfficialPlugin(cli);
      break;
    case "build":
      await buildPlugin(report);
      break;
  }
  return KEYCLOAK_PLUGIN_VERSION;
}

async function checkOwnPlugin(cli: Source): Promise<void> {
  const onPath = pluginOnPath();
  if (onPath !== undefined) {
    const { stdout } = await run(onPath, ["-version"], { timeoutMilliseconds: 30_000 });
    const version = findVersion(stdout);
    if (version === KEYCLOAK_PLUGIN_VERSION) return;
    throw new Error(`the plugin on PATH is ${version ?? "of unknown version"}, not ${KEYCLOAK_PLUGIN_VERSION}`);
  }
  if (cli !== "path") throw new Error("no pulumi-resource-keycloak on PATH");
  const home = pulumiHome(cli, "path");
  if (!isPluginInstalled(home)) throw new Error(`no Keycloak plugin ${KEYCLOAK_PLUGIN_VERSION} in ${home}`);
}

async function installOfficialPlugin(cli: Source): Promise<void> {
  const home = pulumiHome(cli, "official");
  const program = cliFiles(cli)[0];
  if (program === undefined) throw new Error("there is no CLI to install it with");
  // The CLI would take a built plugin in the toolchain's own home for the official one.
  if (home === OWN_PULUMI_HOME) rmSync(dirname(pluginFile(home)), { recursive: true, force: true });
  const result = await run(program, ["plugin", "install", "resource", "keycloak", KEYCLOAK_PLUGIN_VERSION], {
    env: {
      PULUMI_HOME: home,
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PATH: pathWith([dirname(program)], process.env),
    },
    timeoutMilliseconds: OFFICIAL_TIME_LIMIT_MILLISECONDS,
  });
  const reason = result.stderr.trim().split("\n").at(-1) ?? "";
  if (result.exitCode !== 0) throw new Error(`the official installation failed: ${reason}`);
  if (!isPluginInstalled(home)) throw new Error(`the official installation left no plugin in ${home}`);
}

async function buildPlugin(report: Report): Promise<void> {
  checkPrerequisites(["go"]);
  await goBuild(
    {
      title: `Keycloak plugin ${KEYCLOAK_PLUGIN_VERSION}`,
      expectation: "about 1 minute the first time",
      module: "pulumi-resource-keycloak",
      package: ".",
      linkerFlags: `-X main.version=${KEYCLOAK_PLUGIN_VERSION}`,
    },
    pluginFile(OWN_PULUMI_HOME),
    report,
  );
}
