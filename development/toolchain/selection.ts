import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";

import * as v from "valibot";

import { replaceFile } from "../../processes/files.ts";
import { filesOf, fingerprint, TOOLCHAIN_FOLDER } from "./layout.ts";
import { type PartName, type Source, SOURCES } from "./sources.ts";
import { isAtLeast, MINIMUM_PULUMI_CLI_VERSION, PLUGIN_VERSIONS, PULUMI_CLI_VERSION } from "./versions.ts";

const PART = v.object({
  source: v.picklist(SOURCES),
  version: v.string(),
  /** Tell, without running it, whether a program is still the one that was chosen. */
  files: v.array(v.object({ file: v.string(), size: v.number(), modified: v.number() })),
});

/** The choice made for one part of the toolchain. */
export type Part = v.InferOutput<typeof PART>;

/** The choices made in this checkout, as recorded in selection.json. */
export type Selection = Readonly<Partial<Record<PartName, Part>>>;

const SELECTION_FILE = join(TOOLCHAIN_FOLDER, "selection.json");
/** What cannot be read counts as no choice. */
const LENIENT_PART = v.fallback(v.optional(PART), undefined);
const PLUGINS = v.object({ keycloak: LENIENT_PART, docker: LENIENT_PART });
const RECORD = v.object({ cli: LENIENT_PART, plugins: v.fallback(PLUGINS, {}) });

/** Reads what this checkout has chosen. */
export function readSelection(): Selection {
  return existsSync(SELECTION_FILE) ? parseSelection(readFileSync(SELECTION_FILE, "utf8")) : {};
}

/** Reads the text of selection.json. */
export function parseSelection(text: string): Selection {
  const { output, success } = v.safeParse(v.pipe(v.string(), v.parseJson(), RECORD), text);
  if (!success) return {};
  const parts = Object.entries({ cli: output.cli, ...output.plugins });
  return Object.fromEntries(parts.filter(([, part]) => part !== undefined));
}

/** Records what this checkout has chosen, in one step. */
export function writeSelection({ cli, ...plugins }: Selection): void {
  replaceFile(SELECTION_FILE, `${JSON.stringify({ cli, plugins }, undefined, 2)}\n`);
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
 * The sources to try for a part, in this order. All CLIs serve the same stacks, so that one which is gone may be replaced
 * by any other. The plugins' kind stays, once the Keycloak plugin is chosen: the built one cannot read what the
 * official one has written to a stack's state (a newer schema version), nor is the opposite to be relied on. Every other
 * plugin is of that kind too: there is one PULUMI_HOME, and where one had to be built, none can be downloaded.
 */
export function candidates(name: PartName, selection: Selection, forced: Source | undefined): readonly Source[] {
  if (forced !== undefined) return [forced];
  const recorded = selection.cli?.source;
  if (name === "cli") return [...new Set([...(recorded === undefined ? [] : [recorded]), ...SOURCES])];
  const kind = selection.keycloak?.source;
  if (kind !== undefined) return SOURCES.filter((source) => isBuilt(source) === isBuilt(kind));
  // What serves the CLI serves the plugins as well.
  return recorded === "build" ? ["path", "build"] : SOURCES;
}

/** Whether a plugin is of another kind than the recorded one: that which the checkout's stacks were deployed with. */
export function changesKind(recorded: Part | undefined, chosen: Pick<Part, "source">): boolean {
  return recorded !== undefined && isBuilt(recorded.source) !== isBuilt(chosen.source);
}

/** The recorded part, if it can be used as it is: not forced away, of the right version and kind, the very same files. */
export function keptPart(name: PartName, selection: Selection, forced: Source | undefined): Part | undefined {
  const part = selection[name];
  if (part === undefined || (forced !== undefined && forced !== part.source)) return undefined;
  if (!isVersionRight(name, part) || (name !== "cli" && changesKind(selection.keycloak, part))) return undefined;
  const files = fingerprint(filesOf(name, part.source, selection.cli?.source ?? "path"));
  return isDeepStrictEqual(files, part.files) ? part : undefined;
}

/** The engine asks for exactly one version of a plugin. */
function isVersionRight(name: PartName, { source, version }: Part): boolean {
  if (name !== "cli") return version === PLUGIN_VERSIONS[name];
  return source === "path" ? isAtLeast(version, MINIMUM_PULUMI_CLI_VERSION) : version === PULUMI_CLI_VERSION;
}

function isBuilt(source: Source): boolean {
  return source === "build";
}
