import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";

import { lock } from "proper-lockfile";

import { every, type Report } from "./progress.ts";

/** A holder that was killed shows no sign of life for this long; then its lock is void. */
const STALE_MILLISECONDS = 10_000;
const RETRY_MILLISECONDS = 500;

/**
 * Runs the action while no other process runs one for the same path; waits, and says so, if one does.
 * @param path what the lock is about; it need not exist, and the lock lies beside it
 */
export async function withLock<T>(path: string, report: Report, action: () => Promise<T>): Promise<T> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const release = await acquire(path, report);
  try {
    return await action();
  } finally {
    // The lock may have been lost, which onCompromised has told already.
    await release().catch(() => undefined);
  }
}

async function acquire(path: string, report: Report): Promise<() => Promise<void>> {
  const options = {
    realpath: false,
    stale: STALE_MILLISECONDS,
    // A machine that was asleep comes back to a stale lock. What the lock guards is put in its place in one step, so that
    // the worst case is work done twice.
    onCompromised: (error: Error) => report(`The lock on ${path} was lost: ${error.message}`),
  };
  try {
    return await lock(path, options);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ELOCKED")) {
      throw error;
    }
  }
  report(`Another run is at work on ${path} (or was killed a moment ago): waiting for it.`);
  const stop = every((elapsed) => report(`  still waiting, ${elapsed}`));
  try {
    const retries = { forever: true, factor: 1, minTimeout: RETRY_MILLISECONDS, maxTimeout: RETRY_MILLISECONDS };
    return await lock(path, { ...options, retries });
  } finally {
    stop();
  }
}
