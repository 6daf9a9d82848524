import { parseArgs } from "node:util";

import Table from "cli-table3";

import { RESOURCES_PER_CUSTOMER } from "../../contract/names";
import { run, type RunResult } from "../../processes/run";
import { numberedCustomers, Project, type StackFile } from "../end-to-end/project";
import { REALMS, serverOfTests, startServerOfTests, stopServerOfTests } from "../end-to-end/server";
import { ManyStacks } from "./manyStacks";
import { OtherProgram } from "./otherProgram";

/**
 * How long the daily commands take on an embedded Keycloak of their own, as medians of whole processes. Machines differ:
 * compare rows of one run, by their ratio, and not the seconds of two.
 */
const { values } = parseArgs({
  options: {
    customers: { type: "string", default: "1,100" },
    stacks: { type: "string", default: "" },
    fast: { type: "boolean", default: false },
    runs: { type: "string", default: "5" },
    help: { type: "boolean", default: false },
  },
});

const HELP = `npm run benchmark -- [--customers 1,100] [--stacks 200/2,1000/10] [--fast] [--runs 5]
  --customers  so many in one stack
  --stacks     so many customers in so many stacks of one realm; three at most
  --fast       the first load of these stacks saves each state once, at its end`;

/** The shared scope and its audience mapper. */
const RESOURCES_OF_REALM = 2;

/** Above, a first load that saves the state at each step takes many minutes; docs/performance.md. */
const MOST_WITH_CHECKPOINTS = 200;

const PREVIEW = "preview, nothing changed";
const EMPTY = "preview of an empty program";
const PLAIN_UP = "up of a plain program, creating all";
const PLAIN_PREVIEW = "preview of a plain program";
const LOAD_SAVED_ONCE = "up, creating all, state saved once";
const PREVIEW_OF_ONE_STACK = "preview of one of the stacks";
const PREVIEW_OF_ALL = "rollout, preview of all stacks";
const FIRST_ROLLOUT = `rollout${values.fast ? " --fast" : ""}, creating all`;

const MOST_RUNS_OF_STACKS = 3;
/** Each has a realm of its own: to empty one takes as long as to fill it. */
const REALMS_OF_STACKS = ["realmStacks", "rollout", "move"] as const;

interface Row {
  readonly what: string;
  readonly customers: number;
  readonly stacks?: number;
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
    const row = { what, customers, median: at(Math.floor(runs / 2)), least: at(0), most: at(runs - 1) };
    // The table comes at the end only, and what has been measured until then shall not be lost.
    console.log(`${what}, ${customers}: ${row.median.toFixed(2)} s`);
    return row;
  });
}

async function benchmarkStack(customers: number, runs: number, empty: OtherProgram): Promise<Row[]> {
  const project = await Project.create();
  try {
    const name = `benchmark-${customers}`;
    const stack = await project.createStack(name, stackFile(project, customers));
    const pulumi = (...args: string[]) => succeeding(() => project.pulumi(...args, "--stack", name));
    const preview = pulumi("preview", "--expect-no-changes");
    const up = pulumi("up", "--yes", "--skip-preview");
    const isLarge = customers > MOST_WITH_CHECKPOINTS;
    const rows = isLarge ? await loadSavedOnce(customers, up) : await measure(customers, 1, { "up, creating all": up });
    await preview();
    await empty.pulumi("preview");
    rows.push(...(await measure(customers, runs, { [PREVIEW]: preview, [EMPTY]: () => empty.pulumi("preview") })));
    const command = (word: string) => succeeding(() => project.command(word, "--stack", name));
    const commands = {
      verify: command("verify"),
      customers: command("customers"),
      drift: command("drift"),
      "refresh --preview-only": pulumi("refresh", "--preview-only", "--json"),
    };
    const further = { "preview that reads Keycloak again": pulumi("preview", "--refresh"), "up, nothing changed": up };
    rows.push(...(await measure(customers, runs, isLarge ? commands : { ...further, ...commands })));
    const { resources } = (await stack.exportStack()).deployment as { resources: { type: string }[] };
    const declared = resources.filter(({ type }) => type.startsWith("keycloak:")).length;
    const expected = RESOURCES_OF_REALM + RESOURCES_PER_CUSTOMER * customers;
    console.log(`for ${customers}: ${declared} resources of Keycloak's (${expected} expected)`);
    const destroy = () => savingOnce(() => stack.destroy());
    await destroy();
    if (!isLarge) {
      rows.push(...(await loadSavedOnce(customers, up)));
      await destroy();
    }
    return rows;
  } finally {
    await project.remove();
  }
}

/** The same customers as users would declare them, in a realm of their own. */
async function benchmarkPlain(customers: number, runs: number): Promise<Row[]> {
  const project = await Project.create();
  const connection = project.connection(REALMS.failures);
  const plain = await OtherProgram.plain(connection, customers, serverOfTests().deployerSecret);
  const up = () => plain.pulumi("up", "--yes", "--skip-preview");
  try {
    const first = () => measure(customers, 1, { [PLAIN_UP]: up });
    const rows = await (customers > MOST_WITH_CHECKPOINTS ? savingOnce(first) : first());
    return [...rows, ...(await measure(customers, runs, { [PLAIN_PREVIEW]: () => plain.pulumi("preview") }))];
  } finally {
    await savingOnce(() => plain.pulumi("destroy", "--yes", "--skip-preview"));
    await plain.remove();
    await project.remove();
  }
}

