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
  const { below = "", indentation } = CONFIG.exec(text)?.groups ?? {};
  if (indentation === undefined) {
    return true;
  }
  const lines = [...below.matchAll(new RegExp(`^${indentation}(?![ #\\r\\n-])(.*)$`, "gm"))];
  const keys = lines.map(([, line = ""]) => /^([A-Za-z][\w.-]*(?::[\w.-]+)*):(?=\s|$)/.exec(line)?.[1]);
  return (
    keys.includes(undefined) ||
    new Set(keys.map((key = "") => fullKey(key))).size < keys.length ||
    /(?<![^\s,[{:])(!|\?\s)/.test(text) ||
    tokens(text, /[^\s,[\]{}:"']+/g).some(isChanged) ||
    tokens(text, /(?<![^\s,[{])[^\s,[\]{}:"']*(?=[ \t]*:(?:\s|$))/g).some(isNoText)
  );
}

function tokens(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([token]) => token);
}
