const { appendFileSync, readFileSync } = require("node:fs");

const { TestEnvironment } = require("jest-environment-node");

/** CPU time of this process and of its children that have ended, in seconds; /proc counts in hundredths. */
function cpuSeconds() {
  const afterName = readFileSync("/proc/self/stat", "utf8").split(") ")[1];
  const counts = afterName.split(" ").slice(11, 15);
  return counts.reduce((sum, count) => sum + Number(count), 0) / 100;
}

/** Writes the CPU time of each test file for tests/run.ts; only Linux tells it. */
module.exports = class extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    this.log = process.platform === "linux" ? process.env.SCPCLOUD_CPU_TIMES : undefined;
    this.path = context.testPath;
    this.start = this.log && cpuSeconds();
  }

  async teardown() {
    await super.teardown();
    if (this.log) appendFileSync(this.log, `${cpuSeconds() - this.start}\t${this.path}\n`);
  }
};
