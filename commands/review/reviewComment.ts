import { DANGER_BEGINS, plural } from "../changes/markdown";

/** One stack's claims or summary, as its command wrote them. */
interface Text {
  readonly heading: string;
  readonly dangers: readonly string[];
  readonly sections: readonly string[];
}

/** Room for what says how much was left out. */
const NOTE = 200;

/**
 * The texts of `claims` and `summary`, one after the other, as one comment. What is dangerous in any of them comes first,
 * then what changes, then one line for all where nothing does. Where room is short, what comes last is left out.
 */
export function reviewComment(texts: string, limit: number): string {
  const all = readTexts(texts);
  const changed = all.filter(({ sections }) => sections.length > 0);
  const unchanged = all
    .filter(({ dangers, sections }) => dangers.length + sections.length === 0)
    .map(({ heading }) => titleOf(heading));
  const unchangedLines = unchanged.length > 0 ? [`### Unchanged`, unchanged.join(" · ")] : [];
  const dangers = all.flatMap((text) => text.dangers.map((danger) => ({ text, danger })));
  const dangerHeading = "### Dangerous";
  const needed = [
    dangerHeading,
    ...changed.map(({ heading }) => heading),
    ...dangers.map(({ text }) => `**${text.heading}**`),
    ...unchangedLines,
  ];
  let room = limit - NOTE - needed.join("\n\n").length;
  const fits = (part: string) => {
    const isFitting = part.length + 2 <= room;
    room -= isFitting ? part.length + 2 : 0;
    return isFitting;
  };
  const shownDangers = dangers.filter(({ danger }) => fits(danger));
  const shownTexts = changed.map((text) => ({ ...text, sections: text.sections.filter(fits) }));
  const leftOut = (parts: readonly Text[]) => parts.reduce((sum, { sections }) => sum + sections.length, 0);
  const rest = dangers.length - shownDangers.length + leftOut(changed) - leftOut(shownTexts);
  return [
    ...(dangers.length > 0 ? [dangerHeading] : []),
    ...shownDangers.map(({ text, danger }) => `**${titleOf(text.heading)}**\n\n${danger}`),
    ...shownTexts.flatMap(({ heading, sections }) => [heading, ...sections]),
    ...unchangedLines,
    ...(rest > 0 ? [`… and ${plural(rest, "more part")}, for which a comment has no room; see the run.`] : []),
  ].join("\n\n");
}

function titleOf(heading: string): string {
  return heading.replace(/^#+ /, "");
}

/** Headings and marks count outside of code only, where nobody but the commands writes them. */
function readTexts(markdown: string): Text[] {
  const texts = [{ heading: "", dangers: [] as string[], sections: [] as string[] }];
  let lines: string[] = [];
  let isDanger = false;
  const endPart = () => {
    const part = lines.join("\n").trim();
    (isDanger ? texts.at(-1)?.dangers : texts.at(-1)?.sections)?.push(...(part === "" ? [] : [part]));
    lines = [];
  };
  let fence: string | undefined;
  for (const line of markdown.split("\n")) {
    const isCode = fence !== undefined;
    fence = isCode ? (line === fence ? undefined : fence) : /^`{3,}/.exec(line)?.[0];
    if (!isCode && line.startsWith("<!-- ")) {
      endPart();
      isDanger = line === DANGER_BEGINS;
    } else if (!isCode && line.startsWith("### ")) {
      endPart();
      texts.push({ heading: line, dangers: [], sections: [] });
    } else {
      if (!isCode && !isDanger && line.startsWith("#### ")) {
        endPart();
      }
      lines.push(line);
    }
  }
  endPart();
  return texts.filter(({ heading, dangers, sections }) => heading !== "" || dangers.length + sections.length > 0);
}
