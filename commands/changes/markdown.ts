/**
 * Markdown out of texts that a stranger may have written, in a stack file of a fork: every such text goes through one of
 * these functions. In code, GitHub makes neither links nor mentions nor HTML of it.
 */
import { visible } from "../../faults/faults.ts";

/** Characters of a value or a line. */
const LONGEST = 300;
const MOST_IN_BLOCK = 20_000;

/** A text as inline code, outside tables. */
export function code(text: string): string {
  const shown = shorten(visible(text));
  const fence = "`".repeat(longestRun(shown) + 1);
  // An empty code span is none. One blank on each side is not shown, where both are there.
  const padded = shown === "" || /^[` ]|[` ]$/.test(shown) ? ` ${shown} ` : shown;
  return shown === "" ? "(empty)" : fence + padded + fence;
}

/**
 * A text as inline code in a table's cell. A bar ends a cell even in code, unless it is escaped; backslashes before it
 * are doubled, since a pair of them would cancel each other and leave the bar as it was.
 */
export function cell(text: string): string {
  return code(text).replace(/(\\*)\|/g, "$1$1\\|");
}

/** A text of several lines as it is, but for the end of a very long one. */
export function block(text: string, most = MOST_IN_BLOCK): string {
  const lines = text.split(/\r?\n/).map((line) => shorten(visible(line)));
  let length = 0;
  const fitting = lines.filter((line) => (length += line.length + 1) <= most);
  const rest = lines.length - fitting.length;
  const shown = (rest > 0 ? [...fitting, `… and ${plural(rest, "more line")}`] : lines).join("\n");
  const fence = "`".repeat(Math.max(3, longestRun(shown) + 1));
  return `${fence}text\n${shown}\n${fence}`;
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** Names as code, no more than a reader wants to see at once; the number of the others is told. */
export function names(all: readonly string[], most = 20): string {
  const rest = all.length - most;
  const shown = (rest > 0 ? all.slice(0, most) : all).map(code).join(", ");
  return rest > 0 ? `${shown} and ${rest} more` : shown;
}

export function plural(count: number, singular: string, several = `${singular}s`): string {
  return `${count} ${count === 1 ? singular : several}`;
}

function shorten(text: string): string {
  const characters = [...text];
  return characters.length > LONGEST
    ? `${characters.slice(0, LONGEST).join("")} … (${characters.length - LONGEST} more characters)`
    : text;
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map(({ length }) => length));
}
