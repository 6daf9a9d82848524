import { without } from "../changes/propertyChanges.ts";
import { reviewComment } from "../review/part.ts";
import { stepsPart, summaryPart } from "../review/summary.ts";
import type { PlannedStack } from "./makePlan.ts";
import { digestOf, type PlannedStep, type RolloutPlan, type StackPlan } from "./plan.ts";

/** The summary of a job on GitHub takes a megabyte. */
const LIMIT = 300_000;

/** What an approver reads: what is dangerous in any stack first. */
export function planText(plan: RolloutPlan, planned: readonly PlannedStack[]): string {
  const parts = planned.map(({ plan: { byHand, stack }, preview }) => {
    const part = summaryPart(preview, stack, LIMIT);
    const changed = titled("Somebody changed by hand, and this deployment does not look at it:", list(byHand));
    return { ...part, dangers: [...part.dangers, ...changed] };
  });
  const head = `## Plan for ${plan.realmStack}\n\nCommit ${plan.commit}, plan ${digestOf(plan)}`;
  return `${head}\n\n${reviewComment(parts, LIMIT)}`;
}

/** What is not as it was approved, by stack, in the words of the review; nothing where the approval holds. */
export function planDifferences(approved: RolloutPlan, now: RolloutPlan, uncommitted: readonly string[]): string[] {
  const ofCommit = [
    ...(approved.commit === now.commit ? [] : [`The plan is of commit ${approved.commit}, and this is ${now.commit}.`]),
    ...(approved.realmStack === now.realmStack ? [] : [`The plan is of the realm of ${approved.realmStack}.`]),
    ...(uncommitted.length === 0 ? [] : [`Not as the commit has them: ${uncommitted.join(", ")}.`]),
  ];
  const ofStacks = approved.stacks.flatMap((before) => {
    const after = now.stacks.find(({ stack }) => stack === before.stack);
    const lines = after === undefined ? ["The realm has no such stack."] : stackDifferences(before, after);
    return lines.length === 0 ? [] : [`### ${before.stack}: not as approved\n\n${lines.join("\n\n")}`];
  });
  return [...ofCommit, ...ofStacks];
}

function stackDifferences(before: StackPlan, after: StackPlan): string[] {
  return [
    ...(before.state === after.state ? [] : ["The state is another one: somebody has deployed or repaired it since."]),
    ...(before.configuration === after.configuration
      ? []
      : ["The configuration has another value, perhaps a secret one."]),
    ...titled("Somebody has changed since by hand:", list(without(after.byHand, before.byHand))),
    ...titled("Somebody has undone since:", list(without(before.byHand, after.byHand))),
    ...titled("**It would now do, and the plan has it not or otherwise:**", words(without(after.steps, before.steps))),
    ...titled("**The plan has, and it would not do it now, or otherwise:**", words(without(before.steps, after.steps))),
  ];
}

function words(steps: readonly PlannedStep[]): string {
  const { dangers, sections } = stepsPart(steps);
  return [...dangers, ...sections].join("\n\n");
}

function titled(title: string, text: string): string[] {
  return text === "" ? [] : [`${title}\n\n${text}`];
}

function list(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join("\n");
}
