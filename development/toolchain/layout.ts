import { accessSync, constants, existsSync, readdirSync, realpathSync, statSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { delimiter, dirname, join, sep } from "node:path";

import type { PartName, PluginName, Source } from "./sources.ts";
import { PLUGIN_VERSIONS, PULUMI_CLI_VERSION } from "./versions.ts";

/** Everything that the toolchain makes lies in this folder. */
export const TOOLCHAIN_FOLDER = join(import.meta.dirname, "..", "..", ".local", "toolchain");
/** Holds unfinished work; what lies there counts as nothing. */
export const PARTIAL_FOLDER = join(TOOLCHAIN_FOLDER, "partial");
/** The CLI's installation root: its programs lie in `bin`. */
export const CLI_FOLDER = join(TOOLCHAIN_FOLDER, `pulumi-${PULUMI_CLI_VERSION}`);
/** PULUMI_HOME of everything that is not the user's own installation. */
export const OWN_PULUMI_HOME = join(TOOLCHAIN_FOLDER, "pulumi-home");

/** The language host, by which the CLI runs Node.js. */
export const HOST_PROGRAM = "pulumi-language-nodejs";

/**
 * The files of a part from a source: its program first, then the CLI's language host, then what they were built from. The
 * user's own programs are on PATH; a plugin may be in the user's PULUMI_HOME.
 * @param cli where the CLI comes from
 */
export function filesOf(name: PartName, source: Source, cli: Source = source): string[] {
  const programs = name === "cli" ? cliPrograms(source) : [pluginFrom(name, source, cli)];
  return source === "build" ? [...programs, ...goSources(name)] : programs;
}

function pluginFrom(name: PluginName, source: Source, cli: Source): string {
  return (source === "path" ? pluginOnPath(name) : undefined) ?? pluginFile(name, pulumiHome(cli, source));
}

function cliPrograms(source: Source): string[] {
  if (source !== "path") return ["pulumi", HOST_PROGRAM].map((program) => join(CLI_FOLDER, "bin", program));
  const cli = findOnPath("pulumi");
  if (cli === undefined) return [];
  const besideCli = join(dirname(realpathSync(cli)), HOST_PROGRAM);
  const host = existsSync(besideCli) ? besideCli : findOnPath(HOST_PROGRAM);
  return host === undefined ? [cli] : [cli, host];
}

/** The code and the modules of a program: when one of these files changes, it has to be built anew. */
function goSources(name: PartName): string[] {
  const folder = join(import.meta.dirname, "go", name === "cli" ? HOST_PROGRAM : pluginProgram(name));
  const own = readdirSync(folder).map((file) => join(folder, file));
  // Docker's is a module of its own.
  return name === "docker"
    ? own
    : [...own, ...["go.mod", "go.sum"].map((file) => join(import.meta.dirname, "go", file))];
}

/** PULUMI_HOME for a CLI and plugins from these sources. A built plugin must not end up in the user's own home. */
export function pulumiHome(cli: Source, plugin: Source): string {
  if (cli !== "path" || plugin === "build") return OWN_PULUMI_HOME;
  return process.env["PULUMI_HOME"] || join(homeOfUser(), ".pulumi");
}

/** As the CLI finds it: HOME counts only for a user whom the system does not know. */
function homeOfUser(): string {
  try {
    return userInfo().homedir;
  } catch {
    return homedir();
  }
}

/** What a plugin's program is called. */
export function pluginProgram(name: PluginName): string {
  return `pulumi-resource-${name}`;
}

/** Where a plugin lies in a PULUMI_HOME. */
export function pluginFile(name: PluginName, home: string): string {
  return join(home, "plugins", `resource-${name}-v${PLUGIN_VERSIONS[name]}`, pluginProgram(name));
}

/** Whether the CLI takes a plugin in this PULUMI_HOME for complete: it marks an unfinished installation. */
export function isPluginInstalled(name: PluginName, home: string): boolean {
  return existsSync(pluginFile(name, home)) && !existsSync(`${dirname(pluginFile(name, home))}.partial`);
}

/** A plugin on PATH: the CLI prefers it to PULUMI_HOME, whatever its version. */
export function pluginOnPath(name: PluginName): string | undefined {
  return findOnPath(pluginProgram(name));
}

/** What the files are now, or `undefined` if one is missing. */
export function fingerprint(files: readonly string[]) {
  const found = files.map((file) => {
    const stat = statSync(file, { throwIfNoEntry: false });
    return stat && { file, size: stat.size, modified: stat.mtimeMs };
  });
  const present = found.filter((one) => one !== undefined);
  return present.length === found.length ? present : undefined;
}

/** Does not look into the toolchain's own folder, which a user may have on PATH. */
function findOnPath(program: string): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return folders
    .filter((folder) => !`${folder}${sep}`.startsWith(`${TOOLCHAIN_FOLDER}${sep}`))
    .map((folder) => join(folder, program))
    .find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** A PATH with folders in front, and without an empty entry, which would be the current folder. */
export function pathWith(folders: readonly string[], base: NodeJS.ProcessEnv): string {
  return [...folders, ...(base["PATH"] ? [base["PATH"]] : [])].join(delimiter);
}
