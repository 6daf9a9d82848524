import { randomBytes } from "node:crypto";
import { basename } from "node:path";

import { UserError } from "../../faults/userError.ts";
import { EXIT_CODES } from "../cli/errors.ts";
import { PROJECT_DIRECTORY } from "../pulumi/projectDirectory.ts";
import { resolveCommit } from "../repository/revision.ts";
import { changesSince } from "./changedStacks.ts";
import { type PlannedStack, planStack } from "./makePlan.ts";
import { digestOf, type RolloutPlan, savePlan } from "./plan.ts";
import { planDifferences, planText } from "./planText.ts";
import { type Outcome, rolloutOutcome } from "./results.ts";
import { type Part, rollOut, type RolloutOptions } from "./rollOut.ts";

/** Of which stacks a plan is made, and how. */
export interface PlanRequest extends Pick<RolloutOptions, "parallel" | "tell"> {
  readonly realmStack: string;
  readonly parts: readonly Part[];
  readonly policyPack: string | undefined;
  /** The plan's file, which the commit need not have. */
  readonly file: string;
}

/** Saves what would be done, for somebody to approve. */
export async function saveNewPlan(request: PlanRequest): Promise<Outcome> {
  const { commit, others } = await committed(request);
  if (others.length > 0) {
    throw new UserError(
      `A plan is of a commit. Commit these files first, or have git ignore them: ${others.join(", ")}`,
    );
  }
  return make(request, commit, randomBytes(16).toString("hex"), (plan, planned) => {
    savePlan(request.file, plan);
    return { text: planText(plan, planned), data: { plan: digestOf(plan) }, exitCode: 0 };
  });
}

/** Takes an approved plan's state and previews again; the exit code is 0 where all is as approved. */
export async function holdPlan(request: PlanRequest, approved: RolloutPlan): Promise<Outcome> {
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
async function committed({ file }: PlanRequest) {
  const commit = await resolveCommit(PROJECT_DIRECTORY, "HEAD", "--save-plan");
  const { program, stackFiles } = await changesSince(PROJECT_DIRECTORY, commit);
  return { commit, others: [...program, ...stackFiles].filter((name) => name !== basename(file)).sort() };
}

/** Makes the plan of all stacks, several at a time, as none waits for another; none where a stack's preview failed. */
async function make(
  { parallel, parts, policyPack, realmStack, tell }: PlanRequest,
  commit: string,
  salt: string,
  then: (plan: RolloutPlan, planned: readonly PlannedStack[]) => Outcome,
): Promise<Outcome> {
  const byStack = new Map<string, PlannedStack>();
  const planPart = async (part: Part) => {
    const planned = await planStack(part, policyPack, salt);
    byStack.set(part.stack, planned);
    return { changes: planned.preview.counts };
  };
  const states = await rollOut(realmStack, parts, planPart, { parallel, tell, realmStackAlone: false });
  const planned = parts.flatMap(({ stack }) => byStack.get(stack) ?? []);
  const stacks = planned.map(({ plan }) => plan);
  return planned.length < parts.length
    ? rolloutOutcome(states)
    : then({ version: 1, commit, realmStack, salt, stacks }, planned);
}
