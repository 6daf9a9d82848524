import { access, constants, statfs } from "node:fs/promises";

import { isEmbeddedState, LEAVE_EMBEDDED_STATE } from "../../settings/rules/embeddedState.ts";
import { backendUrl, listStacks } from "../cli/stack.ts";
import { type Place, placeOf, readLocks } from "../locks/fileBackend.ts";
import { howToEnd, howToJudge, isDead, type LockHolder, nameHolder, readLockHolders } from "../locks/stackLock.ts";
import { type PulumiCli, pulumiErrorOf, withoutPasswords } from "../pulumi/pulumiCli.ts";
import { type Check, right, unknown, warning, wrong } from "./check.ts";

const ABOUT = "state";

/** Whether the backend answers, has the stack, and nobody else works on it. */
export async function checkState(pulumi: PulumiCli, asksForLock: boolean): Promise<Check[]> {
  const { stack } = pulumi;
  const url = await backendUrl(pulumi);
  const shownUrl = withoutPasswords(url);
  if (isEmbeddedState(url) && stack !== "dev") {
    const found = `${url} is the state of the embedded Keycloak, which is for the stack dev`;
    return [wrong(ABOUT, found, LEAVE_EMBEDDED_STATE)];
  }
  if (!(await listStacks(pulumi)).some(({ name }) => name.split("/").at(-1) === stack)) {
    const remedy = `run: pulumi stack init ${stack}; or check PULUMI_BACKEND_URL, or where you have logged in by pulumi login`;
    return [wrong(ABOUT, `${shownUrl} has no stack ${stack}`, remedy)];
  }
  const place = placeOf(url, stack);
  return [
    right(ABOUT, `${shownUrl} has the stack`),
    ...(place ? await checkFolder(stack, place) : await checkLock(url, pulumi, asksForLock)),
  ];
}

/** The locks, the rights and the space of a folder, without taking a lock. */
async function checkFolder(stack: string, { backend, locks, states }: Place): Promise<Check[]> {
  const checks = lockChecks(stack, await readLocks(locks));
  for (const folder of [locks, states, backend]) {
    try {
      await access(folder, constants.W_OK);
    } catch (error) {
      // A folder that is not there yet is made in the one above.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") {
        const found = `this user may not write in ${folder}, and so can neither lock nor save`;
        checks.push(wrong("lock", found, "see docs/state.md", ["up"]));
      }
    }
  }
  return [...checks, await checkSpace(backend)];
}

/** Pulumi writes a state of a few megabytes three times: itself, its copy, and its history. */
const SPACE_MEBIBYTES = 50;

async function checkSpace(folder: string): Promise<Check> {
  const { bavail, bsize } = await statfs(folder);
  const free = Math.floor((bavail * bsize) / 2 ** 20);
  const found = `${free} MiB are free in ${folder}; an up on a full disk cannot save what it makes`;
  return free < SPACE_MEBIBYTES
    ? warning("disk", found, "free some space")
    : right("disk", `${SPACE_MEBIBYTES} MiB and more are free for the state`);
}

/** The self-managed backends that are no folder. */
const SHARED = /^(s3|gs|azblob|postgres):/;

/**
 * Only a command that takes the lock tells who has it. This one renames the stack to its own name: that is refused, changes
 * nothing, and gives the lock back at once.
 */
async function checkLock(url: string, pulumi: PulumiCli, asksForLock: boolean): Promise<Check[]> {
  const { stack } = pulumi;
  if (!SHARED.test(url)) {
    return [unknown("lock", "this backend does not show it before an up")];
  }
  if (!asksForLock) {
    const remedy = `scpcloud doctor --stack ${stack} --lock takes it for a moment; an up that starts in it is refused`;
    return [unknown("lock", "this backend tells who has it only to whoever takes it", remedy)];
  }
  try {
    await pulumi.run(["stack", "rename", stack]);
    return [];
  } catch (error) {
    const { message, output } = pulumiErrorOf(error);
    if (/deleting the lock/.test(output)) {
      const remedy = `let the login delete (docs/state.md), then run: pulumi cancel --stack ${stack}`;
      return [wrong("lock", "the login may not delete, so that each lock stays, this one too", remedy, ["up"])];
    }
    const locks = readLockHolders(output);
    if (locks.length === 0 && !output.includes("already exists")) {
      const remedy = "see docs/state.md for what the login to the backend must be able to do";
      return [wrong("lock", message, remedy, ["up"])];
    }
    return lockChecks(stack, locks);
  }
}

function lockChecks(stack: string, locks: readonly LockHolder[]): Check[] {
  if (locks.length === 0) {
    return [right("lock", "nobody holds it")];
  }
  return locks.map((lock) => {
    const [state, remedy] = isDead(lock)
      ? ["is dead", `run: scpcloud recover --stack ${stack}`]
      : ["may be at work", `${howToJudge(lock)} ${howToEnd([{ ...lock, stack }])}`];
    return wrong("lock", `held by ${nameHolder(lock)}, which ${state}`, remedy, ["up"]);
  });
}
