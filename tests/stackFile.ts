import { readFileSync } from "node:fs";
import { join } from "node:path";

import {
  declaredKeys,
  type DeclaredKey,
  readYamlMap,
  toSource,
  withDefaults,
  type WrittenConfiguration,
} from "../commands/cli/stackFile";
import { recordOf } from "../settings/decode";
import type { ConfigurationSource } from "../settings/source";

export type { DeclaredKey };

const PROJECT_DIRECTORY = join(__dirname, "..");

/** What Pulumi.yaml says about every key of the namespace `scpcloud`. */
export const DECLARED_KEYS = declaredKeys(readYaml("Pulumi.yaml"));

/**
 * A stack's configuration as the Pulumi CLI hands it to the program.
 * @param stack the name of a committed stack, or what stands below `config` in a stack file
 */
export function stackValues(stack: string | WrittenConfiguration): Pick<ConfigurationSource, "values" | "secretKeys"> {
  const config = typeof stack === "string" ? recordOf(readYaml(`Pulumi.${stack}.yaml`)["config"]) : stack;
  return toSource(withDefaults(config, DECLARED_KEYS));
}

function readYaml(file: string): WrittenConfiguration {
  return readYamlMap(file, readFileSync(join(PROJECT_DIRECTORY, file), "utf8"));
}
