import Table from "cli-table3";

/** A column is not wrapped to less than so many characters: an id stays whole. */
const NARROWEST = 40;

/**
 * A table for a terminal. Where it is too wide, the widest column is wrapped; where that would not do, each row becomes a
 * block of lines, a cell a line. A pipe gets the table in any case.
 */
export function tableText(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  columns = process.stdout.isTTY ? process.stdout.columns : Infinity,
): string {
  const isNumber = (column: number) => rows.every((row) => /^\d*$/.test(row[column] ?? ""));
  const draw = (colWidths: (number | null)[]) => {
    const table = new Table({
      head: [...head],
      colAligns: head.map((_, column) => (isNumber(column) ? "right" : "left")),
      colWidths,
      wordWrap: true,
      wrapOnWordBoundary: false,
      style: { head: [], border: [], compact: true },
    });
    table.push(...rows.map((row) => [...row]));
    return table.toString();
  };
  const whole = draw([]);
  const excess = longestLine(whole) - columns;
  if (excess <= 0) {
    return whole;
  }
  const widths = head.map((title, column) => longestLine([title, ...rows.map((row) => row[column] ?? "")].join("\n")));
  const widest = Math.max(...widths);
  if (widest - excess >= NARROWEST) {
    // With a blank on each side.
    return draw(widths.map((width, column) => (column === widths.indexOf(widest) ? width - excess + 2 : null)));
  }
  const width = longestLine(head.join("\n"));
  const lineOf = (title: string, cell: string) =>
    `${title.padEnd(width)}  ${cell.replaceAll("\n", `\n${" ".repeat(width + 2)}`)}`;
  return rows.map((row) => head.map((title, index) => lineOf(title, row[index] ?? "")).join("\n")).join("\n\n");
}

function longestLine(text: string): number {
  return Math.max(...text.split("\n").map((line) => line.length));
}
