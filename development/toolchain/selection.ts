import { isDeepStrictEqual } from "node:util";

/** The sources in the order of preference. */
export const SOURCES = ["path", "official", "build"] as const;

/** Where a part of the toolchain comes from: the user's own, installed officially, or built from Go modules. */
export type Source = (typeof SOURCES)[number];

/** The resource plugins. Docker's is obtained only where it is asked for. */
export const PLUGINS = ["keycloak", "docker"] as const;

export type PluginName = (typeof PLUGINS)[number];

/** Tells, without running it, whether a program is still the one that was chosen. */
export interface Fingerprint {
  readonly file: string;
  readonly size: number;
  readonly modified: number;
}

/** The choice made for one part of the toolchain. */
export interface Part {
  readonly source: Source;
  readonly version: string;
  readonly files: readonly Fingerprint[];
}

/** The choices made in this checkout, as recorded in selection.json. */
export interface Selection {
  readonly cli?: Part;
  readonly plugins: Readonly<Partial<Record<PluginName, Part>>>;
}

/** Reads SCPCLOUD_TOOLCHAIN, which forces one source for all parts. */
export function forcedSource(value: string | undefined): Source | undefined {
  if (value === undefined || value === "") return undefined;
  const source = SOURCES.find((candidate) => candidate === value);
  if (source === undefined) {
    throw new Error(`SCPCLOUD_TOOLCHAIN must be one of ${SOURCES.join(", ")}, found: ${value}.`);
  }
  return source;
}

/**
 * The sources to try for the CLI, in this order. All of them serve the same stacks, so that a recorded one which is
 * gone may be replaced by any other.
 */
export function cliCandidates(recorded: Source | undefined, forced: Source | undefined): readonly Source[] {
  if (forced !== undefined) return [forced];
  return recorded === undefined ? SOURCES : [recorded, ...SOURCES.filter((source) => source !== recorded)];
}

/**
 * The sources to try for a plugin, in this order. Once the Keycloak plugin is chosen, its kind stays: the built plugin
 * cannot read what the official one has written to a stack's state (a newer schema version), nor is the opposite to be
 * relied on. Every other plugin is of that kind too: there is one PULUMI_HOME, and where one had to be built, none can
 * be downloaded.
 */
export function pluginCandidates(keycloak: Source | undefined, forced: Source | undefined): readonly Source[] {
  if (forced !== undefined) return [forced];
  if (keycloak === undefined) return SOURCES;
  return SOURCES.filter((source) => isBuilt(source) === isBuilt(keycloak));
}

/** Whether a plugin is of another kind than the recorded one: that which the checkout's stacks were deployed with. */
export function changesPluginKind(recorded: Source | undefined, chosen: Source): boolean {
  return recorded !== undefined && isBuilt(recorded) !== isBuilt(chosen);
}

/** Whether a recorded part can be used as it is: not forced away, of the right version, and the very same files. */
export function isKept(
  part: Part,
  forced: Source | undefined,
  isRightVersion: (part: Part) => boolean,
  files: readonly Fingerprint[] | undefined,
): boolean {
  if (forced !== undefined && forced !== part.source) return false;
  return isRightVersion(part) && isDeepStrictEqual(files, part.files);
}

function isBuilt(source: Source): boolean {
  return source === "build";
}
