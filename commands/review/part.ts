/**
 * A review is parts: what a stack's tokens or its preview tell. A part is written as Markdown, which a job of a pull
 * request hands to the job that makes one comment of all.
 */
import { plural } from "../changes/markdown.ts";

/** What is told of one stack. */
export interface ReviewPart {
  /** In one line. */
  readonly heading: string;
  /** What comes before all else. */
  readonly dangers: readonly string[];
  /** Each is shown wholly or not at all. */
  readonly sections: readonly string[];
}

/** GitHub takes 65,536 characters for a comment. */
export const COMMENT_LIMIT = 60_000;

/** Room for the line that tells what was left out. */
const NOTE = 200;
const BETWEEN = "\n\n";
const DANGER_BEGINS = "<!-- scpcloud: danger -->";
const DANGER_ENDS = "<!-- scpcloud: end of danger -->";

/**
 * One part: first what is dangerous, between marks that a reader does not see.
 * @param more where that is which the limit leaves out
 */
export function partText(part: ReviewPart, limit: number, more: string): string {
  const title = `### ${part.heading}`;
  const dangers = part.dangers.map((danger) => [DANGER_BEGINS, danger, DANGER_ENDS].join("\n"));
  const { parts, note } = fitting([{ ...part, dangers }], limit - title.length, more);
  return [title, ...parts.flatMap((shown) => [...shown.dangers, ...shown.sections]), ...note].join(BETWEEN);
}

/**
 * Several parts as one comment. What is dangerous in any of them comes first, then what changes, then one line for all
 * where nothing does. Where room is short, what comes last is left out.
 */
export function reviewComment(all: readonly ReviewPart[], limit: number): string {
  const unchanged = all.filter(({ dangers, sections }) => dangers.length + sections.length === 0);
  const headed = all.map((part) => ({
    ...part,
    dangers: part.dangers.map((danger) => `**${part.heading}**${BETWEEN}${danger}`),
    // A text of another origin may have no heading.
    title: part.sections.length > 0 && part.heading !== "" ? [`### ${part.heading}`] : [],
  }));
  const first = headed.some(({ dangers }) => dangers.length > 0) ? ["### Dangerous"] : [];
  const last = unchanged.length > 0 ? ["### Unchanged", unchanged.map(({ heading }) => heading).join(" · ")] : [];
  const needed = [...first, ...headed.flatMap(({ title }) => title), ...last].join(BETWEEN).length;
  const { parts, note } = fitting(headed, limit - needed, "see the run");
  return [
    ...first,
    ...parts.flatMap(({ dangers }) => dangers),
    ...parts.flatMap(({ sections, title }) => [...title, ...sections]),
    ...last,
    ...note,
  ].join(BETWEEN);
}

/**
 * As many texts as there is room for, the dangers of all parts first. One that is too long does not keep shorter ones from
 * being shown.
 */
function fitting<T extends ReviewPart>(all: readonly T[], limit: number, more: string) {
  const lengthOf = (text: string) => BETWEEN.length + text.length;
  const texts = all.flatMap(({ dangers, sections }) => [...dangers, ...sections]);
  const length = texts.reduce((sum, text) => sum + lengthOf(text), 0);
  let room = length <= limit ? limit : limit - NOTE;
  const left = { dangers: 0, sections: 0 };
  const fits = (kind: keyof typeof left) => (text: string) => {
    const isShown = lengthOf(text) <= room;
    room -= isShown ? lengthOf(text) : 0;
    left[kind] += isShown ? 0 : 1;
    return isShown;
  };
  const parts = all
    .map((part) => ({ ...part, dangers: part.dangers.filter(fits("dangers")) }))
    .map((part) => ({ ...part, sections: part.sections.filter(fits("sections")) }));
  const sum = left.dangers + left.sections;
  const what = plural(sum, "more part") + (left.dangers > 0 ? ` (${left.dangers} dangerous)` : "");
  return { parts, note: sum > 0 ? [`… and ${what}, for which a comment has no room; ${more}.`] : [] };
}

/** The parts of some texts. Headings and marks count outside of code only, where nobody but the commands writes them. */
export function readParts(markdown: string): ReviewPart[] {
  const parts = [{ heading: "", dangers: [] as string[], sections: [] as string[] }];
  let lines: string[] = [];
  let isDanger = false;
  const endSection = () => {
    const text = lines.join("\n").trim();
    parts.at(-1)?.[isDanger ? "dangers" : "sections"].push(...(text === "" ? [] : [text]));
    lines = [];
  };
  let fence: string | undefined;
  for (const line of markdown.split("\n")) {
    const isCode = fence !== undefined;
    fence = isCode ? (line === fence ? undefined : fence) : /^`{3,}/.exec(line)?.[0];
    if (!isCode && (line === DANGER_BEGINS || line === DANGER_ENDS)) {
      endSection();
      isDanger = line === DANGER_BEGINS;
    } else if (!isCode && line.startsWith("### ")) {
      endSection();
      parts.push({ heading: line.slice(4), dangers: [], sections: [] });
    } else {
      if (!isCode && !isDanger && line.startsWith("#### ")) {
        endSection();
      }
      lines.push(line);
    }
  }
  endSection();
  return parts.filter(({ heading, dangers, sections }) => heading !== "" || dangers.length + sections.length > 0);
}
