import { writeFileSync } from "node:fs";
import { PassThrough } from "node:stream";

import { type EngineEvent, runWithEvents } from "../../commands/pulumi/engineEvents.ts";
import { type PulumiCli, PulumiError, pulumiErrorOf } from "../../commands/pulumi/pulumiCli.ts";
import { changesSince } from "../../commands/rollout/changedStacks.ts";
import { lineOf, rolloutOutcome, showProgress } from "../../commands/rollout/results.ts";
import { type PartState, rollOut, type RunPart } from "../../commands/rollout/rollOut.ts";
import { customersThrough, tellFailure } from "../../commands/rollout/runStack.ts";
import { UserError } from "../../faults/userError.ts";
import { InterruptedError, run } from "../../processes/run.ts";
import { lockMessage } from "./fakePulumi.ts";
import { useTemporaryFolder } from "./temporaryFolder.ts";

const PARTS = ["prod", "prod-b", "prod-c", "prod-d"].map((stack) => ({ stack, customers: 2 }));

/** Runs of stacks that end when the test says so. */
class Runs {
  readonly begun: string[] = [];
  private readonly ends = new Map<string, (error?: Error) => void>();

  readonly run: RunPart = ({ stack }) => {
    this.begun.push(stack);
    return new Promise((resolve, reject) =>
      this.ends.set(stack, (error) => (error ? reject(error) : resolve({ changes: { same: 3 } }))),
    );
  };

  async end(stack: string, error?: Error): Promise<void> {
    this.ends.get(stack)?.(error);
    await new Promise(setImmediate);
  }
}

function start(parallel = 2, realmStackAlone = true) {
  const runs = new Runs();
  const told: string[][] = [];
  const tell = (states: readonly PartState[]) => told.push(states.map(({ state }) => state));
  return { runs, told, ended: rollOut("prod", PARTS, runs.run, { parallel, realmStackAlone, tell }) };
}
const statesOf = (states: readonly PartState[]) => states.map(({ state }) => state);

describe("a rollout", () => {
  it("runs the realm stack alone, and then the others, so many at a time", async () => {
    const { runs, ended, told } = start();
    const steps: readonly (readonly [ended: string, begun: readonly string[]])[] = [
      ["", ["prod"]],
      ["prod", ["prod", "prod-b", "prod-c"]],
      ["prod-c", ["prod", "prod-b", "prod-c", "prod-d"]],
      ["prod-b", ["prod", "prod-b", "prod-c", "prod-d"]],
    ];
    for (const [stack, begun] of steps) {
      await runs.end(stack);
      expect(runs.begun).toEqual(begun);
    }
    await runs.end("prod-d");
    expect(statesOf(await ended)).toEqual(["done", "done", "done", "done"]);
    expect(told).toContainEqual(["done", "running", "done", "running"]);
  });

  it("that only previews lets no other wait for the realm stack, and says why that failed", async () => {
    const { runs, ended } = start(3, false);
    await runs.end("prod", new UserError("the user is unknown"));
    await runs.end("prod-b");
    await runs.end("prod-c");
    const states = await ended;
    expect(statesOf(states)).toEqual(["failed", "done", "done", "not begun"]);
    expect(states[0]?.cause).toBe("the user is unknown");
  });

  it("begins with no other after an interrupt, waits for those that run, and listens no more", async () => {
    const listeners = process.listenerCount("SIGINT");
    const { runs, ended } = start();
    await runs.end("prod");
    process.emit("SIGINT", "SIGINT");
    await runs.end("prod-b", new InterruptedError("SIGINT"));
    expect(runs.begun).toEqual(["prod", "prod-b", "prod-c"]);
    await runs.end("prod-c");

    expect(statesOf(await ended)).toEqual(["done", "interrupted", "done", "not begun"]);
    expect(process.listenerCount("SIGINT")).toBe(listeners);
  });
});

