import { relative } from "node:path";

/** Names the file into which each test file's CPU time is written. */
export const CPU_TIMES_VARIABLE = "SCPCLOUD_CPU_TIMES";

/** What jest's results, as JSON, say of a file. */
export interface FileResult {
  readonly name: string;
  readonly startTime: number;
  readonly endTime: number;
}

/**
 * A line for each file, the slowest first: its time by the clock, and its CPU time with that of what it has started.
 * @param cpuTimes a line for each file, as JSON: its path and the seconds
 */
export function timesOf(results: readonly FileResult[], cpuTimes: string, directory: string): string[] {
  const lines = cpuTimes.split("\n").filter((line) => line !== "");
  const cpu = new Map(lines.map((line) => JSON.parse(line) as [string, number]));
  const seconds = (value: number | undefined) => (value === undefined ? "" : `${value.toFixed(1)} s`).padStart(9);
  return [...results]
    .sort((a, b) => b.endTime - b.startTime - (a.endTime - a.startTime))
    .map(({ name, startTime, endTime }) =>
      [seconds((endTime - startTime) / 1000), seconds(cpu.get(name)), `  ${relative(directory, name)}`].join(""),
    );
}
