import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

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
  const names = readdirSync(directory).filter((name) => stackOfFile(name) !== undefined);
  const texts = names
    .sort()
    .map((name): [string, string | undefined] => [stackOfFile(name) ?? "", textOf(join(directory, name))]);
  return new Map(texts.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/**
 * Whether any stack may share its realm with others. Asked first, since most do not, and loading a YAML library to look
 * closer (realmStacks.ts) takes longer than all that the program does itself.
 */
export function mayShareRealm(files: StackFiles): boolean {
  return [...files.values()].some((text) => text.includes("realmStack"));
}
