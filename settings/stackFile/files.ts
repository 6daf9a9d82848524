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
