import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

import Table from "cli-table3";
import { parse, stringify } from "yaml";

import { RESOURCES_PER_CUSTOMER } from "../../contract/names.ts";
import { run, type RunResult } from "../../processes/run.ts";
import { numberedCustomers, Project, type StackFile } from "../end-to-end/project.ts";
import { serverOfTests, startServerOfTests, stopServerOfTests } from "../end-to-end/server.ts";
import { Stack } from "../end-to-end/stack.ts";

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
  --stacks     so many customers in so many stacks of one realm
  --fast       the first load of these stacks saves each state once, at its end`;

const REPOSITORY = resolve(import.meta.dirname, "..", "..");
/** A first load of 2,000 customers takes many minutes. */
const LIMIT_MILLISECONDS = 3_600_000;
/** The shared scope and its audience mapper. */
const RESOURCES_OF_REALM = 2;
/** Above, a first load that saves the state at each step takes many minutes; docs/performance.md. */
const MOST_WITH_CHECKPOINTS = 200;
const MOST_RUNS_OF_STACKS = 3;

const PREVIEW = "preview, nothing changed";
const EMPTY = "preview of an empty program";
const SAVED_ONCE = "up, creating all, state saved once";
const PLAIN_UP = "up of a plain program, creating all";
const PLAIN_PREVIEW = "preview of a plain program";
const PREVIEW_OF_ONE_STACK = "preview of one of the stacks";
const PREVIEW_OF_ALL = "rollout, preview of all stacks";
const FIRST_ROLLOUT = `rollout${values.fast ? " --fast" : ""}, creating all`;

interface Row {
  readonly what: string;
  readonly customers: number;
  readonly stacks: number;
  /** In seconds. */
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

const rows: Row[] = [];
/** Of the programs to compare with. */
const folder = await mkdtemp(join(tmpdir(), "scpcloud-benchmark-"));

type Actions = Readonly<Record<string, () => Promise<RunResult>>>;

/** Several actions take turns, so that a busy machine meets all of them. */
async function measure(customers: number, stacks: number, runs: number, actions: Actions): Promise<void> {
  const measured = Object.entries(actions).map(([what, action]) => ({ what, action, seconds: [] as number[] }));
  for (let index = 0; index < runs; index++) {
    for (const { action, seconds } of measured) {
      const start = performance.now();
      const { exitCode, stdout, stderr } = await action();
      seconds.push((performance.now() - start) / 1000);
      if (exitCode !== 0) {
        throw new Error(stdout + stderr);
      }
    }
  }
  for (const { what, seconds } of measured) {
    seconds.sort((a, b) => a - b);
    const [median = 0, least = 0, most = 0] = [seconds[Math.floor(runs / 2)], seconds[0], seconds.at(-1)];
    rows.push({ what, customers, stacks, median, least, most });
    // The table comes at the end only, and what has been measured until then shall not be lost.
    console.log(`${what}, ${customers}: ${median.toFixed(2)} s`);
  }
}

interface OtherProgram {
  /** The lines of its Pulumi.yaml, without the name. */
  readonly project: string;
  /** Its index.ts. */
  readonly program: string;
  readonly config: StackFile;
}

/** A program to compare with, in a folder and with a state of its own; gives what runs Pulumi there. */
async function createOther({ project, program, config }: OtherProgram) {
  const directory = await mkdtemp(join(folder, "program-"));
  await symlink(join(REPOSITORY, "node_modules"), join(directory, "node_modules"));
  await writeFile(join(directory, "Pulumi.yaml"), `name: other\n${project}`);
  await writeFile(join(directory, "index.ts"), program);
  const env = {
    PULUMI_BACKEND_URL: `file://${directory}`,
    PULUMI_CONFIG_PASSPHRASE: "the passphrase of the tests",
    KEYCLOAK_CLIENT_SECRET: serverOfTests().deployerSecret,
  };
  const pulumi = (...args: string[]) =>
    run("pulumi", [...args, "--stack", "other", "--non-interactive"], { cwd: directory, env });
  await pulumi("stack", "init");
  const path = join(directory, "Pulumi.other.yaml");
  await writeFile(path, stringify({ ...(parse(await readFile(path, "utf8")) as object), config }));
  return pulumi;
}

