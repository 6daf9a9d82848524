/**
 * Hands a job's matrix the realms that are deployed, by their own stacks, made from the stack files: realms.ts [REVISION]
 * With a revision, only those that differ from it. One that git does not know, such as that of a first push, stands for none.
 */
import { appendFileSync } from "node:fs";
import { resolve } from "node:path";

import { messageOf, UsageError } from "../commands/cli/errors.ts";
import { STACK_NAME } from "../commands/cli/stackName.ts";
import { type Changes, changesSince } from "../commands/rollout/changedStacks.ts";
import { type Fault, SettingsError, shown } from "../faults/faults.ts";
import { isStarted, runToExitCode } from "../processes/program.ts";
import { readStackFiles, stackFileName, type StackFiles } from "../settings/stackFile/files.ts";
import { realmsOf, stacksOfRealm } from "../settings/stackFile/realmStacks.ts";

/** It lives on the embedded Keycloak of `make up`. */
const DEVELOPMENT = "dev";
/** The names of other jobs' environments begin so; these ask nobody for approval. */
const TAKEN = /^(preview|drift)-/i;

/**
 * A line for the file that GitHub names to a step for its outputs.
 * @param changes only realms with any of these
 * @throws SettingsError where a realm cannot have an environment of its own
 */
export function lineForGitHub(files: StackFiles, changes?: Changes): string {
  const realms = realmsOf(files).filter((stack) => stack !== DEVELOPMENT);
  const faults = realms.flatMap(checkName);
  if (faults.length > 0) {
    throw new SettingsError(faults);
  }
  const isChanged = (realm: string) =>
    changes === undefined ||
    changes.program.length > 0 ||
    stacksOfRealm(realm, files).some(({ file }) => changes.stackFiles.has(file));
  return `realms=${JSON.stringify(realms.filter(isChanged))}\n`;
}

function checkName(stack: string): Fault[] {
  const named = { key: stackFileName(stack), value: shown(stack), remedy: "rename the stack and its file" };
  if (!STACK_NAME.test(stack)) {
    const rule = "must have a stack's name of letters, digits, dots, underscores and hyphens";
    return [{ ...named, rule, reason: "the GitHub environment that deploys the stack has the same name" }];
  }
  return TAKEN.test(stack)
    ? [
        {
          ...named,
          rule: "must not have a stack's name that begins with preview- or drift-",
          reason:
            "the stack would be deployed in the GitHub environment of such a name, which asks nobody for approval",
        },
      ]
    : [];
}

async function changesFrom(directory: string, revision: string): Promise<Changes | undefined> {
  try {
    return await changesSince(directory, revision);
  } catch (error) {
    if (error instanceof UsageError) {
      return undefined;
    }
    throw error;
  }
}

async function main(revision = ""): Promise<void> {
  const directory = resolve(import.meta.dirname, "..");
  const line = lineForGitHub(
    readStackFiles(directory),
    revision === "" ? undefined : await changesFrom(directory, revision),
  );
  console.log(line.trimEnd());
  appendFileSync(process.env["GITHUB_OUTPUT"] ?? "/dev/null", line);
}

if (isStarted(import.meta.filename)) {
  runToExitCode(() => main(process.argv[2]), messageOf);
}
