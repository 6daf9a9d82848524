import { closest, distance } from "fastest-levenshtein";

import { UserError } from "./userError.ts";

/** One thing that is wrong with the configuration, said so that its reader can mend it without opening the code. */
export interface Fault {
  /** The full configuration key with its path, as in `scpcloud:integrations.acme.organizationId`. */
  readonly key: string;
  /** What must hold, as a clause that follows the key: "must be …". */
  readonly rule: string;
  /** Why it must hold, as a clause that follows "because". */
  readonly reason: string;
  /** What was found, ready to print. Left out where it is a secret or where nothing was found. */
  readonly value?: string;
  /** What to do, as an imperative. */
  readonly remedy: string;
}

/** What a list of faults says first, where nothing can have happened yet. */
const BEFORE_ALL = "in the stack's configuration; nothing was changed";

/** Thrown with every fault found; its message is the whole text for the user and needs no stack trace. */
export class SettingsError extends UserError {
  override readonly name = "SettingsError";

  readonly faults: readonly Fault[];

  /** @param where where the faults are, and that nothing was changed, if that is so */
  constructor(faults: readonly Fault[], where?: string) {
    super(formatFaults(faults, where));
    this.faults = faults;
  }
}

/** All faults as one text, one paragraph each, in the order of their keys. */
export function formatFaults(faults: readonly Fault[], where = BEFORE_ALL): string {
  const sorted = [...faults].sort((a, b) => a.key.localeCompare(b.key, "en"));
  // Several lookups may fail for one and the same reason.
  const paragraphs = [...new Set(sorted.map(formatFault))];
  const count = paragraphs.length === 1 ? "1 fault" : `${paragraphs.length} faults`;
  return [`${count} ${where}.`, ...paragraphs].join("\n\n");
}

function formatFault({ key, rule, reason, value, remedy }: Fault): string {
  // GitHub takes a line that begins with "::" for a command.
  const lines = [/^\w/.test(key) ? key : shown(key), `  ${rule},`, `  because ${reason}.`];
  if (value !== undefined) {
    lines.push(`  Found: ${value}`);
  }
  return [...lines, `  Do: ${remedy}`].map(visible).join("\n");
}

/** A fault without its value, which may be a secret. */
export function withoutValue({ key, rule, reason, remedy }: Fault): Fault {
  return { key, rule, reason, remedy };
}

/** A value as it is shown in a fault: JSON, cut to a line's length. */
export function shown(value: unknown): string {
  // What stands before the host of a URL is a user name and a password.
  const text = visible(JSON.stringify(value) ?? "nothing").replace(/(https?:\/\/)[^"]*@/gi, "$1[hidden]@");
  return text.length > 100 ? `${text.slice(0, 97)}...` : text;
}

/** Spells out what a reader could not see, line ends too, and what would change the direction of the text. */
export function visible(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu, (character) => {
    return `\\u{${character.codePointAt(0)?.toString(16)}}`;
  });
}

/**
 * A text with each secret in it as "[secret]". A line of a secret of several lines counts as one, unless it is so short
 * that it tells nothing.
 */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  const parts = secrets.flatMap((secret) => [secret, ...secret.split(/\r?\n/).filter((part) => part.length > 7)]);
  return [...new Set(parts)]
    .filter((part) => part !== "")
    .sort((one, other) => other.length - one.length)
    .reduce((rest, part) => rest.replaceAll(part, "[secret]"), text);
}

/** The remedy for an unknown name: the known one that was probably meant, else the list of all. */
export function didYouMean(name: string, known: readonly string[]): string {
  const lowerCased = known.map((one) => one.toLowerCase());
  const nearest = known[lowerCased.indexOf(closest(name.toLowerCase(), lowerCased))] ?? "";
  return distance(name.toLowerCase(), nearest.toLowerCase()) <= Math.max(2, name.length / 4)
    ? `write "${nearest}", or remove it`
    : `remove it, or write one of: ${known.join(", ")}`;
}
