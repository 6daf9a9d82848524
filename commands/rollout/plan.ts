import { createHash, scryptSync } from "node:crypto";

import * as v from "valibot";

import { UserError } from "../../faults/userError.ts";
import { replaceFile } from "../../processes/files.ts";
import { ofJson } from "../../values/shapes.ts";
import { readNamedFile } from "../cli/errors.ts";

const STATE = v.object({
  custom: v.optional(v.boolean()),
  parent: v.optional(v.string()),
  protect: v.optional(v.boolean()),
  inputs: v.record(v.string(), v.unknown()),
});

const STEP = v.object({
  op: v.string(),
  urn: v.string(),
  oldState: v.optional(STATE),
  newState: v.optional(STATE),
  diffReasons: v.array(v.string()),
  detailedDiff: v.record(v.string(), v.object({ kind: v.exactOptional(v.string()) })),
});

const STACK_PLAN = v.object({
  stack: v.string(),
  customers: v.number(),
  /** A hash of the state that it starts from. */
  state: v.string(),
  /** A hash of the configuration with all secrets in clear, which nobody can try values on at leisure. */
  configuration: v.string(),
  steps: v.array(STEP),
  /** What somebody changed on the servers since the last `up`, in sentences. */
  byHand: v.array(v.string()),
});

const ROLLOUT_PLAN = v.object({
  version: v.literal(1),
  commit: v.string(),
  realmStack: v.string(),
  salt: v.string(),
  stacks: v.array(STACK_PLAN),
});

/** A step of a preview that changes something, in a form that two previews of the same have alike. */
export type PlannedStep = v.InferOutput<typeof STEP>;
/** What a rollout does to one stack, and what it starts from. */
export type StackPlan = v.InferOutput<typeof STACK_PLAN>;
/** What somebody approves, and what is held against the same taken again before the deployment. */
export type RolloutPlan = v.InferOutput<typeof ROLLOUT_PLAN>;

const FILE = v.object({ digest: v.string(), plan: ROLLOUT_PLAN });

/** The plan's short name: another plan has another one. */
export function digestOf(plan: RolloutPlan): string {
  return createHash("sha256").update(JSON.stringify(plan)).digest("hex");
}

/** Some values by a hash that takes a while, since secrets are among them, and others read the plan. */
export function slowHash(values: Readonly<Record<string, unknown>>, salt: string): string {
  const sorted = Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
  return scryptSync(JSON.stringify(sorted), salt, 32).toString("hex");
}

export function savePlan(file: string, plan: RolloutPlan): void {
  replaceFile(file, `${JSON.stringify({ digest: digestOf(plan), plan })}\n`);
}

/**
 * @param digest by which it was approved, where that is known
 * @throws UsageError where it cannot be read; UserError where it is no plan, or not the approved one
 */
export async function readPlan(file: string, digest: string | undefined): Promise<RolloutPlan> {
  const read = ofJson(FILE, await readNamedFile("plan", file));
  if ("wrong" in read) {
    throw new UserError(`--plan ${file} is no plan of this command: ${read.wrong}. Make it by: --save-plan ${file}`);
  }
  const { digest: said, plan } = read.value;
  const found = digestOf(plan);
  if (said !== found || (digest !== undefined && digest !== found)) {
    throw new UserError(
      `--plan ${file} is not as it was approved: somebody edited the file, or it is another plan. Nothing is deployed. ` +
        "Make a new plan by --save-plan, and have it approved",
    );
  }
  return plan;
}