function loadSavedOnce(customers: number, up: () => Promise<unknown>): Promise<Row[]> {
  return savingOnce(() => measure(customers, 1, { [LOAD_SAVED_ONCE]: up }));
}

/** Pulumi saves its state at the end only of what runs meanwhile. */
async function savingOnce<T>(action: () => Promise<T>): Promise<T> {
  process.env["PULUMI_SKIP_CHECKPOINTS"] = "true";
  try {
    return await action();
  } finally {
    delete process.env["PULUMI_SKIP_CHECKPOINTS"];
  }
}

/** What fails is not measured. */
function succeeding(action: () => Promise<RunResult>): () => Promise<void> {
  return async () => {
    const { exitCode, stdout, stderr } = await action();
    if (exitCode !== 0) {
      throw new Error(stdout + stderr);
    }
  };
}

/** The customers in so many stacks, as many in each: the first load, the stack that a change touches, and all. */
async function benchmarkStacks(realm: string, customers: number, stacks: number, runs: number): Promise<Row[]> {
  const many = await ManyStacks.create(realm, stacks, customers / stacks);
  try {
    await many.configure();
    const [last = ""] = many.stacks.map(({ name }) => name).slice(-1);
    const previewOfOne = ["preview", "--expect-no-changes", "--stack", last];
    const rows = [
      ...(await measure(customers, 1, {
        [FIRST_ROLLOUT]: succeeding(() => many.rollout("--yes", "--skip-preview", ...(values.fast ? ["--fast"] : []))),
      })),
      ...(await measure(customers, runs, {
        [PREVIEW_OF_ONE_STACK]: succeeding(() => many.project.pulumi(...previewOfOne)),
        [PREVIEW_OF_ALL]: succeeding(() => many.rollout("--preview")),
        "verify of all stacks": succeeding(() => many.project.command("verify", "--realm-stack", many.realmStack)),
        "customers of all stacks": succeeding(() =>
          many.project.command("customers", "--realm-stack", many.realmStack),
        ),
      })),
    ];
    return rows.map((row) => ({ ...row, stacks }));
  } finally {
    await many.project.remove();
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
    head: ["command", "customers", "stacks", "median", "from – to", "ratio"],
    style: { head: [], border: [] },
  });
  for (const { what, customers, stacks = 1, median, least, most } of rows) {
    // Beside the preview of the same number of customers, the command that is typed most.
    const base = rows.find((row) => row.what === PREVIEW && row.customers === customers)?.median;
    table.push([
      what,
      String(customers),
      String(stacks),
      `${median.toFixed(2)} s`,
      `${least.toFixed(2)} – ${most.toFixed(2)} s`,
      base === undefined ? "" : (median / base).toFixed(2),
    ]);
  }
  console.log(table.toString());
  for (const line of aims(rows)) {
    console.log(line);
  }
}

/** The ratios that are aimed at, as far as this run has measured both of their rows. */
function* aims(rows: readonly Row[]): Generator<string> {
  const one = find(rows, PREVIEW, 1);
  yield* aim("one customer's preview / the empty program's", one, find(rows, EMPTY, 1), 1.5);
  for (const { customers, stacks } of rows.filter(({ what }) => what === FIRST_ROLLOUT)) {
    const name = `${customers} in ${stacks ?? 1} stacks`;
    yield* aim(`${name}: preview of one stack / of one customer`, find(rows, PREVIEW_OF_ONE_STACK, customers), one, 4);
    const whole = find(rows, PREVIEW, customers);
    yield* aim(`${name}: preview of all / of one stack with all`, find(rows, PREVIEW_OF_ALL, customers), whole, 1);
    const load = find(rows, FIRST_ROLLOUT, customers);
    yield* aim(`${name}: first load / of one stack, state saved once`, load, find(rows, LOAD_SAVED_ONCE, customers), 2);
    const [least] = rows.filter(({ what }) => what === FIRST_ROLLOUT);
    const each = (row: Row | undefined) => (row === undefined ? undefined : { median: row.median / row.customers });
    if (least?.customers !== customers) {
      yield* aim(`${name}: first load of a customer / with ${least?.customers ?? 0}`, each(load), each(least), 1.2);
    }
  }
}

type Median = Pick<Row, "median">;

function* aim(what: string, one: Median | undefined, other: Median | undefined, most: number): Generator<string> {
  if (one !== undefined && other !== undefined) {
    yield `${what}: ${(one.median / other.median).toFixed(2)} (at most ${most.toFixed(1)} is aimed at)`;
  }
}

function find(rows: readonly Row[], what: string, customers: number): Row | undefined {
  return rows.find((row) => row.what === what && row.customers === customers);
}

async function main(): Promise<void> {
  if (values.help) {
    console.log(HELP);
    return;
  }
  const runs = Number(values.runs);
  const rows: Row[] = [];
  await startServerOfTests(["production", "failures", ...REALMS_OF_STACKS]);
  try {
    const empty = await OtherProgram.empty();
    try {
      for (const customers of values.customers.split(",").map(Number)) {
        rows.push(...(await benchmarkStack(customers, runs, empty)), ...(await benchmarkPlain(customers, runs)));
      }
      const groups = values.stacks === "" ? [] : values.stacks.split(",").map((group) => group.split("/").map(Number));
      for (const [index, [customers = 0, stacks = 1]] of groups.entries()) {
        const realm = REALMS[REALMS_OF_STACKS[index] ?? "realmStacks"];
        rows.push(...(await benchmarkStacks(realm, customers, stacks, Math.min(runs, MOST_RUNS_OF_STACKS))));
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
