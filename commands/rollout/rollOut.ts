import { InterruptedError, SIGNALS } from "../../processes/run.ts";
import { messageOf } from "../cli/errors.ts";

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
  /** Whether Pulumi saves its state at the end only. */
  readonly savesOnce?: boolean;
  /** When it began, and ended, in milliseconds. */
  readonly began?: number;
  readonly ended?: number;
  /** How many resources by what became of them, as Pulumi counts. */
  readonly changes?: Readonly<Record<string, number>>;
  /** What recovery did, one line each. */
  readonly did?: readonly string[];
  /** What its policies advise. */
  readonly advice?: readonly string[];
  /** Why it failed, in the words of whoever failed. */
  readonly cause?: string;
}

/** Runs one stack, and tells how it goes on. */
export type RunPart = (
  part: Part,
  tell: (news: Pick<Partial<PartState>, "advice" | "did" | "recovers" | "savesOnce" | "through">) => void,
) => Promise<Pick<PartState, "changes">>;

/** How a rollout goes. */
export interface RolloutOptions {
  /** How many stacks run at a time. */
  readonly parallel: number;
  /** Whether the others wait for the realm stack, as their `up` needs what it declares. It begins first anyway. */
  readonly realmStackAlone: boolean;
  /** Is called whenever something has changed. */
  readonly tell: (states: readonly PartState[]) => void;
}

/**
 * Runs the stacks in their order. One that fails does not stop the others, except the realm stack, on which they depend;
 * after an interrupt none begins.
 * @param parts the realm stack is the first, where it is one of them
 */
export async function rollOut(
  realmStack: string,
  parts: readonly Part[],
  runPart: RunPart,
  { parallel, realmStackAlone, tell }: RolloutOptions,
): Promise<readonly PartState[]> {
  const states = parts.map((part): PartState => ({ ...part, state: "waiting", through: 0 }));
  let interrupted = false;
  const onSignal = () => (interrupted = true);
  SIGNALS.forEach((signal) => process.on(signal, onSignal));
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
      const outcome = await runPart(part, (news) => change(index, news));
      change(index, { ...outcome, state: "done", through: part.customers, ended: Date.now() });
    } catch (error) {
      const end: Partial<PartState> =
        error instanceof InterruptedError ? { state: "interrupted" } : { state: "failed", cause: messageOf(error) };
      change(index, { ...end, ended: Date.now() });
    }
  };
  try {
    const queue = [...parts.keys()];
    const hasRealmStack = parts[0]?.stack === realmStack;
    if (hasRealmStack && realmStackAlone) {
      queue.shift();
      await runOne(0);
    }
    const begins = () => !interrupted && !(hasRealmStack && states[0]?.state === "failed");
    const worker = async () => {
      for (let index = queue.shift(); index !== undefined && begins(); index = queue.shift()) {
        await runOne(index);
      }
    };
    await Promise.all(Array.from({ length: parallel }, worker));
    states.forEach(({ state }, index) => state === "waiting" && change(index, { state: "not begun" }));
    return states;
  } finally {
    SIGNALS.forEach((signal) => process.off(signal, onSignal));
    process.setMaxListeners(process.getMaxListeners() - parallel);
  }
}
