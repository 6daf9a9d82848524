import { parseArgs } from "node:util";

import Table from "cli-table3";

import { run } from "../../processes/run";
import { numberedCustomers, Project, type StackFile } from "../end-to-end/project";
import { REALMS, startServerOfTests, stopServerOfTests } from "../end-to-end/server";
import { EmptyProgram } from "./emptyProgram";

/**
 * How long the daily commands take on an embedded Keycloak of their own, as medians of whole processes. Machines differ:
 * compare rows of one run, by their ratio, and not the seconds of two.
 */
const { values } = parseArgs({
  options: {
    customers: { type: "string", default: "1,100" },
    runs: { type: "string", default: "5" },
    help: { type: "boolean", default: false },
  },
});

/** The shared scope and its audience mapper. */
const RESOURCES_OF_REALM = 2;
const RESOURCES_PER_CUSTOMER = 4;

const PREVIEW = "preview, nothing changed";
const EMPTY = "preview of an empty program";
/** A preview of one customer takes at most so many times as long as that of an empty program. */
const AIM = 1.5;

interface Row {
  readonly what: string;
  readonly customers: number;
  /** In seconds. */
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

type Actions = Readonly<Record<string, () => Promise<unknown>>>;

/** Several actions take turns, so that a busy machine meets all of them. */
async function measure(customers: number, runs: number, actions: Actions): Promise<Row[]> {
  const measured = Object.entries(actions).map(([what, action]) => ({ what, action, seconds: [] as number[] }));
  for (let index = 0; index < runs; index++) {
    for (const { action, seconds } of measured) {
      const start = performance.now();
      await action();
      seconds.push((performance.now() - start) / 1000);
    }
  }
  return measured.map(({ what, seconds }) => {
    seconds.sort((a, b) => a - b);
    const at = (index: number) => seconds[index] ?? 0;
    return { what, customers, median: at(Math.floor(runs / 2)), least: at(0), most: at(runs - 1) };
  });
}

async function benchmarkStack(customers: number, runs: number, empty: EmptyProgram): Promise<Row[]> {
  const project = await Project.create();
  try {
    const name = `benchmark-${customers}`;
    const stack = await project.createStack(name, stackFile(project, customers));
    const pulumi =
      (...args: string[]) =>
      async () => {
        const { exitCode, stdout, stderr } = await project.pulumi(...args, "--stack", name);
        if (exitCode !== 0) {
          throw new Error(stdout + stderr);
        }
      };
    const preview = pulumi("preview", "--expect-no-changes");
    const up = pulumi("up", "--yes", "--skip-preview");
    const rows = await measure(customers, 1, { "up, creating all": up });
    await preview();
    await empty.preview();
    rows.push(...(await measure(customers, runs, { [PREVIEW]: preview, [EMPTY]: () => empty.preview() })));
    rows.push(
      ...(await measure(customers, runs, {
        "preview that reads Keycloak again": pulumi("preview", "--refresh"),
        "up, nothing changed": up,
        verify: () => project.command("verify", "--stack", name),
      })),
    );
    const { resources } = (await stack.exportStack()).deployment as { resources: { type: string }[] };
    const declared = resources.filter(({ type }) => type.startsWith("keycloak:")).length;
    const expected = RESOURCES_OF_REALM + RESOURCES_PER_CUSTOMER * customers;
    console.log(`for ${customers}: ${declared} resources of Keycloak's (${expected} expected)`);
    await stack.destroy();
    process.env["PULUMI_SKIP_CHECKPOINTS"] = "true";
    rows.push(...(await measure(customers, 1, { "up, creating all, state saved once": up })));
    delete process.env["PULUMI_SKIP_CHECKPOINTS"];
    await stack.destroy();
    return rows;
  } finally {
    await project.remove();
  }
}

function stackFile(project: Project, customers: number): StackFile {
  return {
    ...project.connection(REALMS.production),
    "scpcloud:accessTokenLifespan": 300,
    "scpcloud:integrations": numberedCustomers(customers),
  };
}

function print(rows: readonly Row[]): void {
  const table = new Table({
    head: ["command", "customers", "median", "from – to", "ratio"],
    style: { head: [], border: [] },
  });
  for (const { what, customers, median, least, most } of rows) {
    // Beside the preview of the same number of customers, the command that is typed most.
    const base = rows.find((row) => row.what === PREVIEW && row.customers === customers)?.median;
    table.push([
      what,
      String(customers),
      `${median.toFixed(2)} s`,
      `${least.toFixed(2)} – ${most.toFixed(2)} s`,
      base === undefined ? "" : (median / base).toFixed(2),
    ]);
  }
  console.log(table.toString());
  const medianOf = (what: string) => rows.find((row) => row.what === what && row.customers === 1)?.median ?? NaN;
  const ratio = (medianOf(PREVIEW) / medianOf(EMPTY)).toFixed(2);
  console.log(`one customer's preview / the empty program's: ${ratio} (at most ${AIM.toFixed(2)} is aimed at)`);
}

async function main(): Promise<void> {
  if (values.help) {
    console.log("npm run benchmark -- [--customers 1,100] [--runs 5]");
    return;
  }
  const runs = Number(values.runs);
  const rows: Row[] = [];
  await startServerOfTests(["production"]);
  try {
    const empty = await EmptyProgram.create();
    try {
      for (const customers of values.customers.split(",").map(Number)) {
        rows.push(...(await benchmarkStack(customers, runs, empty)));
      }
    } finally {
      await empty.remove();
    }
  } finally {
    await stopServerOfTests();
  }
  const unitTests = () => run("npx", ["jest", "--selectProjects", "unit", "golden"], { cwd: process.cwd() });
  rows.push(...(await measure(0, 1, { "unit and golden tests": unitTests })));
  print(rows);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
