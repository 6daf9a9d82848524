import { stripVTControlCharacters } from "node:util";

import { every, formatDuration } from "../../processes/progress";
import type { PartState } from "./rollOut";

/** Shows how a rollout goes on. */
export interface Progress {
  readonly tell: (states: readonly PartState[]) => void;
  readonly end: () => void;
}

const REDRAW_MILLISECONDS = 200;

/** Where a stack stands, as one line. */
export function lineOf(part: PartState, now: number, width = 0): string {
  const { stack, state, recovers, savesOnce, customers, through, began, ended } = part;
  const words = {
    waiting: "waiting",
    running: recovers
      ? "recovering"
      : `${through} of ${customers} customers${savesOnce ? "; its state is saved at the end" : ""}`,
    done: recovers ? "recovered" : "done",
    failed: "failed",
    interrupted: "interrupted",
    "not begun": "not begun",
  }[state];
  const seconds = began === undefined ? "" : `, ${formatDuration((ended ?? now) - began)}`;
  return `${stack.padEnd(width)}  ${words}${seconds}`;
}

/** A line a stack: redrawn on a terminal; elsewhere added when a stack begins or ends, and at intervals in between. */
export function showProgress(output: NodeJS.WriteStream): Progress {
  return output.isTTY ? redrawn(output) : added(output);
}

function added(output: NodeJS.WritableStream): Progress {
  const told = new Map<string, string>();
  let latest: readonly PartState[] = [];
  const write = (part: PartState) => output.write(`${lineOf(part, Date.now(), widthOf(latest))}\n`);
  const stop = every(() => latest.filter(({ state }) => state === "running").forEach(write));
  return {
    tell: (states) => {
      latest = states;
      for (const part of states) {
        const stage = `${part.state} ${part.savesOnce === true}`;
        if (part.state !== "waiting" && told.get(part.stack) !== stage) {
          told.set(part.stack, stage);
          write(part);
        }
      }
    },
    end: stop,
  };
}

function redrawn(output: NodeJS.WriteStream): Progress {
  let latest: readonly PartState[] = [];
  let drawn = 0;
  const draw = () => {
    const width = widthOf(latest);
    // What scrolls off cannot be redrawn: those that run come first where not all have room.
    const order = ["running", "failed", "interrupted", "waiting", "not begun", "done"];
    const room = Math.max(1, (output.rows || 24) - 1);
    const shown =
      latest.length <= room
        ? latest
        : [...latest].sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state)).slice(0, room);
    const lines = shown.map((part) =>
      stripVTControlCharacters(lineOf(part, Date.now(), width)).slice(0, (output.columns || 80) - 1),
    );
    output.write(`${drawn > 0 ? `\u001b[${drawn}A` : ""}\u001b[J${lines.map((line) => `${line}\n`).join("")}`);
    drawn = lines.length;
  };
  const timer = setInterval(draw, REDRAW_MILLISECONDS);
  return {
    tell: (states) => (latest = states),
    end: () => {
      clearInterval(timer);
      draw();
    },
  };
}

function widthOf(states: readonly PartState[]): number {
  return Math.max(0, ...states.map(({ stack }) => stack.length));
}
