import { Command } from "commander";

import { UsageError } from "../../commands/cli/errors.ts";
import { ofStacks, type StackReport } from "../../commands/cli/verb.ts";
import { UserError } from "../../faults/userError.ts";

const REPORTS: Readonly<Record<string, StackReport | Error>> = {
  prod: { text: "prod is well", data: { stack: "prod" }, exitCode: 0 },
  "prod-b": { text: "prod-b has drift", data: { stack: "prod-b" }, exitCode: 3 },
  "prod-c": new UserError("no stack named 'prod-c' found"),
};

/** A verb called so, on a realm of these stacks: what it prints, and its exit code. */
async function call(stacks: readonly string[], ...args: string[]) {
  const printed = { stdout: [] as string[], stderr: [] as string[] };
  jest.spyOn(console, "log").mockImplementation((line: string) => void printed.stdout.push(line));
  jest.spyOn(console, "error").mockImplementation((line: string) => void printed.stderr.push(line));
  let running = 0;
  let most = 0;
  const verb = ofStacks(
    { purpose: "", changes: "", options: {}, examples: [], fine: "" },
    async ({ stack }) => {
      most = Math.max(most, ++running);
      // The first takes longest, and is told first all the same.
      for (let index = 0; index < stacks.length - stacks.indexOf(stack); index++) {
        await new Promise(setImmediate);
      }
      running--;
      const report = REPORTS[stack];
      return report instanceof Error ? Promise.reject(report) : (report as StackReport);
    },
    () => Promise.resolve(stacks),
  );
  const command = new Command();
  const run = verb.declare(command);
  command.parse(args, { from: "user" });
  try {
    return { ...printed, exitCode: await run(), most };
  } finally {
    jest.restoreAllMocks();
  }
}

describe("a verb that says something of stacks", () => {
  it("says it of one", async () => {
    const one = await call([], "--stack", "prod-b");
    expect(one).toEqual({ stdout: ["prod-b has drift"], stderr: [], exitCode: 3, most: 1 });
    expect((await call([], "--stack", "prod", "--json")).stdout.join("")).toBe('{\n  "stack": "prod"\n}');
  });

  const BOTH = ["prod is well", "\nprod-b has drift"];

  it("says it of each stack of a realm in their order, two of which it asks at a time, and exits with what somebody should know", async () => {
    const both = await call(["prod", "prod-b"], "--realm-stack", "prod");
    expect(both).toEqual({ stdout: BOTH, stderr: [], exitCode: 3, most: 2 });
    expect((await call(["prod"], "--realm-stack", "prod")).exitCode).toBe(0);
  });

  it("says it of the others where one fails, and exits with 1", async () => {
    const stacks = ["prod", "prod-c", "prod-b"];
    const stderr = ["prod-c: no stack named 'prod-c' found"];
    expect(await call(stacks, "--realm-stack", "prod")).toEqual({ stdout: BOTH, stderr, exitCode: 1, most: 2 });
    const { stdout } = await call(stacks, "--realm-stack", "prod", "--json");
    expect(JSON.parse(stdout.join(""))).toEqual([
      { stack: "prod" },
      { stack: "prod-c", error: "no stack named 'prod-c' found" },
      { stack: "prod-b" },
    ]);
  });

  it("says as data why it can say nothing of one", async () => {
    const { exitCode, stderr, stdout } = await call([], "--stack", "prod-c", "--json");
    expect([exitCode, stderr]).toEqual([1, ["no stack named 'prod-c' found"]]);
    expect(JSON.parse(stdout.join(""))).toEqual({ stack: "prod-c", error: stderr[0] });
  });

  it("is not told a stack and a realm", async () => {
    await expect(call(["prod"], "--realm-stack", "prod", "--stack", "prod")).rejects.toThrow(
      new UsageError("Say --stack or --realm-stack, not both."),
    );
  });
});
