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
export function partText({ heading, dangers, sections }: ReviewPart, limit: number, more: string): string {
  const marked = dangers.map((danger) => [DANGER_BEGINS, danger, DANGER_ENDS].join("\n"));
  const title = `### ${heading}`;
  const { shown, note } = fitting(marked, sections, limit - title.length, more);
  return [title, ...shown, ...note].join(BETWEEN);
}

/**
 * Several parts as one comment. What is dangerous in any of them comes first, then what changes, then one line for all
 * where nothing does. Where room is short, what comes last is left out.
 */
export function reviewComment(parts: readonly ReviewPart[], limit: number): string {
  const isUnchanged = ({ dangers, sections }: ReviewPart) => dangers.length + sections.length === 0;
  const unchanged = parts.filter(isUnchanged).map(({ heading }) => heading);
  const dangers = parts.flatMap((part) => part.dangers.map((danger) => `**${part.heading}**${BETWEEN}${danger}`));
  const changed = parts.filter(({ sections }) => sections.length > 0);
  const first = dangers.length > 0 ? ["### Dangerous"] : [];
  const last = unchanged.length > 0 ? ["### Unchanged", unchanged.join(" · ")] : [];
  // A text of another origin may have no heading.
  const headings = changed.map(({ heading }) => (heading === "" ? [] : [`### ${heading}`]));
  const needed = [...first, ...headings.flat(), ...last].join(BETWEEN).length;
  const sections = changed.flatMap((part) => part.sections);
  const { isShown, note } = fitting(dangers, sections, limit - needed, "see the run");
  let next = dangers.length;
  return [
    ...first,
    ...dangers.filter((_, index) => isShown[index]),
    ...headings.flatMap((heading, index) => [
      ...heading,
      ...(changed[index]?.sections ?? []).filter(() => isShown[next++]),
    ]),
    ...last,
    ...note,
  ].join(BETWEEN);
}

/** As many texts, in their order, as there is room for. One that is too long does not keep shorter ones from being shown. */
function fitting(dangers: readonly string[], sections: readonly string[], limit: number, more: string) {
  const texts = [...dangers, ...sections];
  const lengthOf = (some: readonly string[]) => some.reduce((sum, text) => sum + BETWEEN.length + text.length, 0);
  let room = lengthOf(texts) <= limit ? limit : limit - NOTE;
  const isShown = texts.map((text) => {
    const length = BETWEEN.length + text.length;
    const fits = length <= room;
    room -= fits ? length : 0;
    return fits;
  });
  const left = isShown.filter((is) => !is).length;
  const leftDangers = isShown.slice(0, dangers.length).filter((is) => !is).length;
  const parts = plural(left, "more part") + (leftDangers > 0 ? ` (${leftDangers} dangerous)` : "");
  const note = left > 0 ? [`… and ${parts}, for which a comment has no room; ${more}.`] : [];
  return { shown: texts.filter((_, index) => isShown[index]), isShown, note };
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
