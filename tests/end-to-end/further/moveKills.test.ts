import { once } from "node:events";

import { killTree } from "../interruption.ts";
import { Moving } from "../moving.ts";
import { SHOWN_BEFORE_CHANGE } from "../project.ts";

const { FROM, TO } = Moving;
let moving: Moving;

beforeAll(async () => {
  moving = await Moving.create("MoveKills");
  expect((await moving.move(...moving.between(FROM, TO), "--yes")).exitCode).toBe(0);
});

afterAll(() => moving.remove());

const hasClient = async (name: string) => (await moving.stateOf(name)).includes("::moved-2-client");

describe("a move that is killed is finished by the next, and nobody has noticed: killed", () => {
  test.each([
    [
      "when the entries stand in both files",
      TO,
      FROM,
      async () => (await moving.customersOf(FROM)).includes("moved-1"),
    ],
    ["when the other state has the clients", FROM, TO, () => hasClient(TO)],
    ["when its own state has them no more", TO, FROM, async () => !(await hasClient(TO))],
  ])("%s", async (_, from, to, condition) => {
    const child = moving.project.startCommand("move", ...moving.between(from, to), "--yes");
    const ended = once(child, "exit");
    await killTree(child, condition);
    await ended;

    const { exitCode, stderr, stdout } = await moving.move(...moving.between(from, to), "--yes");

    expect([exitCode, stderr]).toEqual([0, expect.stringMatching(SHOWN_BEFORE_CHANGE)]);
    expect(stdout.includes(`${TO} has no customers any more. Take it down: `)).toBe(from === TO);
    await moving.expectMoved(from, to);
  });

  it("and nothing is left to do", () => moving.expectNothingToDo(FROM));
});
