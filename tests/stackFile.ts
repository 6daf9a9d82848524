import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { ConfigurationSource } from "../settings/source.ts";
import {
  declaredKeys,
  type DeclaredKey,
  parseStackFile,
  toSource,
  withDefaults,
  type WrittenConfiguration,
} from "../settings/stackFile/stackFile.ts";

export type { DeclaredKey };

const PROJECT_DIRECTORY = join(import.meta.dirname, "..");

/** What Pulumi.yaml says about every key of the namespace `scpcloud`. */
export const DECLARED_KEYS = declaredKeys(read("Pulumi.yaml"));

/**
 * A stack's configuration as the Pulumi CLI hands it to the program.
 * @param stack the name of a committed stack, or what stands below `config` in a stack file
 * @param folder where the stack file is
 */
export function stackValues(
  stack: string | WrittenConfiguration,
  folder = ".",
): Pick<ConfigurationSource, "values" | "secretKeys"> {
  const text = (name: string) => read(join(folder, `Pulumi.${name}.yaml`));
  const config = typeof stack === "string" ? parseStackFile(stack, text(stack)).config : stack;
  return toSource(folder === "." ? withDefaults(config, DECLARED_KEYS) : config);
}

function read(name: string): string {
  return readFileSync(join(PROJECT_DIRECTORY, name), "utf8");
}
