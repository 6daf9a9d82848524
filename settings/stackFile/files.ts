import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

import { type Fault, SettingsError } from "../../faults/faults.ts";
import { embeddedStateFaults } from "../rules/embeddedState.ts";
import type { ConfigurationSource } from "../source.ts";

/** The texts of a project's stack files, by the stacks' names. */
export type StackFiles = ReadonlyMap<string, string>;

const STACK_FILE = /^Pulumi\.(.+)\.yaml$/;

/** The name of a stack's file. */
export function stackFileName(stack: string): string {
  return `Pulumi.${stack}.yaml`;
}

/** The stack that a file is named after; undefined for any other file. */
export function stackOfFile(name: string): string | undefined {
  return STACK_FILE.exec(name)?.[1];
}

/** The stack files of a folder, in the order of their names; those that cannot be read are left out. */
export function readStackFiles(directory = "."): StackFiles {
  const texts = readdirSync(directory)
    .sort()
    .flatMap((name): [string, string][] => {
      const stack = stackOfFile(name);
      try {
        return stack === undefined ? [] : [[stack, readFileSync(join(directory, name), "utf8")]];
      } catch {
        return [];
      }
    });
  return new Map(texts);
}

const PLAIN_VALUE = String.raw`(?:(?:"[^"\\]*"|'[^']*'|\[\]|\{\}|0|[1-9]\d{0,14}|[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})(?: +#.*)?|(?!.*:(?: |$))[\p{L}/].*)`;
const PLAIN_KEY = String.raw`(?!(?:null|true|false):)[a-z][\w.-]*:(?: +#.*| ${PLAIN_VALUE})?`;
const PLAIN_LINE = new RegExp(
  String.raw`^(?!.*[\p{C}\p{Zl}\p{Zp}])(?: *(?:#.*)?|config:|(?:encryptionsalt|secretsprovider|encryptedkey): ${PLAIN_VALUE}| {2}[a-z-]+:${PLAIN_KEY}| {4,}(?:- )?${PLAIN_KEY}| {4,}- ${PLAIN_VALUE})$`,
  "iu",
);

/**
 * Whether a file has only lines as Pulumi writes them, of which no two readers of YAML think differently. The program
 * asks this first: to load a YAML library takes longer than all that it does itself.
 */
export function isWrittenPlainly(text: string): boolean {
  return text.split(/\r?\n/).every((line) => PLAIN_LINE.test(line));
}

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
