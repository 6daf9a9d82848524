import { tableText } from "../cli/table";
import { IDLE_OPS } from "../pulumi/preview";
import type { PartState } from "./rollOut";

/** How a rollout ended: a table, and below it what recovery did, what policies advise, and why each stack failed. */
export function rolloutText(states: readonly PartState[]): string {
  const rows = states.map((part) => {
    const { stack, state, recovers, customers, changes, began, ended } = part;
    const seconds = began === undefined || ended === undefined ? "" : String(Math.round((ended - began) / 1000));
    const result = state === "done" && recovers ? "recovered" : state;
    return [stack, result, String(customers), changes === undefined ? "" : changesInWords(changes), seconds];
  });
  const table = tableText(["stack", "result", "customers", "changes", "seconds"], rows);
  const did = states.flatMap((part) => (part.did ?? []).map((line) => `${part.stack}: ${line}`));
  const failures = states.flatMap(({ stack, cause }) => (cause === undefined ? [] : [`✗ ${stack}: ${cause}`]));
  const advice = states.flatMap((part) => (part.advice ?? []).map((text) => `! ${part.stack}: ${text}`));
  return [table, ...(did.length === 0 ? [] : [did.join("\n")]), ...advice, ...failures].join("\n\n");
}

function changesInWords(changes: Readonly<Record<string, number>>): string {
  const told = Object.entries(changes).filter(([op, count]) => count > 0 && !IDLE_OPS.includes(op));
  return told.length === 0 ? "none" : told.map(([op, count]) => `${count} ${op}`).join(", ");
}
