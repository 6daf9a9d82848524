import { randomBytes } from "node:crypto";
import { basename } from "node:path";

import { UserError } from "../../settings/userError.ts";
import { EXIT_CODES } from "../cli/errors.ts";
import type { Preview } from "../pulumi/preview.ts";
import { resolveCommit } from "../repository/revision.ts";
import { changesSince } from "./changedStacks.ts";
import { planStack } from "./makePlan.ts";
import { digestOf, type RolloutPlan, savePlan, type StackPlan } from "./plan.ts";
import { planDifferences, planText } from "./planText.ts";
import { rolloutResults, rolloutText } from "./results.ts";
import { exitCodeOfRollout, type Part, rollOut, type RolloutOptions } from "./rollOut.ts";

/** Of which stacks a plan is made, and how. */
export interface PlanRequest extends Pick<RolloutOptions, "parallel" | "tell"> {
  readonly directory: string;
  readonly realmStack: string;
  readonly parts: readonly Part[];
  readonly policyPacks: readonly string[];
  /** The plan's file, which the commit need not have. */
  readonly file: string;
}

/** What is printed, the same as data, and the exit code. */
export interface PlanOutcome {
  readonly text: string;
  readonly data: object;
  readonly exitCode: number;
}

/** Saves what would be done, for somebody to approve. */
export async function saveNewPlan(request: PlanRequest): Promise<PlanOutcome> {
  const { commit, others } = await committed(request);
  if (others.length > 0) {
    throw new UserError(
      `A plan is of a commit. Commit these files first, or have git ignore them: ${others.join(", ")}`,
    );
  }
  return make(request, commit, randomBytes(16).toString("hex"), (plan, previews) => {
    savePlan(request.file, plan);
    return { text: planText(plan, previews), data: { plan: digestOf(plan) }, exitCode: 0 };
  });
}

/** Takes an approved plan's state and previews again; the exit code is 0 where all is as approved. */
export async function holdPlan(request: PlanRequest, approved: RolloutPlan): Promise<PlanOutcome> {
  const { commit, others } = await committed(request);
  return make(request, commit, approved.salt, (plan) => {
    const differences = planDifferences(approved, plan, others);
    const data = { plan: digestOf(approved), differences };
    if (differences.length === 0) {
      return { text: `✓ all is as in the plan ${digestOf(approved)}`, data, exitCode: 0 };
    }
    const head = "✗ Nothing is deployed, since not all is as it was approved. Make a new plan: --save-plan FILE";
    return { text: [head, ...differences].join("\n\n"), data, exitCode: EXIT_CODES.found };
  });
}

/** The commit of the working tree, and what is not as the commit has it and could change a deployment. */
async function committed({ directory, file }: PlanRequest) {
  const commit = await resolveCommit(directory, "HEAD", "--save-plan");
  const { program, stackFiles } = await changesSince(directory, commit);
  return { commit, others: [...program, ...stackFiles].filter((name) => name !== basename(file)).sort() };
}

/** Makes the plan of all stacks, several at a time, as none waits for another; none where a stack's preview failed. */
async function make(
  { directory, parallel, parts, policyPacks, realmStack, tell }: PlanRequest,
  commit: string,
  salt: string,
  then: (plan: RolloutPlan, previews: ReadonlyMap<string, Preview>) => PlanOutcome,
): Promise<PlanOutcome> {
  const plans = new Map<string, StackPlan>();
  const previews = new Map<string, Preview>();
  const planPart = async (part: Part) => {
    const { plan, preview } = await planStack(part, directory, policyPacks, salt);
    plans.set(part.stack, plan);
    previews.set(part.stack, preview);
    return { changes: preview.counts };
  };
  const states = await rollOut(realmStack, parts, planPart, { parallel, tell, realmStackAlone: false });
  const stacks = parts.flatMap(({ stack }) => plans.get(stack) ?? []);
  if (stacks.length < parts.length) {
    return { text: rolloutText(states), data: { stacks: rolloutResults(states) }, exitCode: exitCodeOfRollout(states) };
  }
  return then({ version: 1, commit, realmStack, salt, stacks }, previews);
}
