import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TOOLCHAIN_FOLDER } from "./layout";
import { type Fingerprint, type Part, type Selection, SOURCES } from "./selection";

const SELECTION_FILE = join(TOOLCHAIN_FOLDER, "selection.json");

/** Reads what this checkout has chosen. */
export function readSelection(): Selection {
  return existsSync(SELECTION_FILE) ? parseSelection(readFileSync(SELECTION_FILE, "utf8")) : { plugins: {} };
}

/** Records what this checkout has chosen, in one step. */
export function writeSelection(selection: Selection): void {
  // Where nothing was built or downloaded, nothing else has made it.
  mkdirSync(TOOLCHAIN_FOLDER, { recursive: true });
  writeFileSync(`${SELECTION_FILE}.new`, `${JSON.stringify(selection, undefined, 2)}\n`);
  renameSync(`${SELECTION_FILE}.new`, SELECTION_FILE);
}

/** Reads the text of selection.json; what cannot be read counts as no choice. */
export function parseSelection(text: string): Selection {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return { plugins: {} };
  }
  if (!isRecord(content)) return { plugins: {} };
  const { cli, plugin, plugins } = content;
  // An old record knows the Keycloak plugin only; forgotten, it might be replaced by one of another kind.
  const { keycloak = plugin, docker } = isRecord(plugins) ? plugins : {};
  return {
    ...(isPart(cli) && { cli }),
    plugins: { ...(isPart(keycloak) && { keycloak }), ...(isPart(docker) && { docker }) },
  };
}

function isPart(value: unknown): value is Part {
  if (!isRecord(value)) return false;
  const { source, version, files } = value;
  const isSource = SOURCES.some((candidate) => candidate === source);
  return isSource && typeof version === "string" && Array.isArray(files) && files.every(isFingerprint);
}

function isFingerprint(value: unknown): value is Fingerprint {
  if (!isRecord(value)) return false;
  const { file, size, modified } = value;
  return typeof file === "string" && typeof size === "number" && typeof modified === "number";
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
