import { createRequire } from "node:module";

import { decodeAs } from "../decode.ts";
import { embeddedStateFaults } from "../embeddedState.ts";
import { type Fault, SettingsError } from "../faults.ts";
import type { OrganizationOfClient } from "../integrations.ts";
import { STACK } from "../schema/stack.ts";
import { isWrittenPlainly, readStackFiles, stackFileName, type StackFiles } from "./files.ts";

/** What loads the YAML library is loaded where it is needed only. */
const load = createRequire(import.meta.url);

/** What is wrong with organizations that were looked up, beside those of the realm's other stacks. */
export type TwinsElsewhere = (organizations: readonly OrganizationOfClient[]) => readonly Fault[];

/** A stack's configuration as Pulumi hands it out, before anything is checked. */
export interface ConfigurationSource {
  /** By full key, such as `scpcloud:realm`; lists and maps are JSON, as in Pulumi's own runtime. */
  readonly values: Readonly<Record<string, string>>;
  /**
   * Whether each value was a list or a map before it became text, by full key. Unknown where Pulumi runs the program: it has
   * held the values to the types in Pulumi.yaml.
   */
  readonly hasParts?: Readonly<Record<string, boolean>>;
  /** The full keys whose values are encrypted in the stack file. */
  readonly secretKeys: ReadonlySet<string>;
  /** What is wrong with the stack file though Pulumi takes it (stackFile.ts). */
  readonly fileFaults?: readonly Fault[];
  /** Of a stack of customers only: the file of the realm stack, which all other settings are from (realmStacks.ts). */
  readonly realmFile?: string;
  /** Of a realm stack that others name: those of them that have customers. */
  readonly usedBy?: readonly string[];
  /** Of a stack that is not alone in its realm. */
  readonly twinsElsewhere?: TwinsElsewhere;
  /** The values that Pulumi gives the program itself, where `values` has those of a realm stack besides. */
  readonly ownValues?: Readonly<Record<string, string>>;
  /** The process's environment: the Keycloak provider reads some of its settings from there. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The keys of one namespace, without the namespace itself. */
export function keysOf(source: ConfigurationSource, namespace: string): string[] {
  const prefix = `${namespace}:`;
  return Object.keys(source.values)
    .filter((key) => key.startsWith(prefix))
    .map((key) => key.slice(prefix.length));
}

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