/** Declares nothing, and is run as this project's: what Pulumi, Node.js and the SDK take for themselves. */
async function createEmpty(): Promise<() => Promise<RunResult>> {
  const { main, runtime } = parse(await readFile(join(REPOSITORY, "Pulumi.yaml"), "utf8")) as Record<string, unknown>;
  const project = stringify({ main, runtime }).replace("./pulumiSdk.cjs", join(REPOSITORY, "pulumiSdk.cjs"));
  const pulumi = await createOther({ project, program: 'import "@pulumi/pulumi";\n', config: {} });
  return () => pulumi("preview");
}

/** What users would write, run as Pulumi does by itself. */
async function benchmarkPlain(connection: StackFile, customers: number, runs: number): Promise<void> {
  const ofKeycloak = Object.entries(connection).filter(([key]) => key.startsWith("keycloak:"));
  const pulumi = await createOther({
    project: "main: index.ts\nruntime: nodejs\n",
    program: await readFile(join(import.meta.dirname, "plainProgram.ts"), "utf8"),
    config: {
      ...Object.fromEntries(ofKeycloak),
      "other:customers": customers,
      "other:realm": connection["keycloak:realm"],
    },
  });
  await measure(customers, 1, 1, { [PLAIN_UP]: () => pulumi("up", "--yes", "--skip-preview") });
  await measure(customers, 1, runs, { [PLAIN_PREVIEW]: () => pulumi("preview") });
  await pulumi("destroy", "--yes", "--skip-preview");
}

async function benchmarkStack(customers: number, runs: number, empty: () => Promise<RunResult>): Promise<void> {
  const name = `benchmark-${customers}`;
  const project = await Project.create(name);
  const stack = await Stack.createIn(project, name, {
    "scpcloud:accessTokenLifespan": 300,
    "scpcloud:integrations": numberedCustomers(customers),
  });
  const pulumi =
    (...args: string[]) =>
    () =>
      project.pulumi(...args, "--stack", name);
  const command = (word: string) => () => project.command(word, "--stack", name);
  const up = pulumi("up", "--yes", "--skip-preview");
  const savedOnce = project.with({ PULUMI_SKIP_CHECKPOINTS: "true" });
  const upSavedOnce = () => savedOnce.pulumi("up", "--yes", "--skip-preview", "--stack", name);
  const destroy = () => savedOnce.pulumi("destroy", "--yes", "--skip-preview", "--stack", name);
  const isLarge = customers > MOST_WITH_CHECKPOINTS;
  try {
    if (!isLarge) {
      await measure(customers, 1, 1, { "up, creating all": up });
      await destroy();
    }
    await measure(customers, 1, 1, { [SAVED_ONCE]: upSavedOnce });
    const { resources } = (await stack.exportStack()).deployment as { resources: { type: string }[] };
    const declared = resources.filter(({ type }) => type.startsWith("keycloak:")).length;
    const expected = RESOURCES_OF_REALM + RESOURCES_PER_CUSTOMER * customers;
    console.log(`for ${customers}: ${declared} resources of Keycloak's (${expected} expected)`);
    const preview = pulumi("preview", "--expect-no-changes");
    await preview();
    await empty();
    await measure(customers, 1, runs, { [PREVIEW]: preview, [EMPTY]: empty });
    await measure(customers, 1, runs, {
      ...(isLarge
        ? {}
        : { "preview that reads Keycloak again": pulumi("preview", "--refresh"), "up, nothing changed": up }),
      verify: command("verify"),
      customers: command("customers"),
      drift: command("drift"),
      "refresh --preview-only": pulumi("refresh", "--preview-only", "--json"),
    });
    if (!isLarge) {
      await destroy();
      await benchmarkPlain(project.connection, customers, runs);
    }
  } finally {
    await destroy();
    await project.remove();
  }
}

