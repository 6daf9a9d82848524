/** Hands a job's matrix the realms that are deployed, by their own stacks, made from the stack files. */
import { appendFileSync } from "node:fs";
import { resolve } from "node:path";

import { realmsOf } from "../settings/realmStacks";
import { readStackFiles, type StackFiles } from "../settings/stackFiles";

/** It lives on the embedded Keycloak of `make up`. */
const DEVELOPMENT = "dev";

/** A line for the file that GitHub names to a step for its outputs. */
export function lineForGitHub(files: StackFiles): string {
  return `realms=${JSON.stringify(realmsOf(files).filter((stack) => stack !== DEVELOPMENT))}\n`;
}

if (require.main === module) {
  appendFileSync(
    process.env["GITHUB_OUTPUT"] ?? "/dev/stdout",
    lineForGitHub(readStackFiles(resolve(__dirname, ".."))),
  );
}
