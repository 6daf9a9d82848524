import { hostname } from "node:os";

import { refuse } from "../../faults/userError.ts";
import { runningProcesses } from "../../processes/runningProcesses.ts";
import { type PulumiCli, PulumiError } from "../pulumi/pulumiCli.ts";

/** Who holds a stack's lock, and since when (RFC 3339). */
export interface LockHolder {
  /** Where the CLI tells the lock by its path. */
  readonly stack?: string | undefined;
  readonly user: string;
  readonly host: string;
  readonly processId: number;
  readonly since: string;
}

/**
 * The holders of the locks that a refused command names ("created by root@host (pid 42) at 2026-11-28T07:53:02Z"); none
 * where it was refused for another reason.
 */
export function readLockHolders(message: string): LockHolder[] {
  const holders = message.matchAll(
    /(?:\/locks\/(?:\S*\/)?([^/\s]+)\/[^/\s]+\.json\S*: )?created by (.+)@(\S+) \(pid (\d+)\) at (\S+)/g,
  );
  return [...holders].map(([, stack, user = "", host = "", processId, since = ""]) => ({
    stack,
    user,
    host,
    processId: Number(processId),
    since,
  }));
}

/** A holder in words, by which `recover --ended` knows it again. */
export function nameHolder({ user, host, processId, since }: LockHolder): string {
  return `process ${processId} of ${user}@${host}, since ${since}`;
}

/** Whether a line of the Pulumi CLI's tells that the stack is locked. */
export function namesLock(line: string): boolean {
  return /^error: the stack is currently locked/.test(line) || readLockHolders(line).length > 0;
}

/** Whether the holder certainly ended without removing its lock. A process of another machine cannot be judged. */
export function isDead({ host, processId }: LockHolder): boolean {
  return host === hostname() && (!exists(processId) || isAnotherProgram(processId));
}

/** How to find out whether a holder still runs who is not known to be dead. */
export function howToJudge({ host, processId }: LockHolder): string {
  const here = hostname();
  return host === here
    ? "Wait for it, or stop it with Ctrl-C."
    : `It cannot be seen from here, which is ${here}: look on ${host} (ps -p ${processId}), or whether that CI job has ended.`;
}

/** What to do about locks that are left over: whether their holders have ended, only the user can say. */
export function howToEnd(holders: readonly LockHolder[]): string {
  const stack = holders.find((holder) => holder.stack !== undefined)?.stack;
  const words = holders.map((holder) => ` --ended "${nameHolder(holder)}"`).join("");
  return `If it has certainly ended, run: scpcloud recover${stack === undefined ? "" : ` --stack ${stack}`}${words}`;
}

/**
 * @param ended the holders that have ended as the user says, in the words of {@link nameHolder}
 * @throws UserError naming the holders who may be alive, if there are any
 */
export function refuseLiving(holders: readonly LockHolder[], ended: readonly string[] = []): void {
  const living = holders.filter((holder) => !isDead(holder) && !ended.includes(nameHolder(holder)));
  refuse(
    living.map((holder) => `  ${nameHolder(holder)}. ${howToJudge(holder)}`),
    "The stack is locked by another run, which may still be at work:",
    howToEnd(living),
  );
}

/**
 * An action on one or two stacks; where only holders that have ended keep a lock that refuses it, once more without the lock.
 * @param ended see {@link refuseLiving}
 * @throws UserError where a holder may be alive
 */
export async function unlocked<T>(
  stacks: readonly PulumiCli[],
  report: (line: string) => void,
  action: () => Promise<T>,
  ended: readonly string[] = [],
): Promise<T> {
  try {
    return await action();
  } catch (error) {
    const holders = readLockHolders(error instanceof PulumiError ? error.output : "");
    if (holders.length === 0) {
      throw error;
    }
    refuseLiving(holders, ended);
    report(`removing the lock of ${holders.map(nameHolder).join(", and of ")}, which has ended`);
    const isLocked = (stack: string) => stacks.length === 1 || holders.some((holder) => holder.stack === stack);
    for (const pulumi of stacks.filter(({ stack }) => isLocked(stack))) {
      await pulumi.run(["cancel", "--yes"]);
    }
    return action();
  }
}

function exists(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    // Another user's process may not be signalled (EPERM).
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/**
 * Whether the system has given the dead holder's id to something else, or keeps it only until its parent asks (a zombie);
 * not certain where the system does not show it.
 */
function isAnotherProgram(processId: number): boolean {
  const found = runningProcesses().find((one) => one.processId === processId);
  return found !== undefined && !found.commandLine.includes("pulumi");
}
