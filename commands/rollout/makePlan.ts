import { createHash } from "node:crypto";

import { UserError } from "../../faults/userError.ts";
import { changedNames, maskedAs } from "../changes/propertyChanges.ts";
import { loadConfiguration } from "../cli/stack.ts";
import { changesByHand, withoutConsequences } from "../drift/changesByHand.ts";
import { tell } from "../drift/words.ts";
import { exportState, type State } from "../pulumi/exportedState.ts";
import { losesProtection } from "../pulumi/owners.ts";
import { previewWithPolicies } from "../pulumi/policyPreview.ts";
import { IDLE_OPS, type Preview, type Step } from "../pulumi/preview.ts";
import { pulumiCli, runRefreshPreview } from "../pulumi/pulumiCli.ts";
import { type PlannedStep, slowHash, type StackPlan } from "./plan.ts";
import type { Part } from "./rollOut.ts";

/** A stack's plan, and the preview that it is made of. */
export interface PlannedStack {
  readonly plan: StackPlan;
  readonly preview: Preview;
}

/**
 * Looks at what `up` would do to a stack, at what it would start from, and at what the servers have otherwise.
 * @throws UserError where the preview fails or a policy refuses it; PulumiError
 */
export async function planStack(
  { stack, customers }: Part,
  policyPack: string | undefined,
  salt: string,
): Promise<PlannedStack> {
  const pulumi = pulumiCli(stack);
  const state = stateHash(await exportState(pulumi));
  const looks = [previewWithPolicies(stack, policyPack), runRefreshPreview(pulumi), loadConfiguration(stack)] as const;
  await Promise.allSettled(looks);
  const preview = await looks[0];
  const refused = [...preview.errors, ...(preview.policies?.violations ?? [])];
  if (refused.length > 0) {
    throw new UserError(refused.join("\n"));
  }
  const byHand = withoutConsequences(changesByHand(await looks[1], preview)).flatMap(tell);
  // What was looked at has to be of one state.
  if (stateHash(await exportState(pulumi)) !== state) {
    throw new UserError("somebody else has changed the state meanwhile. Run the command again");
  }
  const plan = {
    stack,
    customers,
    state,
    configuration: slowHash((await looks[2]).values, salt),
    steps: plannedSteps(preview),
    byHand: byHand.map(({ sentence }) => sentence).sort(),
  };
  // As it is when it has been saved and read.
  return { plan: JSON.parse(JSON.stringify(plan)) as StackPlan, preview };
}

/** All but when it was saved, by which version, and so on: an `up` without changes is none. */
function stateHash({ deployment }: State): string {
  const rest = Object.entries(deployment).filter(([name]) => name !== "manifest");
  return createHash("sha256").update(JSON.stringify(rest)).digest("hex");
}

/** What changes, without secrets and in one order, whatever the order of the preview. */
export function plannedSteps({ steps }: Pick<Preview, "steps">): PlannedStep[] {
  return (
    steps
      // The review warns of lost protection, although nothing on a server changes.
      .filter((step) => !IDLE_OPS.includes(step.op) || losesProtection(step))
      .map(toPlanned)
      .sort((a, b) => (a.urn === b.urn ? (a.op < b.op ? -1 : 1) : a.urn < b.urn ? -1 : 1))
  );
}

function toPlanned(step: Step): PlannedStep {
  const { detailedDiff, newState, oldState, op, urn } = step;
  const changed = changedNames(step);
  // What the server has, which may differ from what the program once said.
  const before = newState === undefined ? oldState?.inputs : { ...oldState?.inputs, ...oldState?.outputs };
  const isTold = (name: string) => newState === undefined || changed.includes(name);
  return {
    op,
    urn,
    oldState: oldState && toState(oldState, before, isTold),
    newState: newState && toState(newState, newState.inputs),
    diffReasons: changed,
    detailedDiff: sorted(Object.entries(detailedDiff ?? {}).map(([path, { kind }]) => [path, kind ? { kind } : {}])),
  };
}

function toState(
  { custom, parent, protect }: NonNullable<Step["oldState"]>,
  inputs: Readonly<Record<string, unknown>> = {},
  isTold: (name: string) => boolean = () => true,
): NonNullable<PlannedStep["oldState"]> {
  const told = Object.entries(inputs).filter(([name]) => isTold(name) && !name.startsWith("__"));
  return { custom, parent, protect, inputs: sorted(told.map(([name, value]) => [name, maskedAs(name, value)])) };
}

function sorted<T>(entries: readonly (readonly [string, T])[]): Record<string, T> {
  return Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}
