import { realpathSync } from "node:fs";

/** Whether Node.js was started with this file (`import.meta.filename`), which other files may import as well. */
export function isStarted(file: string): boolean {
  return realpathSync(process.argv[1] ?? "") === file;
}
