import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";

/** For files with secrets: nobody but their user can read them. */
export const PRIVATE = 0o600;

/**
 * Writes a file in one step: after a kill, or for a reader meanwhile, it is the old one or the new one. Its folder is made
 * where it is missing.
 * @param folder for the file while it is not whole; by default that of the file
 */
export function replaceFile(path: string, text: string, mode = 0o666, folder = dirname(path)): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const partial = join(folder, `.${basename(path)}.${process.pid}.part`);
  writeFileSync(partial, text, { mode });
  renameSync(partial, path);
}

/** Hands the path of a file to an action; afterwards the file is gone. Only its user can read it. */
export async function withTemporaryFile(
  text: string,
  action: (path: string) => Promise<unknown>,
  name = "file.json",
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "scpcloud-"));
  try {
    const path = join(directory, name);
    await writeFile(path, text, { mode: PRIVATE });
    await action(path);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** A file's text; undefined where there is no such file. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      return undefined;
    }
    throw error;
  }
}
