import Table from "cli-table3";

/**
 * A table for a terminal. Where it is wider than the terminal, each row becomes a block of lines, a cell a line; a pipe
 * gets the table in any case.
 */
export function tableText(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  columns = process.stdout.isTTY ? process.stdout.columns : Infinity,
): string {
  const isNumber = (column: number) => rows.every((row) => /^\d*$/.test(row[column] ?? ""));
  const table = new Table({
    head: [...head],
    colAligns: head.map((_, column) => (isNumber(column) ? "right" : "left")),
    style: { head: [], border: [], compact: true },
  });
  table.push(...rows.map((row) => [...row]));
  const text = table.toString();
  if (Math.max(...text.split("\n").map((line) => line.length)) <= columns) {
    return text;
  }
  const width = Math.max(...head.map((title) => title.length));
  const lineOf = (title: string, cell: string) =>
    `${title.padEnd(width)}  ${cell.replaceAll("\n", `\n${" ".repeat(width + 2)}`)}`;
  return rows.map((row) => head.map((title, index) => lineOf(title, row[index] ?? "")).join("\n")).join("\n\n");
}
