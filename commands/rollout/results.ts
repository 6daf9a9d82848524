import { stripVTControlCharacters } from "node:util";

import { every, formatDuration } from "../../processes/progress.ts";
import { EXIT_CODES } from "../cli/errors.ts";
import { tableText } from "../cli/table.ts";
import type { StackReport } from "../cli/verb.ts";
import { IDLE_OPS } from "../pulumi/preview.ts";
import type { PartState } from "./rollOut.ts";

/** Shows how a rollout goes on. */
export interface Progress {
  readonly tell: (states: readonly PartState[]) => void;
  readonly end: () => void;
}

const REDRAW_MILLISECONDS = 200;

/** Where a stack stands, as one line. */
export function lineOf(part: PartState, now: number, width = 0): string {
  const { stack, state, recovers, savesOnce, customers, through, began, ended } = part;
  const running = recovers
    ? "recovering"
    : `${through} of ${customers} customers${savesOnce ? "; its state is saved at the end" : ""}`;
  const words = state === "running" ? running : resultOf(part);
  const seconds = began === undefined ? "" : `, ${formatDuration((ended ?? now) - began)}`;
  return `${stack.padEnd(width)}  ${words}${seconds}`;
}

function resultOf({ state, recovers }: PartState): string {
  return state === "done" && recovers ? "recovered" : state;
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

/** In the order of what is shown where not all have room: what scrolls off cannot be redrawn. */
const BY_INTEREST: readonly PartState["state"][] = ["running", "failed", "interrupted", "waiting", "not begun", "done"];

function redrawn(output: NodeJS.WriteStream): Progress {
  let latest: readonly PartState[] = [];
  let drawn = 0;
  const draw = () => {
    const width = widthOf(latest);
    const room = Math.max(1, (output.rows || 24) - 1);
    const byInterest = [...latest].sort((a, b) => BY_INTEREST.indexOf(a.state) - BY_INTEREST.indexOf(b.state));
    const shown = latest.length <= room ? latest : byInterest.slice(0, room);
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

/** As a shell has it for Ctrl-C. */
export const INTERRUPTED = 130;

/** What a rollout, or a part of it, came to. */
export interface Outcome extends StackReport {
  readonly data: object;
}

/** How a rollout ended: a table, and below it what recovery did, what policies advise, and why each stack failed. */
export function rolloutOutcome(states: readonly PartState[]): Outcome {
  const stacks = states.map(toResult);
  const rows = stacks.map(({ stack, result, customers, changes, seconds }) => {
    const counts = Object.entries(changes ?? {}).map(([op, count]) => `${count} ${op}`);
    return [stack, result, String(customers), changes ? counts.join(", ") || "none" : "", String(seconds ?? "")];
  });
  const did = stacks.flatMap((part) => part.did.map((line) => `${part.stack}: ${line}`)).join("\n");
  const has = (wanted: PartState["state"]) => states.some(({ state }) => state === wanted);
  return {
    text: [
      tableText(["stack", "result", "customers", "changes", "seconds"], rows),
      ...(did === "" ? [] : [did]),
      ...stacks.flatMap((part) => part.advice.map((text) => `! ${part.stack}: ${text}`)),
      ...stacks.flatMap(({ stack, cause }) => (cause === undefined ? [] : [`✗ ${stack}: ${cause}`])),
    ].join("\n\n"),
    data: { stacks },
    exitCode: states.every(({ state }) => state === "done") ? 0 : has("interrupted") ? INTERRUPTED : EXIT_CODES.failed,
  };
}

/** How a stack ended, as docs/json.md has it. */
function toResult(part: PartState) {
  const { advice = [], began, cause, changes, customers, did = [], ended, stack } = part;
  // Nothing is told of what Pulumi leaves as it is.
  const told = Object.entries(changes ?? {}).filter(([op, count]) => count > 0 && !IDLE_OPS.includes(op));
  return {
    stack,
    result: resultOf(part),
    customers,
    changes: changes && Object.fromEntries(told),
    seconds: began === undefined || ended === undefined ? undefined : Math.round((ended - began) / 1000),
    did,
    advice,
    cause,
  };
}
