import { execFileSync } from "node:child_process";
import { hostname } from "node:os";

import { UserError } from "../../settings/userError";

/** Why a stack cannot be recovered. */
export class RecoveryError extends UserError {
  override readonly name = "RecoveryError";
}

/** Who holds a stack's lock, from the words of the Pulumi CLI ("created by root@host (pid 42) at …"). */
export interface LockHolder {
  readonly host: string;
  readonly processId: number;
}

/** The holders of the locks that a refused command names; none where it was refused for another reason. */
export function readLockHolders(message: string): LockHolder[] {
  return [...message.matchAll(/created by \S+@(\S+) \(pid (\d+)\)/g)].map(([, host, processId]) => ({
    host: host ?? "",
    processId: Number(processId),
  }));
}

/** Whether a line of the Pulumi CLI's is part of its refusal to work on a locked stack. */
export function namesLock(line: string): boolean {
  return /^error: the stack is currently locked/.test(line) || readLockHolders(line).length > 0;
}

/** Whether the holder certainly ended without removing its lock. A process of another machine cannot be judged. */
export function isDead({ host, processId }: LockHolder): boolean {
  return host === hostname() && (!exists(processId) || isAnotherProgram(processId));
}

/** @throws RecoveryError naming the holders who may be alive, if there are any */
export function refuseLiving(holders: readonly LockHolder[]): void {
  if (holders.length > 0) {
    const who = holders.map(({ host, processId }) => `process ${processId} on ${host}`).join(", ");
    throw new RecoveryError(
      `The stack is locked by ${who}, which may still be running. Wait for it, or stop it with Ctrl-C. ` +
        "If it is certainly dead, run: pulumi cancel, and then this command again.",
    );
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

/** Whether the system has given the dead holder's id to something else; not certain where `ps` is missing or odd. */
function isAnotherProgram(processId: number): boolean {
  try {
    return !/pulumi/.test(
      execFileSync("ps", ["-o", "args=", "-p", String(processId)], { encoding: "utf8", stdio: "pipe" }),
    );
  } catch {
    return false;
  }
}
