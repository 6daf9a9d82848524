import { InterruptedError } from "../../processes/run";
import { messageOf } from "../cli/commandLine";

/** A stack that is rolled out. */
export interface Part {
  readonly stack: string;
  /** How many it has, by its stack file. */
  readonly customers: number;
}

/** Where a stack stands, or how it ended. */
export interface PartState extends Part {
  readonly state: "waiting" | "running" | "done" | "failed" | "interrupted" | "not begun";
  /** How many customers Pulumi is through with. */
  readonly through: number;
  /** Whether it was, or is being, recovered from a run that was killed. */
  readonly recovers?: boolean;
  /** When it began, and ended, in milliseconds. */
  readonly began?: number;
  readonly ended?: number;
  /** How many resources by what became of them, as Pulumi counts. */
  readonly changes?: Readonly<Record<string, number>>;
  /** Why it failed, in the words of whoever failed. */
  readonly cause?: string;
}

/** Runs one stack, and tells how it goes on. */
export type RunPart = (
  part: Part,
  tell: (news: Pick<Partial<PartState>, "recovers" | "through">) => void,
) => Promise<Pick<PartState, "changes">>;

/** How a rollout goes. */
export interface RolloutOptions {
  /** How many stacks run at a time, besides the realm stack, which runs before all others. */
  readonly parallel: number;
  /** Is called whenever something has changed. */
  readonly tell: (states: readonly PartState[]) => void;
}

/**
 * Runs the realm stack first, where it is one of them, and then the others. One that fails does not stop the others,
 * except the realm stack, on which they depend; after an interrupt none begins.
 */
export async function rollOut(
  realmStack: string,
  parts: readonly Part[],
  runPart: RunPart,
  { parallel, tell }: RolloutOptions,
): Promise<readonly PartState[]> {
  const states = parts.map((part): PartState => ({ ...part, state: "waiting", through: 0 }));
  let interrupted = false;
  const onSignal = () => (interrupted = true);
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  // Each run listens for signals of its own.
  process.setMaxListeners(process.getMaxListeners() + parallel);

  const change = (index: number, state: Partial<PartState>) => {
    states[index] = { ...(states[index] as PartState), ...state };
    tell(states);
  };
  const runOne = async (index: number) => {
    const part = parts[index] as Part;
    change(index, { state: "running", began: Date.now() });
    try {
      const { changes } = await runPart(part, (news) => change(index, news));
      change(index, { state: "done", through: part.customers, ...(changes && { changes }), ended: Date.now() });
    } catch (error) {
      const state = error instanceof InterruptedError ? "interrupted" : "failed";
      change(index, { state, ended: Date.now(), ...(state === "failed" && { cause: messageOf(error) }) });
    }
  };
  try {
    const first = parts.findIndex(({ stack }) => stack === realmStack);
    if (first >= 0) {
      await runOne(first);
    }
    const rest = parts.map((_, index) => index).filter((index) => index !== first);
    const begins = () => !interrupted && (first < 0 || states[first]?.state === "done");
    const worker = async () => {
      for (let index = rest.shift(); index !== undefined && begins(); index = rest.shift()) {
        await runOne(index);
      }
    };
    await Promise.all(Array.from({ length: parallel }, worker));
    states.forEach(({ state }, index) => state === "waiting" && change(index, { state: "not begun" }));
    return states;
  } finally {
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
    process.setMaxListeners(process.getMaxListeners() - parallel);
  }
}
