import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Writes a file in one step, so that a run that is killed leaves it whole. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, text);
  await rename(temporary, path);
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
    await writeFile(path, text, { mode: 0o600 });
    await action(path);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
