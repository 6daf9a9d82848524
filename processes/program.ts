import { join } from "node:path";

const LOADER = join(__dirname, "..", "loader.js");

/** The arguments for Node.js to run one of this repository's TypeScript files in the way in which Pulumi runs index.ts. */
export function nodeArguments(file: string, ...args: readonly string[]): string[] {
  return [LOADER, file, ...args];
}
