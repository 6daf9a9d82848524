import Table from "cli-table3";

import { IDLE_OPS } from "../pulumi/preview";
import type { PartState } from "./rollOut";

/** How a rollout ended: a table, and below it what policies advise, and why each stack failed. */
export function rolloutText(states: readonly PartState[]): string {
  const table = new Table({
    head: ["stack", "result", "customers", "changes", "seconds"],
    colAligns: ["left", "left", "right", "left", "right"],
    style: { head: [], border: [], compact: true },
  });
  for (const part of states) {
    const { stack, state, recovers, customers, changes, began, ended } = part;
    const seconds = began === undefined || ended === undefined ? "" : String(Math.round((ended - began) / 1000));
    const result = state === "done" && recovers ? "recovered" : state;
    table.push([stack, result, String(customers), changes === undefined ? "" : changesInWords(changes), seconds]);
  }
  const failures = states.flatMap(({ stack, cause }) => (cause === undefined ? [] : [`✗ ${stack}: ${cause}`]));
  const advice = states.flatMap((part) => (part.advice ?? []).map((text) => `! ${part.stack}: ${text}`));
  return [table.toString(), ...advice, ...failures].join("\n\n");
}

function changesInWords(changes: Readonly<Record<string, number>>): string {
  const told = Object.entries(changes).filter(([op, count]) => count > 0 && !IDLE_OPS.includes(op));
  return told.length === 0 ? "none" : told.map(([op, count]) => `${count} ${op}`).join(", ");
}
