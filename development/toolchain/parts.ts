import { mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";

import type { Report } from "../../processes/progress.ts";
import { run } from "../../processes/run.ts";
import { goBuild, type GoPrograms } from "./goBuild.ts";
import * as layout from "./layout.ts";
import type { PartName, PluginName, Source } from "./sources.ts";
import { findVersion, isAtLeast, MINIMUM_PULUMI_CLI_VERSION, PLUGIN_VERSIONS, PULUMI_CLI_VERSION } from "./versions.ts";

/** What the parts are called in messages. */
export const TITLES: Readonly<Record<PartName, string>> = {
  cli: "The Pulumi CLI",
  keycloak: "The Keycloak plugin",
  docker: "The Docker plugin",
};

/** Beyond this an official download is taken for impossible. */
const OFFICIAL_TIME_LIMIT_MILLISECONDS = 120_000;
const ASK_TIME_LIMIT_MILLISECONDS = 30_000;

/**
 * In a process of its own, since the Automation API offers no way to end an installation that hangs. The version must be
 * an object of the class that the API itself uses.
 */
const INSTALL_SCRIPT = `
  const [text, root] = process.argv.slice(1);
  const pulumi = require.resolve("@pulumi/pulumi/automation");
  const { SemVer } = require(require.resolve("semver", { paths: [pulumi] }));
  require(pulumi).PulumiCommand.install({ version: new SemVer(text), root }).catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
`;

/**
 * Obtains a part from a source and returns its version; throws with the reason if it cannot.
 * @param cli where the CLI comes from
 */
export async function obtainPart(name: PartName, source: Source, cli: Source, report: Report): Promise<string> {
  const version = name === "cli" ? PULUMI_CLI_VERSION : PLUGIN_VERSIONS[name];
  switch (source) {
    case "path":
      if (name === "cli") return await checkCliOnPath();
      await checkOwnPlugin(name, cli);
      break;
    case "official":
      report(`${TITLES[name]} ${version}: installing the official release (at most 2 minutes).`);
      await (name === "cli" ? installOfficialCli() : installOfficialPlugin(name, cli));
      break;
    case "build":
      await build(name, report);
      break;
  }
  return version;
}

async function checkCliOnPath(): Promise<string> {
  const [cli, host] = layout.filesOf("cli", "path");
  if (cli === undefined) throw new Error("no pulumi on PATH");
  const { stdout } = await run(cli, ["version"], {
    env: { PULUMI_SKIP_UPDATE_CHECK: "true" },
    timeoutMilliseconds: ASK_TIME_LIMIT_MILLISECONDS,
  });
  const version = findVersion(stdout);
  if (version === undefined) throw new Error("the pulumi on PATH does not tell its version");
  if (!isAtLeast(version, MINIMUM_PULUMI_CLI_VERSION)) {
    throw new Error(`the pulumi on PATH is ${version}, older than ${MINIMUM_PULUMI_CLI_VERSION}`);
  }
  if (host === undefined) throw new Error("the pulumi on PATH has no pulumi-language-nodejs beside it");
  return version;
}

async function checkOwnPlugin(name: PluginName, cli: Source): Promise<void> {
  const onPath = layout.pluginOnPath(name);
  if (onPath !== undefined) {
    const { stdout } = await run(onPath, ["-version"], { timeoutMilliseconds: ASK_TIME_LIMIT_MILLISECONDS });
    const version = findVersion(stdout);
    if (version === PLUGIN_VERSIONS[name]) return;
    throw new Error(`the plugin on PATH is ${version ?? "of unknown version"}, not ${PLUGIN_VERSIONS[name]}`);
  }
  if (cli !== "path") throw new Error(`no ${layout.pluginProgram(name)} on PATH`);
  const home = layout.pulumiHome(cli, "path");
  if (!layout.isPluginInstalled(name, home)) {
    throw new Error(`no version ${PLUGIN_VERSIONS[name]} in ${home}`);
  }
}

async function installOfficialCli(): Promise<void> {
  const root = join(layout.PARTIAL_FOLDER, "official");
  mkdirSync(layout.PARTIAL_FOLDER, { recursive: true });
  await official(process.execPath, ["-e", INSTALL_SCRIPT, PULUMI_CLI_VERSION, root], {});
  rmSync(layout.CLI_FOLDER, { recursive: true, force: true });
  renameSync(root, layout.CLI_FOLDER);
}

async function installOfficialPlugin(name: PluginName, cli: Source): Promise<void> {
  const home = layout.pulumiHome(cli, "official");
  const [program] = layout.filesOf("cli", cli);
  if (program === undefined) throw new Error("there is no CLI to install it with");
  // The CLI would take a built plugin in the toolchain's own home for the official one.
  if (home === layout.OWN_PULUMI_HOME) {
    rmSync(dirname(layout.pluginFile(name, home)), { recursive: true, force: true });
  }
  await official(program, ["plugin", "install", "resource", name, PLUGIN_VERSIONS[name]], {
    PULUMI_HOME: home,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PATH: layout.pathWith([dirname(program)], process.env),
  });
  if (!layout.isPluginInstalled(name, home)) throw new Error(`the official installation left no plugin in ${home}`);
}

async function official(command: string, args: readonly string[], env: Record<string, string>): Promise<void> {
  const { exitCode, stderr } = await run(command, args, {
    cwd: join(import.meta.dirname, "..", ".."),
    env,
    timeoutMilliseconds: OFFICIAL_TIME_LIMIT_MILLISECONDS,
  });
  const reason = stderr.trim().split("\n").at(-1) ?? "";
  if (exitCode !== 0) throw new Error(`the official installation failed: ${reason}`);
}

async function build(name: PartName, report: Report): Promise<void> {
  const [file = "", host = ""] = layout.filesOf(name, "build");
  const title = TITLES[name].replace("The", "the");
  const own = (program: string) => `scpcloud/toolchain/${program}`;
  const programs: Readonly<Record<PartName, Omit<GoPrograms, "title">>> = {
    cli: {
      expectation: "about 3 minutes the first time, seconds after that",
      module: "",
      packages: { [file]: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi", [host]: own(layout.HOST_PROGRAM) },
      linkerFlags: `-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${PULUMI_CLI_VERSION}`,
    },
    keycloak: {
      expectation: "about 1 minute the first time",
      module: "",
      packages: { [file]: own(layout.pluginProgram("keycloak")) },
      linkerFlags: `-X main.version=${PLUGIN_VERSIONS.keycloak}`,
    },
    docker: {
      expectation: "about 3 minutes the first time, seconds after that",
      module: layout.pluginProgram("docker"),
      packages: { [file]: "github.com/terraform-providers/terraform-provider-docker/pulumi-resource-docker" },
      linkerFlags: `-X main.version=${PLUGIN_VERSIONS.docker}`,
    },
  };
  await goBuild({ title, ...programs[name] }, report);
}
