import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, delimiter, join } from "node:path";

import { filesOf, OWN_PULUMI_HOME, pluginFile, pluginProgram } from "../../../development/toolchain/layout.ts";
import { readSelection } from "../../../development/toolchain/selection.ts";
import { PLUGINS } from "../../../development/toolchain/sources.ts";
import { PLUGIN_VERSIONS } from "../../../development/toolchain/versions.ts";
import { run, type RunResult } from "../../../processes/run.ts";
import { STEP_LIMIT_MILLISECONDS } from "../limits.ts";
import { Project, REPOSITORY } from "../project.ts";
import { Stack } from "../stack.ts";

const VERSION = PLUGIN_VERSIONS.keycloak;

/** What this checkout uses, as a user who has installed it would have it: the CLI with its host, and the plugin. */
const [CLI = "", HOST = ""] = filesOf("cli", readSelection().cli?.source ?? "build");
const PLUGIN = readSelection().keycloak?.files[0]?.file ?? pluginFile("keycloak", OWN_PULUMI_HOME);

let checkout: string;
let home: string;

beforeEach(async () => {
  checkout = await mkdtemp(join(tmpdir(), "scpcloud-fresh-"));
  home = join(checkout, "home");
  const folders = ["development", "faults", "processes"];
  await Promise.all(
    [...folders, "pulumiSdk.cjs", "package.json"].map((name) =>
      cp(join(REPOSITORY, name), join(checkout, name), { recursive: true }),
    ),
  );
  await symlink(join(REPOSITORY, "node_modules"), join(checkout, "node_modules"));
});

afterEach(async () => {
  await rm(checkout, { recursive: true, force: true });
});

/** Obtains the checkout's toolchain where these folders are in front of PATH, and nothing of Pulumi behind. */
function main(folders: readonly string[], variables: Record<string, string> = {}, ...options: string[]) {
  const programs = ["pulumi", ...PLUGINS.map(pluginProgram)];
  const path = (process.env["PATH"] ?? "")
    .split(delimiter)
    .filter((folder) => !programs.some((program) => existsSync(join(folder, program))));
  return run(process.execPath, ["development/toolchain/main.ts", ...options], {
    cwd: checkout,
    env: {
      PULUMI_HOME: home,
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: undefined,
      SCPCLOUD_TOOLCHAIN: undefined,
      ...variables,
      PATH: [...folders, ...path].join(delimiter),
    },
    timeoutMilliseconds: STEP_LIMIT_MILLISECONDS,
  });
}

/** A folder with links to these programs. */
async function folderOf(...files: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(checkout, "bin-"));
  await Promise.all(files.map((file) => symlink(file, join(folder, basename(file)))));
  return folder;
}

/** A folder with a program that answers a question for its version. */
async function folderOfVersion(program: string, version: string): Promise<string> {
  const folder = await mkdtemp(join(checkout, "bin-"));
  await writeFile(join(folder, program), `#!/bin/sh\necho v${version}\n`, { mode: 0o755 });
  return folder;
}

async function installPlugin(pulumiHome: string): Promise<void> {
  const folder = join(pulumiHome, "plugins", `resource-keycloak-v${VERSION}`);
  await mkdir(folder, { recursive: true });
  await symlink(PLUGIN, join(folder, pluginProgram("keycloak")));
}

const everythingOf = ({ exitCode, stdout, stderr }: RunResult) => ({ exitCode, text: stdout + stderr });
const ready = (cli: string, keycloak: string) => ({
  exitCode: 0,
  text: expect.stringContaining(`Toolchain ready: Pulumi CLI (${cli}), Keycloak plugin (${keycloak}).`) as string,
});

