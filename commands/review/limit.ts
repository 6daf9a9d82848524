/** A part of a text that is shown wholly or not at all. */
export interface Section {
  readonly text: string;
}

/** Room for the line that tells what was left out. */
const NOTE = 600;

/**
 * The head and as many sections, in their order, as the limit has room for, and a line about all others. A section that
 * is too long does not keep the shorter ones behind it from being shown.
 * @param tell what was left out; cut, should it take more than its room
 */
export function withinLimit<T extends Section>(
  head: string,
  sections: readonly T[],
  limit: number,
  tell: (leftOut: readonly T[]) => string,
): string {
  const separator = "\n\n";
  const whole = [head, ...sections.map(({ text }) => text)].join(separator);
  if (whole.length <= limit) {
    return whole;
  }
  let length = head.length;
  const shown = sections.filter(({ text }) => {
    const isShown = length + separator.length + text.length <= limit - NOTE;
    length += isShown ? separator.length + text.length : 0;
    return isShown;
  });
  const leftOut = sections.filter((section) => !shown.includes(section));
  return [head, ...shown.map(({ text }) => text), tell(leftOut).slice(0, NOTE - separator.length)].join(separator);
}
