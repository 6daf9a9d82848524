import { createRequire } from "node:module";

import { decodeAs } from "../decode.ts";
import { embeddedStateFaults } from "../embeddedState.ts";
import { type Fault, SettingsError } from "../faults.ts";
import { STACK } from "../schema/stack.ts";
import type { ConfigurationSource } from "../source.ts";
import { isWrittenPlainly, readStackFiles, stackFileName, type StackFiles } from "./files.ts";

/** What loads the YAML library is loaded where it is needed only. */
const load = createRequire(import.meta.url);

/**
 * A configuration with what the stack files in the current folder add to it, where Pulumi runs the program and npm the
 * commands: the settings of the realm's stack, and what is wrong with the files though Pulumi takes them.
 * @param stack its name, with or without organization and project
 * @throws SettingsError where its realm stack cannot be told
 */
export function withStackFiles(stack: string, source: ConfigurationSource): ConfigurationSource {
  const name = stack.split("/").at(-1) ?? stack;
  const files = readStackFiles();
  const fileFaults = [...embeddedStateFaults(name, source.environment), ...stackFileFaults(name, source.values, files)];
  const own = { ...source, fileFaults };
  const realmStack = source.values["scpcloud:realmStack"];
  // Most stacks are alone in their realm.
  if (!realmStack && ![...files.values()].some((text) => text.includes("realmStack"))) {
    return own;
  }

  const { sharedRealm, withSharedRealm } = load("./realmStacks.ts") as typeof import("./realmStacks.ts");
  const integrations = decodeAs(STACK.entries.integrations, source.values["scpcloud:integrations"] ?? "");
  return withSharedRealm(own, sharedRealm(name, { realmStack, integrations }, files));
}

/**
 * What is wrong with a stack's file. Nothing where the values come from another file (`--config-file`), of which nobody
 * is told.
 */
function stackFileFaults(stack: string, values: ConfigurationSource["values"], files: StackFiles): readonly Fault[] {
  const text = files.get(stack);
  if (text === undefined || isWrittenPlainly(text)) {
    return [];
  }

  const { parseStackFile } = load("./stackFile.ts") as typeof import("./stackFile.ts");
  const { DisputedFileError } = load("./yaml.ts") as typeof import("./yaml.ts");
  try {
    const { config, faults } = parseStackFile(stackFileName(stack), text);
    return Object.keys(config).every((key) => Object.hasOwn(values, key)) ? faults : [];
  } catch (error) {
    if (error instanceof DisputedFileError) {
      return error.faults;
    }
    // Pulumi cannot read it either, and so took another.
    if (error instanceof SettingsError) {
      return [];
    }
    throw error;
  }
}