describe("what a rollout shows", () => {
  const running: PartState = { stack: "prod", customers: 300, state: "running", through: 12, began: 1_000 };
  const done: PartState = { ...running, state: "done", ended: 61_000, changes: { same: 900, create: 5, update: 1 } };

  it("is how many customers are through, and since when it runs", () => {
    expect(lineOf(running, 31_000, 6)).toBe("prod    12 of 300 customers, 30 s");
    expect(lineOf({ ...running, recovers: true }, 31_000)).toBe("prod  recovering, 30 s");
    expect(lineOf({ ...running, state: "waiting" }, 1_000)).toMatch(/^prod {2}waiting/);
    expect(lineOf(done, 0)).toBe("prod  done, 1 min 0 s");
  });

  it("is a line for each beginning and end where there is no terminal", () => {
    const stream = new PassThrough();
    const progress = showProgress(stream as never);
    progress.tell([running, { ...running, stack: "prod-b", state: "waiting" }]);
    progress.tell([{ ...running, through: 13 }]);
    progress.tell([{ ...running, savesOnce: true }]);
    progress.tell([done]);
    progress.end();
    expect(String(stream.read()).split("\n")).toEqual([
      expect.stringMatching(/^prod {4}12 of 300 customers, /),
      expect.stringMatching(/^prod {2}12 of 300 customers; its state is saved at the end, /),
      "prod  done, 1 min 0 s",
      "",
    ]);
  });

  it("is a table at the end, and what policies advise, and why each stack failed; the same as data", () => {
    const states: PartState[] = [
      { ...done, advice: ["a-policy: consider 30"] },
      { ...done, stack: "prod-b", changes: { same: 3 } },
      { ...running, stack: "prod-c", state: "failed", cause: "the user\nis unknown" },
      { ...done, stack: "prod-d", recovers: true, did: ["removed the lock"] },
    ];
    const { data, text } = rolloutOutcome(states);
    expect(text).toMatch(/prod +│ done +│ +300 │ 5 create, 1 update +│ +60 │/);
    expect(text).toMatch(/prod-b +│ done +│ +300 │ none/);
    expect(text).toMatch(/prod-d +│ recovered /);
    expect(text).toMatch(
      /\n\nprod-d: removed the lock\n\n! prod: a-policy: consider 30\n\n✗ prod-c: the user\nis unknown$/,
    );
    const lists = { did: [], advice: [] };
    const { stacks } = JSON.parse(JSON.stringify(data)) as { stacks: object[] };
    expect(stacks.slice(1)).toEqual([
      { ...lists, stack: "prod-b", result: "done", customers: 300, changes: {}, seconds: 60 },
      { ...lists, stack: "prod-c", result: "failed", customers: 300, cause: "the user\nis unknown" },
      {
        ...lists,
        stack: "prod-d",
        result: "recovered",
        customers: 300,
        changes: { create: 5, update: 1 },
        seconds: 60,
        did: ["removed the lock"],
      },
    ]);
  });
});

describe("the customers that Pulumi is through with", () => {
  const urn = (types: string, name: string) => `urn:pulumi:prod::scpcloud::${types}::${name}`;
  const customer = urn("scpcloud:keycloak:Integration", "acme");
  const resource = (type: string) => urn(`scpcloud:keycloak:Integration$keycloak:${type}`, type);
  const event = (kind: string, urn: string, parent = "") =>
    ({ [kind]: { metadata: { urn, new: { parent } } } }) as never;

  it("are those with all of whose resources it is through", () => {
    const through = customersThrough();
    const counts = [
      event("resourcePreEvent", customer),
      event("resOutputsEvent", customer),
      ...["Client", "ClientOptionalScopes", "ClientDefaultScopes"].flatMap((type) => [
        event("resourcePreEvent", resource(type), customer),
        event("resOutputsEvent", resource(type), customer),
      ]),
      event("resOutputsEvent", resource("Client"), customer),
      event("resOutputsEvent", urn("keycloak:openid/clientScope:ClientScope", "x"), urn("pulumi:pulumi:Stack", "x")),
      {} as never,
    ].map((one) => through(one));
    expect(counts).toEqual(counts.map(() => 0));

    expect(through(event("resOutputsEvent", resource("HardcodedClaimProtocolMapper"), customer))).toBe(1);
  });
});

