import { EXIT_CODES } from "../cli/errors";
import { UserError } from "../../settings/userError";
import { type Planned, planRollout } from "./planRollout";
import { planDifferences, planText } from "./planText";
import { exitCodeOf, type Part, type RolloutOptions } from "./rollOut";
import { committed, digestOf, newSalt, type RolloutPlan, savePlan } from "./rolloutPlan";
import { rolloutText } from "./rolloutText";

/** Of which stacks a plan is made, and how. */
export interface PlanRequest extends Pick<RolloutOptions, "parallel" | "tell"> {
  readonly directory: string;
  readonly realmStack: string;
  readonly parts: readonly Part[];
  readonly policyPacks: readonly string[];
  /** The plan's file, which the commit need not have. */
  readonly file: string;
}

/** Saves what would be done, for somebody to approve. @returns what to print, and the exit code */
export async function saveNewPlan(request: PlanRequest): Promise<{ readonly text: string; readonly exitCode: number }> {
  const { commit, others } = await committed(request.directory, request.file);
  if (others.length > 0) {
    throw new UserError(
      `A plan is of a commit. Commit these files first, or have git ignore them: ${others.join(", ")}`,
    );
  }
  const { plan, previews, states } = await make(request, commit, newSalt());
  if (plan === undefined) {
    return { text: rolloutText(states), exitCode: exitCodeOf(states) };
  }
  savePlan(request.file, plan);
  return { text: planText(plan, previews), exitCode: 0 };
}

/** Takes an approved plan's state and previews again. @returns what to print, and the exit code, which is 0 where all is as approved */
export async function holdPlan(
  request: PlanRequest,
  approved: RolloutPlan,
): Promise<{ readonly text: string; readonly exitCode: number }> {
  const { commit, others } = await committed(request.directory, request.file);
  const { plan, states } = await make(request, commit, approved.salt);
  if (plan === undefined) {
    return { text: rolloutText(states), exitCode: exitCodeOf(states) };
  }
  const differences = planDifferences(approved, plan, others);
  if (differences.length === 0) {
    return { text: `✓ all is as in the plan ${digestOf(approved)}`, exitCode: 0 };
  }
  const head = "✗ Nothing is deployed, since not all is as it was approved. Make a new plan: --save-plan FILE";
  return { text: [head, ...differences].join("\n\n"), exitCode: EXIT_CODES.found };
}

function make(request: PlanRequest, commit: string, salt: string): Promise<Planned> {
  const { directory, parts, policyPacks, realmStack } = request;
  return planRollout({ realmStack, commit }, parts, { directory, policyPacks, salt }, request);
}
