import { mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { goBuild } from "./goBuild";
import { CLI_FOLDER, cliFiles, PARTIAL_FOLDER } from "./layout";
import { checkPrerequisites } from "./prerequisites";
import type { Report } from "../../processes/progress";
import { run } from "../../processes/run";
import type { Part, Source } from "./selection";
import { findVersion, isAtLeast, MINIMUM_PULUMI_CLI_VERSION, PULUMI_CLI_VERSION } from "./versions";

/** Beyond this an official download is taken for impossible. */
export const OFFICIAL_TIME_LIMIT_MILLISECONDS = 120_000;

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

/** Whether a recorded CLI has a version that may be used. */
export function isCliVersionRight({ source, version }: Part): boolean {
  return source === "path" ? isAtLeast(version, MINIMUM_PULUMI_CLI_VERSION) : version === PULUMI_CLI_VERSION;
}

/** Obtains the CLI and its language host from a source and returns its version; throws with the reason if it cannot. */
export async function obtainCli(source: Source, report: Report): Promise<string> {
  switch (source) {
    case "path":
      return await checkCliOnPath();
    case "official":
      report(`Installing the Pulumi CLI ${PULUMI_CLI_VERSION} (official release, at most 2 minutes).`);
      await installOfficialCli();
      return PULUMI_CLI_VERSION;
    case "build":
      await buildCli(report);
      return PULUMI_CLI_VERSION;
  }
}

async function checkCliOnPath(): Promise<string> {
  const [cli, host] = cliFiles("path");
  if (cli === undefined) throw new Error("no pulumi on PATH");
  const { stdout } = await run(cli, ["version"], {
    env: { PULUMI_SKIP_UPDATE_CHECK: "true" },
    timeoutMilliseconds: 30_000,
  });
  const version = findVersion(stdout);
  if (version === undefined) throw new Error("the pulumi on PATH does not tell its version");
  if (!isAtLeast(version, MINIMUM_PULUMI_CLI_VERSION)) {
    throw new Error(`the pulumi on PATH is ${version}, older than ${MINIMUM_PULUMI_CLI_VERSION}`);
  }
  if (host === undefined) throw new Error("the pulumi on PATH has no pulumi-language-nodejs beside it");
  return version;
}

async function installOfficialCli(): Promise<void> {
  const root = join(PARTIAL_FOLDER, "official");
  mkdirSync(PARTIAL_FOLDER, { recursive: true });
  const result = await run(process.execPath, ["-e", INSTALL_SCRIPT, PULUMI_CLI_VERSION, root], {
    cwd: join(__dirname, "..", ".."),
    timeoutMilliseconds: OFFICIAL_TIME_LIMIT_MILLISECONDS,
  });
  if (result.exitCode !== 0) throw new Error(`the official installation failed: ${result.stderr.trim()}`);
  rmSync(CLI_FOLDER, { recursive: true, force: true });
  renameSync(root, CLI_FOLDER);
}

async function buildCli(report: Report): Promise<void> {
  checkPrerequisites(["go"]);
  const [cli, host] = cliFiles("build");
  if (cli === undefined || host === undefined) throw new Error("the layout names no files for the CLI");
  const versionFlag = `-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${PULUMI_CLI_VERSION}`;
  await goBuild(
    {
      title: `Pulumi CLI ${PULUMI_CLI_VERSION}`,
      expectation: "about 5 minutes the first time, seconds after that",
      module: "pulumi-cli",
      package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
      linkerFlags: versionFlag,
    },
    cli,
    report,
  );
  await goBuild(
    {
      title: "Node.js language host",
      expectation: "about 20 seconds the first time",
      module: "pulumi-language-nodejs",
      package: ".",
      linkerFlags: versionFlag,
    },
    host,
    report,
  );
}
