import { access, constants, statfs } from "node:fs/promises";

import { isEmbeddedState, LEAVE_EMBEDDED_STATE } from "../../settings/sourceFiles";
import { backendUrl, listStacks } from "../cli/stack";
import { projectName } from "../cli/stackName";
import { type PulumiCli, PulumiError, withoutPasswords } from "../pulumi/pulumiCli";
import { type Place, placeOf, readLocks } from "../locks/fileBackend";
import { howToEnd, howToJudge, isDead, type LockHolder, nameHolder, readLockHolders } from "../locks/stackLock";
import { type Check, right, unknown, warning, wrong } from "./check";

const ABOUT = "state";

/** Whether the backend answers, has the stack, and nobody else works on it. */
export async function checkState(stack: string, pulumi: PulumiCli, asksForLock: boolean): Promise<Check[]> {
  const url = await backendUrl(pulumi);
  if (isEmbeddedState(url) && nameOf(stack) !== "dev") {
    return [
      wrong(ABOUT, `${url} is the state of the embedded Keycloak, which is for the stack dev`, LEAVE_EMBEDDED_STATE),
    ];
  }
  const stacks = (await listStacks(pulumi)).map(({ name }) => nameOf(name));
  if (!stacks.includes(nameOf(stack))) {
    return [
      wrong(
        ABOUT,
        `${withoutPasswords(url)} has no stack ${stack}`,
        `run: pulumi stack init ${stack}; or check PULUMI_BACKEND_URL, or where you have logged in by pulumi login`,
      ),
    ];
  }
  const there = right(ABOUT, `${withoutPasswords(url)} has the stack`);
  const place = placeOf(url, projectName(), stack);
  return [there, ...(place ? await checkFolder(stack, place) : await checkLock(stack, url, pulumi, asksForLock))];
}

/** The locks, the rights and the space of a folder, without taking a lock. */
async function checkFolder(stack: string, { backend, locks, states }: Place): Promise<Check[]> {
  const guarded = await foldersWithoutWriting([locks, states, backend]);
  return [
    ...lockChecks(stack, await readLocks(locks)),
    ...guarded.map((folder) =>
      wrong("lock", `this user may not write in ${folder}, and so can neither lock nor save`, "see docs/state.md", [
        "up",
      ]),
    ),
    await checkSpace(backend),
  ];
}

async function foldersWithoutWriting(folders: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    folders.map((folder) =>
      access(folder, constants.W_OK).then(
        () => [],
        // A folder that is not there yet is made in the one above.
        (error: NodeJS.ErrnoException) => (error.code === "ENOENT" ? [] : [folder]),
      ),
    ),
  );
  return found.flat();
}

/** Pulumi writes a state of a few megabytes several times over: itself, its copy, and its history. */
const SPACE_MEBIBYTES = 50;

async function checkSpace(folder: string): Promise<Check> {
  const { bavail, bsize } = await statfs(folder);
  const free = Math.floor((bavail * bsize) / 2 ** 20);
  return free < SPACE_MEBIBYTES
    ? warning(
        "disk",
        `${free} MiB are free in ${folder}; an up on a full disk cannot save what it makes`,
        "free some space",
      )
    : right("disk", `${SPACE_MEBIBYTES} MiB and more are free for the state`);
}

/** The self-managed backends that are no folder. */
const SHARED = /^(s3|gs|azblob|postgres):/;

/**
 * Only a command that takes the lock tells who has it. This one asks to call the stack what it is called, which is refused
 * without any change, and gives the lock back at once.
 */
async function checkLock(stack: string, url: string, pulumi: PulumiCli, asksForLock: boolean): Promise<Check[]> {
  if (!SHARED.test(url)) {
    return [unknown("lock", "this backend does not show it before an up")];
  }
  if (!asksForLock) {
    const remedy = `scpcloud doctor --stack ${stack} --lock takes it for a moment; an up that starts in it is refused`;
    return [unknown("lock", "this backend tells who has it only to whoever takes it", remedy)];
  }
  try {
    await pulumi.run(["stack", "rename", nameOf(stack)]);
  } catch (error) {
    if (!(error instanceof PulumiError)) {
      throw error;
    }
    if (/deleting the lock/.test(error.output)) {
      return [
        wrong(
          "lock",
          "the login may not delete, so that each lock stays, this one too",
          `let the login delete (docs/state.md), then run: pulumi cancel --stack ${stack}`,
          ["up"],
        ),
      ];
    }
    const locks = readLockHolders(error.output);
    if (locks.length === 0 && !error.output.includes("already exists")) {
      return [
        wrong("lock", error.message, "see docs/state.md for what the login to the backend must be able to do", ["up"]),
      ];
    }
    return lockChecks(stack, locks);
  }
  return [];
}

function lockChecks(stack: string, locks: readonly LockHolder[]): Check[] {
  return locks.length === 0 ? [right("lock", "nobody holds it")] : locks.map((lock) => lockCheck(stack, lock));
}

function lockCheck(stack: string, lock: LockHolder): Check {
  const holder = nameHolder(lock);
  return isDead(lock)
    ? wrong("lock", `held by ${holder}, which is dead`, `run: scpcloud recover --stack ${stack}`, ["up"])
    : wrong(
        "lock",
        `held by ${holder}, which may be at work`,
        `${howToJudge(lock)} ${howToEnd([{ ...lock, stack }])}`,
        ["up"],
      );
}

function nameOf(stack: string): string {
  return stack.split("/").at(-1) ?? stack;
}