/** The customers in so many stacks, as many in each: the first load, the stack that a change touches, and all. */
async function benchmarkStacks(customers: number, stacks: number, runs: number): Promise<void> {
  const project = await Project.create(`benchmark-${customers}-${stacks}`, {}, LIMIT_MILLISECONDS);
  const [first, last] = ["many-1", `many-${stacks}`];
  for (let number = 1; number <= stacks; number++) {
    await Stack.createIn(project, `many-${number}`, {
      ...(number === 1 ? { "scpcloud:accessTokenLifespan": 300 } : { "scpcloud:realmStack": first }),
      "scpcloud:integrations": numberedCustomers(customers / stacks, {
        first: ((number - 1) * customers) / stacks + 1,
      }),
    });
  }
  const command = (name: string, ...args: string[]) => project.command(name, "--realm-stack", first, ...args);
  const load = ["--yes", "--skip-preview", ...(values.fast ? ["--fast"] : [])];
  try {
    await measure(customers, stacks, 1, { [FIRST_ROLLOUT]: () => command("rollout", ...load) });
    await measure(customers, stacks, runs, {
      [PREVIEW_OF_ONE_STACK]: () => project.pulumi("preview", "--expect-no-changes", "--stack", last),
      [PREVIEW_OF_ALL]: () => command("rollout", "--preview"),
      "verify of all stacks": () => command("verify"),
      "customers of all stacks": () => command("customers"),
    });
  } finally {
    await project.remove();
  }
}

function print(): void {
  const head = ["command", "customers", "stacks", "median", "from – to", "ratio"];
  const table = new Table({ head, style: { head: [], border: [] } });
  for (const { what, customers, stacks, median, least, most } of rows) {
    // Beside the preview of the same number of customers, the command that is typed most.
    const base = find(PREVIEW, customers)?.median;
    const range = `${least.toFixed(2)} – ${most.toFixed(2)} s`;
    const ratio = base === undefined ? "" : (median / base).toFixed(2);
    table.push([what, customers, stacks, `${median.toFixed(2)} s`, range, ratio]);
  }
  console.log(table.toString());

  const one = find(PREVIEW, 1);
  tellAim("one customer's preview / the empty program's", one, find(EMPTY, 1), 1.5);
  const loads = rows.filter(({ what }) => what === FIRST_ROLLOUT);
  for (const load of loads) {
    const { customers, stacks } = load;
    const name = `${customers} in ${stacks} stacks`;
    tellAim(`${name}: preview of one stack / of one customer`, find(PREVIEW_OF_ONE_STACK, customers), one, 4);
    const all = find(PREVIEW_OF_ALL, customers);
    tellAim(`${name}: preview of all / of one stack with all`, all, find(PREVIEW, customers), 1);
    tellAim(`${name}: first load / of one stack, state saved once`, load, find(SAVED_ONCE, customers), 2);
    const each = (row?: Row) => row && { median: row.median / row.customers };
    tellAim(`${name}: first load of a customer / in the fewest stacks`, each(load), each(loads[0]), 1.2);
  }
}

type Median = Pick<Row, "median">;

/** The ratio that is aimed at, where this run has measured both. */
function tellAim(what: string, one: Median | undefined, other: Median | undefined, most: number): void {
  if (one !== undefined && other !== undefined) {
    console.log(`${what}: ${(one.median / other.median).toFixed(2)} (at most ${most.toFixed(1)} is aimed at)`);
  }
}

function find(what: string, customers: number): Row | undefined {
  return rows.find((row) => row.what === what && row.customers === customers);
}

async function main(): Promise<void> {
  if (values.help) {
    console.log(HELP);
    return;
  }
  const runs = Number(values.runs);
  await startServerOfTests();
  try {
    const empty = await createEmpty();
    for (const customers of values.customers.split(",").map(Number)) {
      await benchmarkStack(customers, runs, empty);
    }
    for (const group of values.stacks.split(",").filter(Boolean)) {
      const [customers = 0, stacks = 1] = group.split("/").map(Number);
      await benchmarkStacks(customers, stacks, Math.min(runs, MOST_RUNS_OF_STACKS));
    }
  } finally {
    await stopServerOfTests();
    await rm(folder, { recursive: true, force: true });
  }
  const unitTests = () => run("npx", ["jest", "--selectProjects", "unit", "golden"], { cwd: REPOSITORY });
  await measure(0, 1, 1, { "unit and golden tests": unitTests });
  print();
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