test("the first cause of a failure is the first error, wholly, and not that there was one", async () => {
  const lines = [
    diagnostic("error", "<{%fg 1%}>error: update failed<{%reset%}>"),
    diagnostic("warning", "No error."),
    diagnostic("error", 'Keycloak already has a client "acme".\n\nDo: scpcloud recover\n'),
    diagnostic("error", "Another."),
  ];
  const seen: EngineEvent[] = [];
  const run = runWithEvents(failing(lines, "error: update failed"), ["up"], (event) => seen.push(event));
  const { message = "", output } = (await run.then(() => undefined, pulumiErrorOf)) ?? {};
  const failure = (text: string) => () => tellFailure("prod", text);

  expect(message).toMatch(/^pulumi up --stack prod failed:$/m);
  expect(seen.map((event) => JSON.stringify(event))).toEqual(lines);
  expect(failure(String(output))).toThrow(new UserError('Keycloak already has a client "acme".\nDo: scpcloud recover'));
  expect(failure("error: no stack named 'x' found")).toThrow(new UserError("no stack named 'x' found"));
});

function diagnostic(severity: string, message: string): string {
  return JSON.stringify({ sequence: 1, diagnosticEvent: { severity, message } });
}

/** A CLI that prints these events, and then fails. */
function failing(lines: readonly string[], words: string): PulumiCli {
  return {
    stack: "prod",
    run: (args, { onLine } = {}) => {
      [...lines, words].forEach((line) => onLine?.(line));
      return Promise.reject(new PulumiError(args, [...lines, words].join("\n")));
    },
  };
}

test("a stack that another run has locked is told with its holder and the way to end that, not with Pulumi's", () => {
  const holder = "process 42 of anna@another-host, since 2026-11-23T12:00:00Z";
  const failure = () => tellFailure("prod-b", lockMessage("anna@another-host (pid 42)"));
  expect(failure).toThrow(
    `locked by another run, which may still be at work:\n  ${holder}. It cannot be seen from here`,
  );
  expect(failure).toThrow(`run: scpcloud recover --stack prod-b --ended "${holder}"`);
  expect(failure).not.toThrow("pulumi cancel");
});

describe("what changed since a revision", () => {
  const git = (...args: string[]) =>
    run("git", ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false", ...args]);
  const write = (name: string) => writeFileSync(name, String(Math.random()));
  const since = (revision: string) => changesSince(process.cwd(), revision);

  useTemporaryFolder();

  beforeEach(async () => {
    await git("init", "--quiet");
    ["Pulumi.prod.yaml", "Pulumi.prod-b.yaml", "index.ts", "README.md"].forEach(write);
    await git("add", ".");
    await git("commit", "--quiet", "--message", "first");
  });

  it("is each stack file on its own, changed or new, committed or not, and no document", async () => {
    write("Pulumi.prod-b.yaml");
    await git("commit", "--quiet", "--all", "--message", "second");
    write("Pulumi.prod-c.yaml");
    write("README.md");
    expect(await since("HEAD~1")).toEqual({
      program: [],
      stackFiles: new Set(["Pulumi.prod-b.yaml", "Pulumi.prod-c.yaml"]),
    });
    expect((await since("HEAD")).stackFiles).toEqual(new Set(["Pulumi.prod-c.yaml"]));
  });

  it("is the program with whatever else may be a part of it", async () => {
    ["index.ts", "new.json"].forEach(write);
    expect((await since("HEAD")).program).toEqual(["index.ts", "new.json"]);
  });

  it("is not told for what is no revision", async () => {
    await expect(since("--output=x")).rejects.toThrow('--only-changed "--output=x" is no commit');
  });
});
