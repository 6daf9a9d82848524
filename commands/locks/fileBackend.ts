import { copyFile, readdir, readFile, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { gunzipSync, zstdDecompressSync } from "node:zlib";

import { UserError } from "../../faults/userError.ts";
import { recordOf } from "../../values/shapes.ts";
import { backendUrl } from "../cli/stack.ts";
import { projectName } from "../cli/stackName.ts";
import type { PulumiCli } from "../pulumi/pulumiCli.ts";
import { type LockHolder, refuseLiving } from "./stackLock.ts";

/**
 * Mends what a killed run, or a full disk, leaves half written in Pulumi's `file://` backend (tried with 3.276). A kill can
 * only cut off the `.attrs` beside a state or a lock (gocloud.dev/blob/fileblob), which Pulumi does not need; a full disk
 * also the state itself, which is put aside. Pulumi copies it to `.bak` before it writes it. Where that is cut off, too, an
 * empty stack takes its place, which {@link recover} fills by adoption.
 * @param ended see {@link refuseLiving}
 * @throws UserError where a run that writes the state may still be alive, or where there is no state
 */
export async function mendFileBackend(
  pulumi: PulumiCli,
  report: (line: string) => void,
  ended: readonly string[] = [],
): Promise<void> {
  const url = await backendUrl(pulumi);
  const place = placeOf(url, pulumi.stack);
  if (place === undefined) {
    return;
  }
  const { stack } = pulumi;
  const { isMine, locks, states } = place;
  // Read first: a run that ends meanwhile may have written the state anew.
  const holders = await readLocks(locks);
  const { needless, state } = await findBroken(place);
  for (const path of needless) {
    await rm(path, { force: true });
    report(`half written, and not needed; removed: ${path}`);
  }
  if (state !== undefined) {
    refuseLiving(holders, ended);
    const aside = `${state}.${Date.now()}.broken`;
    await rename(state, aside);
    report(`half written, put aside: ${state} (now ${aside})`);
    if (await isWhole(`${state}.bak`)) {
      await copyFile(`${state}.bak`, state);
      report("the state was cut off in the middle of a write; restored the copy that Pulumi keeps beside it");
    } else {
      await pulumi.run(["stack", "init", stack, "--no-select"], { global: true });
      report("nothing of the state was whole; made an empty one, into which all that Keycloak has is adopted");
    }
  }
  if (!(await listFiles(states)).some((name) => isMine(name) && isState(name))) {
    throw new UserError(
      `Stack ${stack} has no state in ${url}. If it was deployed from there before, make an empty one and run this ` +
        `command again, which adopts what Keycloak has:\n  pulumi stack init ${stack}\n` +
        "Otherwise check PULUMI_BACKEND_URL, or where you have logged in by pulumi login.",
    );
  }
}

/**
 * Whether there is something for {@link mendFileBackend} to mend. Pulumi's words for it are many: `EOF`,
 * `unexpected EOF` and `unexpected end of JSON input`, by what was cut off where.
 */
export async function isHalfWritten(pulumi: PulumiCli): Promise<boolean> {
  const place = placeOf(await backendUrl(pulumi), pulumi.stack);
  const { needless = [], state } = place === undefined ? {} : await findBroken(place);
  return needless.length > 0 || state !== undefined;
}

/** Where a stack's files are in a `file://` backend. */
export interface Place {
  readonly backend: string;
  /** The folders of the states of all stacks, and of this one's locks. */
  readonly states: string;
  readonly locks: string;
  /** Whether a file of `states` is this stack's. */
  readonly isMine: (name: string) => boolean;
}

/** Undefined in another backend. */
export function placeOf(url: string, stack: string): Place | undefined {
  if (!url.startsWith("file://")) {
    return undefined;
  }
  const backend = join(backendDirectory(url), ".pulumi");
  const project = projectName();
  return {
    backend,
    states: join(backend, "stacks", project),
    locks: join(backend, "locks", "organization", project, stack),
    isMine: (name) =>
      name.startsWith(`${stack}.json`) && /^(\.gz|\.zst)?(\.bak)?(\.attrs)?$/.test(name.slice(`${stack}.json`.length)),
  };
}

/** What is cut off: the state, and what Pulumi does without. A cut-off copy (`.bak`) is neither. */
async function findBroken({ isMine, locks, states }: Place) {
  const ofStack = (await listFiles(states)).filter(isMine).map((name) => join(states, name));
  // Not the temporary files, which a living run may be writing.
  const ofLocks = (await listFiles(locks)).filter((name) => /\.json(\.attrs)?$/.test(name));
  const files = [...ofStack, ...ofLocks.map((name) => join(locks, name))];
  const looked = await Promise.all(files.map(async (path) => ((await isWhole(path)) === false ? [path] : [])));
  const broken = looked.flat();
  const isNeedless = (path: string) => path.endsWith(".attrs") || dirname(path) === locks;
  return { needless: broken.filter(isNeedless), state: broken.find((path) => !isNeedless(path) && isState(path)) };
}

/** Where a `file://` URL points, as Pulumi reads it: `~` is the home folder, and relative paths are allowed. */
export function backendDirectory(url: string): string {
  const path = decodeURIComponent(url.slice("file://".length).split("?")[0] ?? "");
  return resolve(path.replace(/^~(?=\/|$)/, homedir()));
}

const isState = (path: string) => /\.json(\.gz|\.zst)?$/.test(path);

/** All these files hold a JSON object. Undefined where there is no such file. */
async function isWhole(path: string): Promise<boolean | undefined> {
  try {
    const text = decompress(path, await readFile(path)).toString("utf8");
    const json = JSON.parse(text) as unknown;
    return recordOf(json) === json;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? undefined : false;
  }
}

function decompress(path: string, bytes: Buffer): Buffer {
  const [, kind] = /\.(gz|zst)(\.bak)?$/.exec(path) ?? [];
  return kind === undefined ? bytes : kind === "gz" ? gunzipSync(bytes) : zstdDecompressSync(bytes);
}

/**
 * The locks in a stack's folder of them, `.pulumi/locks/organization/PROJECT/STACK`. One that is cut off itself names
 * nobody: whoever wrote it died before it could begin.
 */
export async function readLocks(folder: string): Promise<LockHolder[]> {
  const names = (await listFiles(folder)).filter((name) => name.endsWith(".json"));
  const paths = names.map((name) => join(folder, name));
  const read = async (path: string): Promise<unknown> => JSON.parse(await readFile(path, "utf8"));
  const contents = await Promise.all(paths.map((path) => read(path).catch(() => undefined)));
  return contents.flatMap((content) => {
    const { username, hostname, pid, timestamp } = recordOf(content);
    return typeof hostname !== "string" || typeof pid !== "number"
      ? []
      : [{ stack: basename(folder), user: String(username), host: hostname, processId: pid, since: String(timestamp) }];
  });
}

async function listFiles(folder: string): Promise<string[]> {
  return readdir(folder).catch((): string[] => []);
}
