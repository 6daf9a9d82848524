import { appendFileSync, readFileSync } from "node:fs";

import { TestEnvironment } from "jest-environment-node";

import { CPU_TIMES_VARIABLE } from "./times";

/** Of proc_pid_stat(5), counted from after the name: utime, stime, and both of the children that have ended. */
const TIMES = [11, 12, 13, 14];
const TICKS_PER_SECOND = 100;

/** Writes down the CPU time of each test file, with that of all programs that it has started and waited for. Linux only. */
export default class TimedEnvironment extends TestEnvironment {
  private readonly file: string;
  private before = 0;

  constructor(...args: ConstructorParameters<typeof TestEnvironment>) {
    super(...args);
    this.file = args[1].testPath;
  }

  override async setup(): Promise<void> {
    this.before = cpuSeconds();
    await super.setup();
  }

  override async teardown(): Promise<void> {
    await super.teardown();
    const log = process.env[CPU_TIMES_VARIABLE];
    if (log !== undefined) {
      appendFileSync(log, `${JSON.stringify([this.file, cpuSeconds() - this.before])}\n`);
    }
  }
}

function cpuSeconds(): number {
  const fields = readFileSync("/proc/self/stat", "utf8").split(") ")[1]?.split(" ") ?? [];
  return TIMES.reduce((sum, index) => sum + Number(fields[index]), 0) / TICKS_PER_SECOND;
}
