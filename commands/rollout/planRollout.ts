import type { Preview } from "../pulumi/preview";
import { type Part, type PartState, rollOut, type RolloutOptions } from "./rollOut";
import type { RolloutPlan, StackPlan } from "./rolloutPlan";
import { planStack, type PlanOptions } from "./stackPlan";

/** A plan, and the previews that it was made of; no plan where a stack's preview failed. */
export interface Planned {
  readonly plan: RolloutPlan | undefined;
  readonly previews: ReadonlyMap<string, Preview>;
  readonly states: readonly PartState[];
}

/** Makes the plan of all stacks of a rollout; several at a time, as none waits for another. */
export async function planRollout(
  { realmStack, commit }: Pick<RolloutPlan, "commit" | "realmStack">,
  parts: readonly Part[],
  options: PlanOptions,
  how: Pick<RolloutOptions, "parallel" | "tell">,
): Promise<Planned> {
  const plans = new Map<string, StackPlan>();
  const previews = new Map<string, Preview>();
  const runPart = async (part: Part) => {
    const { plan, preview } = await planStack(part, options);
    plans.set(part.stack, plan);
    previews.set(part.stack, preview);
    return { changes: preview.counts };
  };
  const states = await rollOut(realmStack, parts, runPart, { ...how, realmStackAlone: false });
  const stacks = parts.flatMap(({ stack }) => plans.get(stack) ?? []);
  const plan = { version: 1, commit, realmStack, salt: options.salt, stacks } as const;
  return { plan: stacks.length === parts.length ? plan : undefined, previews, states };
}
