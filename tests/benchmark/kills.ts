import { parseArgs } from "node:util";

import Table from "cli-table3";

import { startServerOfTests, stopServerOfTests } from "../end-to-end/server";
import type { Kill } from "./killed";
import { KilledRollout } from "./killedRollout";
import { KilledStack } from "./killedStack";

/**
 * Kills `up` at random points, has each killed one healed by one `npm run recover`, and counts what went wrong. Kills
 * take turns: all customers are made, then all are changed. With several stacks a whole rollout is killed, and healed by
 * the next. Linux only, as it looks for left processes in /proc.
 */
const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "100" },
    "without-checkpoints": { type: "string", default: "4" },
    customers: { type: "string", default: "20" },
    stacks: { type: "string", default: "1" },
    help: { type: "boolean", default: false },
  },
});

function print(counts: ReadonlyMap<string, number>): void {
  const table = new Table({ head: ["what", "kills"], style: { head: [], border: [] } });
  table.push(...[...counts].map(([what, count]) => [what, String(count)]));
  console.log(table.toString());
}

async function main(): Promise<void> {
  if (values.help) {
    console.log("npm run benchmark:kills -- [--kills 100] [--without-checkpoints 4] [--customers 20] [--stacks 1]");
    return;
  }
  const kills = Number(values.kills);
  const every = Math.ceil(kills / Number(values["without-checkpoints"]));
  const counts = new Map<string, number>();
  const count = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1);
  await startServerOfTests(["crashes"]);
  try {
    const [customers, stacks] = [Number(values.customers), Number(values.stacks)];
    const stack = stacks === 1 ? await KilledStack.open(customers) : await KilledRollout.open(stacks, customers);
    try {
      await stack.measure();
      for (let index = 0; index < kills; index++) {
        const kill: Kill = { operation: index % 2 === 0 ? "create" : "update", checkpoints: (index + 1) % every !== 0 };
        const { done, faults } = await stack.kill(kill);
        const kind = `${kill.operation}${kill.checkpoints ? "" : ", state saved at the end only"}`;
        [kind, ...done, faults.length === 0 ? "HEALED" : "NOT HEALED"].forEach(count);
        console.log(`${index + 1}: ${kind}: ${done.join(", ")}${faults.map((fault) => `\n✗ ${fault}`).join("")}`);
        if (faults.length > 0) {
          process.exitCode = 1;
          await stack.prepare("create");
        }
      }
    } finally {
      await stack.close();
    }
  } finally {
    await stopServerOfTests();
  }
  print(counts);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