/** Previews a customer with what the checkout's toolchain tells a workflow's following steps. */
async function preview(folders: readonly string[], variables?: Record<string, string>): Promise<RunResult> {
  const [environmentFile, pathFile] = ["environment", "path"].map((name) => join(checkout, name)) as [string, string];
  await main(folders, { ...variables, GITHUB_ENV: environmentFile, GITHUB_PATH: pathFile }, "--github");
  const linesOf = async (file: string) => (await readFile(file, "utf8")).split("\n").filter((line) => line !== "");
  const environment = (await linesOf(environmentFile)).map((line) => line.split(/=(.*)/s).slice(0, 2));
  const path = [...(await linesOf(pathFile)), ...folders, process.env["PATH"]].join(delimiter);
  const project = await Project.create();
  try {
    await Stack.createIn(project, "fresh", {
      "scpcloud:integrations": { acme: { organizationId: "5e6a1a1e-3c59-4c2e-9a2f-0d6c0f0b7a11" } },
    });
    return await run("pulumi", ["preview", "--stack", "fresh", "--non-interactive", "--color", "never"], {
      cwd: project.directory,
      env: {
        ...project.environment,
        PULUMI_HOME: home,
        PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
        ...(Object.fromEntries(environment) as Record<string, string>),
        PATH: path,
      },
      timeoutMilliseconds: STEP_LIMIT_MILLISECONDS,
    });
  } finally {
    await project.remove();
  }
}

const previewed = { exitCode: 0, text: expect.stringMatching(/^ \+ .*keycloak:openid:Client .*acme/m) as string };

describe("a checkout without .local", () => {
  it("takes the Pulumi CLI and the plugin on PATH, and keeps the choice", async () => {
    const folders = [await folderOf(CLI, HOST, PLUGIN)];
    const { exitCode, stdout } = await main(folders);
    expect({ exitCode, text: stdout }).toEqual(ready("path", "path"));
    const again = await main(folders);
    expect(again.stdout.trim().split("\n")).toHaveLength(1);
    expect(everythingOf(await preview(folders))).toEqual(previewed);
  });

  it("takes the plugin of the user's PULUMI_HOME, and keeps the CLI from another version of it on PATH", async () => {
    await installPlugin(home);
    expect(everythingOf(await main([await folderOf(CLI, HOST)]))).toEqual(ready("path", "path"));

    const wrong = await folderOfVersion(pluginProgram("keycloak"), "1.0.0");
    const folders = [wrong, await folderOf(CLI, HOST)];
    // What the CLI finds installed it does not download again.
    expect(everythingOf(await main(folders))).toEqual(ready("path", "official"));
    expect(everythingOf(await preview(folders))).toEqual(previewed);
  });

  it("takes the official CLI and plugin where nothing is on PATH", async () => {
    // Stands for get.pulumi.com, whose script is called with --install-root ROOT, and for the CLI's download of a plugin.
    const pulumi = `#!/bin/sh
      [ "$1 $2" = "plugin install" ] || exec '${CLI}' "$@"
      folder="$PULUMI_HOME/plugins/$3-$4-v$5"
      mkdir -p "$folder" && cp '${PLUGIN}' "$folder"`;
    const script = `while [ "$1" != --install-root ]; do shift; done
      mkdir -p "$2/bin" && cp '${HOST}' "$2/bin" && cat >"$2/bin/pulumi" <<'END' && chmod +x "$2/bin/pulumi"\n${pulumi}\nEND\n`;
    const download = join(checkout, "download.js");
    await writeFile(download, `globalThis.fetch = async () => new Response(${JSON.stringify(script)});`);
    const variables = { NODE_OPTIONS: `--require ${download}` };
    expect(everythingOf(await main([], variables))).toEqual(ready("official", "official"));
    expect(everythingOf(await preview([]))).toEqual(previewed);
  });

  it("tells why the user's own do not serve, and leaves nothing that counts as chosen", async () => {
    const forced = { SCPCLOUD_TOOLCHAIN: "path" };
    const failure = (reason: string) => ({ exitCode: 1, text: expect.stringContaining(reason) as string });
    const attempts: [string, readonly string[]][] = [
      ["path: no pulumi on PATH", []],
      ["path: the pulumi on PATH is 3.0.0, older than", [await folderOfVersion("pulumi", "3.0.0")]],
      ["path: the pulumi on PATH has no pulumi-language-nodejs", [await folderOfVersion("pulumi", "3.999.0")]],
    ];
    for (const [reason, folders] of attempts) {
      const outcome = everythingOf(await main(folders, forced));
      expect(outcome).toEqual(failure(reason));
      expect(outcome.text).not.toContain("    at ");
    }
    expect(everythingOf(await main([await folderOf(CLI, HOST)], forced))).toEqual(
      failure(`path: no version ${VERSION} in ${home}`),
    );
  });
});
