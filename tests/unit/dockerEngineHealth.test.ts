import { connectToEngine } from "../../services/engine/engineConnection.ts";
import type { ContainerState } from "../../services/engine/containerState.ts";
import { type Awaited, awaitHealthy, judge } from "../../services/engine/containerHealth.ts";
import { type FakeAnswer, FakeEngine, frame, inspected } from "./fakeEngine.ts";

jest.mock("node:timers/promises", () => ({ setTimeout: () => Promise.resolve() }));

const LOGGED = "\nThe last lines of its log:\n  ";
const STATE = "/containers/0123/json";
const LOGS = "/containers/0123/logs?stdout=1&stderr=1&tail=20";
const NO_CHECK = "has no health check: give its image a HEALTHCHECK, or set healthCheck in the stack file";

describe("a container's state", () => {
  const judged = (...state: Parameters<typeof inspected>) => judge(inspected(...state).body as ContainerState);

  it.each<Parameters<typeof inspected>>([
    ["created"],
    ["running", { health: "starting" }],
    ["running", { health: "starting", restarts: 9 }],
    ["restarting", { restarts: 2 }],
    ["paused", { health: "healthy" }],
    ["removing"],
  ])("makes waiting useful: %s %j", (...state) => {
    expect(judged(...state)).toBe("wait");
  });

  it("is good only where the container runs and its check says so", () => {
    expect(judged("running", { health: "healthy" })).toBe("healthy");
    expect(judged("running", { health: "healthy", restarts: 9 })).toBe("healthy");
  });

  it.each<[reason: string, ...state: Parameters<typeof inspected>]>([
    ["is unhealthy: its health check failed as often as its retries allow", "running", { health: "unhealthy" }],
    ["ended with exit code 0", "exited"],
    ["ended with exit code 139", "exited", { ExitCode: 139, health: "unhealthy" }],
    ["ended with exit code 1 after 2 restarts", "exited", { ExitCode: 1, restarts: 2 }],
    ["ended with exit code 127: no such file", "exited", { ExitCode: 127, Error: "no such file" }],
    ["ended with exit code 137", "dead", { ExitCode: 137 }],
    ["ended with exit code 1 after 3 restarts", "restarting", { ExitCode: 1, restarts: 3 }],
    [NO_CHECK, "running"],
    [NO_CHECK, "running", { health: "none" }],
  ])("makes waiting useless: %s", (reason, ...state) => {
    expect(judged(...state)).toEqual({ reason });
  });
});

describe("waiting for a healthy container", () => {
  let engine: FakeEngine;

  beforeEach(async () => {
    engine = await FakeEngine.start();
  });
  afterEach(() => engine.stop());

  const wait = (further: Partial<Awaited> = {}) =>
    awaitHealthy(connectToEngine(engine.settings), { id: "0123", name: "bff", secrets: [], ...further });

  it("ends at once where it is healthy", async () => {
    engine.answers[STATE] = [inspected("running", { health: "healthy" })];

    expect(await wait()).toBeUndefined();
    expect(engine.requests).toEqual([`GET ${STATE}`]);
  });

  it("ends as soon as it is", async () => {
    engine.answers[STATE] = [
      inspected("created"),
      inspected("running", { health: "starting" }),
      inspected("restarting", { ExitCode: 1, restarts: 1 }),
      inspected("running", { health: "healthy", restarts: 1 }),
    ];

    expect(await wait()).toBeUndefined();
    expect(engine.requests).toHaveLength(4);
  });

  it("ends at its limit", async () => {
    let now = 0;
    jest.spyOn(Date, "now").mockImplementation(() => (now += 150_000));
    engine.answers[STATE] = [inspected("running", { health: "starting" })];
    engine.answers[LOGS] = [{ body: [frame(1, "Waiting for Keycloak\n"), frame(2, "  still\n")] }];

    expect(await wait()).toBe(
      `The container bff did not get healthy within 900 s.${LOGGED}Waiting for Keycloak\n    still`,
    );
    jest.restoreAllMocks();
    // The clock was read once before.
    expect(engine.requests.filter((request) => request === `GET ${STATE}`)).toHaveLength(5);
  });

  it.each<[string, FakeAnswer[], FakeAnswer, string]>([
    [
      "the container has ended, with its last words",
      [inspected("running", { health: "starting" }), inspected("exited", { ExitCode: 134, Error: "killed" })],
      { body: [frame(2, "Unhandled exception.\n")] },
      `The container bff ended with exit code 134: killed.${LOGGED}Unhandled exception.`,
    ],
    [
      "the engine restarts it in vain",
      [0, 1, 2, 3].map((restarts) => inspected("restarting", { ExitCode: 1, restarts })),
      { body: "" },
      "The container bff ended with exit code 1 after 3 restarts.\nIt has logged nothing.",
    ],
    [
      "it is gone, and so is its log",
      [inspected("created"), { status: 404, body: { message: "No such container: 0123" } }],
      { status: 404, body: {} },
      "The container bff is gone from the engine; the next pulumi up --refresh makes it anew.",
    ],
    [
      "the engine fails, in the engine's own words",
      [inspected("created"), { status: 500, body: { message: "the disk is full" } }],
      { body: "" },
      "Whether the container bff is healthy cannot be told. The Docker engine answered 500: the disk is full",
    ],
  ])("ends where %s", async (_, states, logs, told) => {
    engine.answers[STATE] = states;
    engine.answers[LOGS] = [logs];

    expect(await wait()).toBe(told);
    expect(engine.requests.filter((request) => request === `GET ${STATE}`)).toHaveLength(states.length);
  });

  describe("shows no secret of its log", () => {
    const logged = async (text: string, secrets: string[]) => {
      engine.answers[STATE] = [inspected("exited")];
      engine.answers[LOGS] = [{ body: [frame(1, text)] }];
      return (await wait({ secrets }))?.split("\n").slice(2);
    };

    it.each([
      [
        "wherever it stands, but all that is around it",
        "a=hunter2;b=hunter2\n.*\nhunter\n",
        ["hunter2", "s3cret", ".*"],
        ["  a=[secret];b=[secret]", "  [secret]", "  hunter"],
      ],
      ["and takes no empty value for one", "a=b\n", [""], ["  a=b"]],
      ["where one begins like another", "hunter2-long\n", ["hunter2", "hunter2-long"], ["  [secret]"]],
    ])("%s", async (_, text, secrets, shown) => {
      expect(await logged(text, secrets)).toEqual(shown);
    });

    it("that has several lines", async () => {
      const key = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMG\nX1sm+nVuxKb0\n-----END PRIVATE KEY-----\n";
      const lines = await logged(`The key: ${key}`, [key]);
      expect(lines?.join("\n")).not.toMatch(/MIGHAgEAMBMG|X1sm\+nVuxKb0/);
    });
  });
});
