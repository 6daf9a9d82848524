import { readFileSync } from "node:fs";

import * as pulumi from "@pulumi/pulumi";

import { mayHaveFaults } from "./configKeys";
import { type Fault, SettingsError } from "./faults";
import type { ConfigurationSource } from "./source";

/** The configuration of the stack that Pulumi is running: the only place where the program takes any. */
export function stackConfiguration(): ConfigurationSource {
  // The language host names the encrypted keys in this variable; the SDK's reader of it is not public.
  const secretKeys = JSON.parse(process.env["PULUMI_CONFIG_SECRET_KEYS"] || "[]") as string[];
  const values = pulumi.runtime.allConfig();
  return {
    values,
    secretKeys: new Set(secretKeys),
    environment: process.env,
    fileFaults: stackFileFaults(pulumi.getStack(), values),
  };
}

/**
 * What is wrong with a stack's file in the current folder, where Pulumi runs the program and npm the commands. Nothing
 * where the values come from another file (`--config-file`), of which nobody is told.
 * @param stack its name, with or without organization and project
 */
export function stackFileFaults(stack: string, values: ConfigurationSource["values"]): readonly Fault[] {
  const file = `Pulumi.${stack.split("/").at(-1)}.yaml`;
  const text = textOf(file);
  if (text === undefined || !mayHaveFaults(text)) {
    return [];
  }
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- a YAML library is loaded on suspicion only
  const { parseStackFile } = require("./stackFile") as typeof import("./stackFile");
  try {
    const { config, faults } = parseStackFile(file, text);
    return Object.keys(config).every((key) => Object.hasOwn(values, key)) ? faults : [];
  } catch (error) {
    if (error instanceof SettingsError) {
      return [];
    }
    throw error;
  }
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
