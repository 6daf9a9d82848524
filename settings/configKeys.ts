import { isChanged, isNoText } from "./plainScalars";

/** Pulumi puts the project's name before a key without a namespace, and reads `NAMESPACE:config:KEY` as an older spelling. */
export function fullKey(written: string): string {
  const key = written.replace(/^([^:]+):config:([^:]+)$/, "$1:$2");
  return key.includes(":") ? key : `scpcloud:${key}`;
}

/** `config:` with nothing behind it, and the indentation of what stands below. */
const CONFIG = /^config:[ \t]*(?:#.*)?\r?\n(?:[ \t]*(?:#.*)?\r?\n)*(?<below>(?<indentation> +)[^]*)/m;

/**
 * Whether a stack file may have a fault that only its reader (stackFile.ts) can tell. The program asks this first, since
 * loading a YAML library takes longer than all that it does itself.
 */
export function mayHaveFaults(text: string): boolean {
  return plainKeys(text) === undefined;
}

/**
 * The full keys of a stack file that is written plainly, with what follows in the line of each. Undefined where only the
 * file's reader can tell them.
 */
export function plainKeys(text: string): ReadonlyMap<string, string> | undefined {
  const { below = "", indentation } = CONFIG.exec(text)?.groups ?? {};
  if (indentation === undefined) {
    return undefined;
  }
  const lines = [...below.matchAll(new RegExp(`^${indentation}(?![ #\\r\\n-])(.*)$`, "gm"))];
  const written = lines.map(([, line = ""]) => /^([A-Za-z][\w.-]*(?::[\w.-]+)*):(?=\s|$)(.*)/.exec(line));
  const keys = new Map(written.map((parts) => [fullKey(parts?.[1] ?? ""), parts?.[2]?.trim() ?? ""]));
  const isSuspect =
    written.includes(null) ||
    keys.size < written.length ||
    /^environment:/m.test(text) ||
    /(?<![^\s,[{:])(!|\?\s)/.test(text) ||
    tokens(text, /[^\s,[\]{}:"']+/g).some(isChanged) ||
    tokens(text, /(?<![^\s,[{])[^\s,[\]{}:"']*(?=[ \t]*:(?:\s|$))/g).some(isNoText);
  return isSuspect ? undefined : keys;
}

function tokens(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([token]) => token);
}
