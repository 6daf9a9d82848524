import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { REALMS, startServerOfTests } from "./server.ts";

/** What jest tells of a run, as far as it is used here. */
interface Run {
  readonly rootDir: string;
  readonly testPathPatterns: {
    toExecutor(options: { readonly rootDir: string }): { isMatch(path: string): boolean };
  };
}

/** Starts the server with the realms of the files that are going to run. A server has at least one. */
export default function setUp({ rootDir, testPathPatterns }: Run): Promise<void> {
  const named = testPathPatterns.toExecutor({ rootDir });
  const texts = globSync(isSelected("further") ? "{.,further}/*.test.ts" : "*.test.ts", { cwd: import.meta.dirname })
    .map((name) => join(import.meta.dirname, name))
    .filter((path) => named.isMatch(path))
    .map((path) => readFileSync(path, "utf8"));
  const realms = Object.keys(REALMS) as (keyof typeof REALMS)[];
  const used = realms.filter((realm) => texts.some((text) => new RegExp(`REALMS\\.${realm}\\b`).test(text)));
  return startServerOfTests(used.length > 0 ? used : ["development"]);
}

/** jest tells a set-up nothing of the projects that were selected. */
function isSelected(project: string): boolean {
  return !process.argv.includes("--selectProjects") || process.argv.includes(project);
}
