import { createHash } from "node:crypto";
import { posix } from "node:path";
import { Readable } from "node:stream";

import { pack } from "tar-stream";

import type { ImageFile } from "./imageFiles";

/** The same files make the same archive: no times, no owners of this machine. */
export function archiveOf(files: readonly ImageFile[]): Readable {
  const archive = pack();
  const common = { mtime: new Date(0), uid: 0, gid: 0 };
  // An engine makes directories that are not named writable by all.
  for (const path of new Set(files.flatMap(({ path }) => directoriesAbove(path)))) {
    archive.entry({ ...common, name: `${path.slice(1)}/`, type: "directory", mode: 0o755 });
  }
  for (const { path, mode, content } of files) {
    const name = path.slice(1);
    if (content === undefined) {
      archive.entry({ ...common, name: `${name}/`, type: "directory", mode });
    } else {
      archive.entry({ ...common, name, mode }, content);
    }
  }
  archive.finalize();
  return Readable.from(archive);
}

/** In hexadecimal: the sha256 of the archive and of whatever else makes up an image. */
export async function digestOf(files: readonly ImageFile[], others: readonly string[]): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify(others));
  for await (const chunk of archiveOf(files)) {
    hash.update(chunk as Buffer);
  }
  return hash.digest("hex");
}

/** The outermost first, without the root. */
function directoriesAbove(path: string): readonly string[] {
  const directory = posix.dirname(path);
  return directory === "/" ? [] : [...directoriesAbove(directory), directory];
}
