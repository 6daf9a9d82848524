import { copyFile, mkdir, readdir, readFile, rename, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as zlib from "node:zlib";

import { recordOf } from "../../settings/decode";
import { backendUrl } from "../cli/stack";
import type { PulumiCli } from "../pulumi/pulumiCli";
import { type LockHolder, RecoveryError, refuseLiving } from "./stackLock";

/** A lock that is being written at this moment is whole a moment later. */
const LOCK_MILLISECONDS = 1_000;

/**
 * Mends what a run that was killed, or a disk that was full, left half written in Pulumi's `file://` backend. Broken
 * files are put aside, never deleted. Pulumi copies the state to `.bak` before it overwrites it, so one of the two is
 * whole as a rule; where none is, an empty stack takes its place, which {@link recover} fills by adoption. Each file has
 * `.attrs` beside it (gocloud.dev/blob/fileblob), which Pulumi reads if they are there, and does not need.
 * Other backends replace a file in one step.
 * @param ended see {@link refuseLiving}
 * @throws RecoveryError if a run that writes these files may still be alive, or where nothing is left of a state
 */
export async function mendFileBackend(
  pulumi: PulumiCli,
  project: string,
  fullName: string,
  report: (line: string) => void,
  ended: readonly string[] = [],
): Promise<void> {
  const place = placeOf(await backendUrl(pulumi), project, fullName);
  if (place === undefined) {
    return;
  }
  const { backend, isMine, locks, stack, states, url } = place;
  // Read first: a run that ends meanwhile leaves its files whole, but they may just have looked broken.
  const holders = await readLocks(locks);
  const broken = await findBroken(place);
  const files = (await listFiles(states)).filter(isMine).map((name) => join(states, name));
  const whole = files.filter((path) => !broken.includes(path));
  const hasState = whole.some(isState);
  if (broken.length === 0 && hasState) {
    return;
  }
  if (files.length === 0) {
    throw new RecoveryError(
      `Stack ${stack} has no state in ${url}. If it was deployed from there before, make an empty one and run this ` +
        `command again, which adopts what Keycloak has:\n  pulumi stack init ${stack}\n` +
        "Otherwise check PULUMI_BACKEND_URL, or where you have logged in by pulumi login.",
    );
  }
  refuseLiving(holders, ended);

  await putAside(broken, join(backend, "broken", new Date().toISOString().replaceAll(":", "-")), report);
  if (hasState) {
    return;
  }
  const copy = await newest(whole.filter(isCopy));
  if (copy === undefined) {
    await pulumi.run(["stack", "init", stack, "--no-select"], { global: true });
    report("nothing of the state was whole; made an empty one, into which all that Keycloak has is adopted");
    return;
  }
  await copyFile(copy, copy.slice(0, -".bak".length));
  report("the state was cut off in the middle of a write; restored the copy that Pulumi keeps beside it");
}

/**
 * Whether there is something for {@link mendFileBackend} to mend. Pulumi's words for it are many: `EOF`, `unexpected EOF`
 * and `invalid character`, by what was cut off where.
 */
export async function isHalfWritten(pulumi: PulumiCli, project: string, fullName: string): Promise<boolean> {
  const place = placeOf(await backendUrl(pulumi), project, fullName);
  return place !== undefined && (await findBroken(place)).length > 0;
}

/** Where a stack's files are in a `file://` backend. */
export interface Place {
  readonly url: string;
  readonly backend: string;
  /** Without its project and organization. */
  readonly stack: string;
  /** The folders of the states of all stacks, and of this one's locks. */
  readonly states: string;
  readonly locks: string;
  /** Whether a file of `states` is this stack's. */
  readonly isMine: (name: string) => boolean;
}

/** Undefined in another backend. */
export function placeOf(url: string, project: string, fullName: string): Place | undefined {
  const stack = fullName.split("/").at(-1) ?? fullName;
  if (!url.startsWith("file://")) {
    return undefined;
  }
  const backend = join(backendDirectory(url), ".pulumi");
  return {
    url,
    backend,
    stack,
    states: join(backend, "stacks", project),
    locks: join(backend, "locks", "organization", project, stack),
    isMine: (name) => isFileOfStack(name, stack),
  };
}

async function findBroken({ isMine, locks, states }: Place): Promise<string[]> {
  return [...(await brokenFiles(states, isMine)), ...(await brokenFiles(locks, () => true, LOCK_MILLISECONDS))];
}

/** Where a `file://` URL points, as Pulumi reads it: `~` is the home folder, and relative paths are allowed. */
export function backendDirectory(url: string): string {
  const path = decodeURIComponent(url.slice("file://".length).split("?")[0] ?? "");
  return resolve(path.replace(/^~(?=\/|$)/, homedir()));
}

/** The endings tell what it is, and how it is compressed. */
function isFileOfStack(name: string, stack: string): boolean {
  return (
    name.startsWith(`${stack}.json`) && /^(\.gz|\.zst)?(\.bak)?(\.attrs)?$/.test(name.slice(`${stack}.json`.length))
  );
}

const isState = (path: string) => /\.json(\.gz|\.zst)?$/.test(path);
const isCopy = (path: string) => path.endsWith(".bak");

async function brokenFiles(folder: string, isOurs: (name: string) => boolean, patience = 0): Promise<string[]> {
  const paths = (await listFiles(folder)).filter(isOurs).map((name) => join(folder, name));
  const find = async (among: readonly string[]) => {
    const verdicts = await Promise.all(among.map(async (path) => ({ path, broken: await isBroken(path) })));
    return verdicts.filter(({ broken }) => broken).map(({ path }) => path);
  };
  const found = await find(paths);
  if (found.length === 0 || patience === 0) {
    return found;
  }
  await sleep(patience);
  return find(found);
}

/** All these files hold a JSON object; one that has gone meanwhile is not broken. */
async function isBroken(path: string): Promise<boolean> {
  try {
    const bytes = await readFile(path);
    const text = decompress(path, bytes);
    const json = JSON.parse(text?.toString("utf8") ?? "{}") as unknown;
    return recordOf(json) !== json;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ENOENT";
  }
}

/** Nothing where this Node.js cannot: zstd came with 22.15. */
function decompress(path: string, bytes: Buffer): Buffer | undefined {
  if (/\.gz(\.bak)?$/.test(path)) {
    return zlib.gunzipSync(bytes);
  }
  return /\.zst(\.bak)?$/.test(path) ? (zlib.zstdDecompressSync as typeof zlib.gunzipSync | undefined)?.(bytes) : bytes;
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

/** They hold what the state holds, so that nobody else may read them there. */
async function putAside(paths: readonly string[], folder: string, report: (line: string) => void): Promise<void> {
  if (paths.length > 0) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  }
  for (const path of paths) {
    await rename(path, join(folder, basename(path)));
    report(`half written, put aside: ${path} (now in ${folder})`);
  }
}

async function newest(paths: readonly string[]): Promise<string | undefined> {
  const dated = await Promise.all(paths.map(async (path) => ({ path, time: (await stat(path)).mtimeMs })));
  return dated.sort((a, b) => b.time - a.time)[0]?.path;
}

async function listFiles(folder: string): Promise<string[]> {
  return readdir(folder).catch((): string[] => []);
}
