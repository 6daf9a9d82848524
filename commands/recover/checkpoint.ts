import { copyFile, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { isDead, type LockHolder, refuseLiving } from "./stackLock";
import type { PulumiRunner } from "./recovery";

/**
 * Puts the copy of a stack's state in the place of one that a killed run left cut off. Pulumi's `file://` backend copies
 * the state to `.bak` and then overwrites it, once per step, so one of the two is always whole; other backends replace
 * it in one step.
 * @returns whether there was anything to restore
 * @throws RecoveryError if the run that is writing the state may still be alive
 */
export async function restoreCheckpoint(pulumi: PulumiRunner, project: string, stack: string): Promise<boolean> {
  const failure = await pulumi.run(["stack", "export"]).then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
  if (failure === undefined || !/failed to load checkpoint/.test(failure.message)) {
    return false;
  }
  const { url } = JSON.parse(await pulumi.run(["whoami", "--json"], { global: true })) as { url?: string };
  if (!url?.startsWith("file://")) {
    throw failure;
  }
  const backend = join(fileURLToPath(url), ".pulumi");
  refuseLiving(
    (await readLocks(join(backend, "locks", "organization", project, stack))).filter((lock) => !isDead(lock)),
  );

  // The ending tells whether the state is compressed.
  const folder = join(backend, "stacks", project);
  const copies = (await readdir(folder)).filter((name) => name.startsWith(`${stack}.json`) && name.endsWith(".bak"));
  const [copy] = copies;
  if (copies.length !== 1 || copy === undefined || (await stat(join(folder, copy))).size === 0) {
    throw failure;
  }
  await copyFile(join(folder, copy), join(folder, copy.slice(0, -".bak".length)));
  await pulumi.run(["stack", "export"]);
  return true;
}

/** A lock that is cut off itself names nobody: whoever wrote it died before it could begin. */
async function readLocks(folder: string): Promise<LockHolder[]> {
  const names = await readdir(folder).catch((): string[] => []);
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
  return texts.flatMap((text) => {
    try {
      const { hostname, pid } = JSON.parse(text) as { hostname: string; pid: number };
      return [{ host: hostname, processId: pid }];
    } catch {
      return [];
    }
  });
}
