import { createRequire } from "node:module";

import { type Fault, SettingsError } from "../../faults/faults.ts";
import { embeddedStateFaults } from "../rules/embeddedState.ts";
import type { ConfigurationSource } from "../source.ts";
import { isWrittenPlainly, readStackFiles, stackFileName, type StackFiles } from "./files.ts";

/** These files load the YAML library, so they are loaded only where they are needed. */
const load = createRequire(import.meta.url);

/**
 * A configuration with what the project's stack files add to it: the settings of the realm's stack, and what is wrong with
 * the files though Pulumi takes them.
 * @param stack its name, with or without organization and project
 * @param directory the project's folder; Pulumi runs the program there
 * @throws SettingsError where its realm stack cannot be told
 */
export function withStackFiles(stack: string, source: ConfigurationSource, directory?: string): ConfigurationSource {
  const name = stack.split("/").at(-1) ?? stack;
  const files = readStackFiles(directory);
  const fileFaults = [...embeddedStateFaults(name, source.environment), ...stackFileFaults(name, source.values, files)];
  const own = { ...source, fileFaults };
  const realmStack = source.values["scpcloud:realmStack"];
  // Most stacks are alone in their realm.
  if (!realmStack && ![...files.values()].some((text) => text.includes("realmStack"))) {
    return own;
  }

  const { sharedRealm, withSharedRealm } = load("./realmStacks.ts") as typeof import("./realmStacks.ts");
  return withSharedRealm(own, sharedRealm(name, realmStack, files));
}

/**
 * What is wrong with a stack's file. Nothing where the values come from another file (`--config-file`): Pulumi does not
 * tell which.
 */
function stackFileFaults(stack: string, values: ConfigurationSource["values"], files: StackFiles): readonly Fault[] {
  const text = files.get(stack);
  if (text === undefined || isWrittenPlainly(text)) {
    return [];
  }

  const { fullKey, parseStackFile } = load("./stackFile.ts") as typeof import("./stackFile.ts");
  const { DisputedFileError } = load("./yaml.ts") as typeof import("./yaml.ts");
  const areRead = (keys: readonly string[]) => keys.every((key) => Object.hasOwn(values, fullKey(key)));
  try {
    const { config, faults } = parseStackFile(stackFileName(stack), text);
    return areRead(Object.keys(config)) ? faults : [];
  } catch (error) {
    if (error instanceof DisputedFileError) {
      return areRead(error.keys) ? error.faults : [];
    }
    // Pulumi cannot read it either, and so took another.
    if (error instanceof SettingsError) {
      return [];
    }
    throw error;
  }
}
