import { readFileSync } from "node:fs";
import { join } from "node:path";

import { UsageError } from "./errors.ts";
import { PROJECT_DIRECTORY } from "../pulumi/projectDirectory.ts";

/** No slash: a name must not lead out of the folder. */
export const STACK_NAME = /^[A-Za-z0-9._-]+$/;

/**
 * The name of a stack that somebody named, also by its qualified name. Its file has the short one.
 * @throws UsageError where it can be no stack of this project
 */
export function stackNameOf(stack: string): string {
  const [, project, name = stack] = /^organization\/([^/]+)\/([^/]+)$/.exec(stack) ?? [];
  if (project !== undefined && project !== projectName()) {
    throw new UsageError(`The stack ${stack} is of another project; the project here is ${projectName()}.`);
  }
  if (!STACK_NAME.test(name)) {
    throw new UsageError(
      `${JSON.stringify(stack)} cannot be a stack's name: it consists of letters, digits, dots, underscores and hyphens. ` +
        "One of another organization: run pulumi org set-default ORGANIZATION, and say the name alone.",
    );
  }
  return name;
}

/** The project's name, as its Pulumi.yaml has it. */
export function projectName(): string {
  const [, name = ""] =
    /^name:\s*["']?([^\s"'#]+)/m.exec(readFileSync(join(PROJECT_DIRECTORY, "Pulumi.yaml"), "utf8")) ?? [];
  return name;
}
