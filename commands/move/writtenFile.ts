import { isDeepStrictEqual } from "node:util";

import { isCollection, isMap, isScalar, type Node, type Pair, visit, type YAMLMap } from "yaml";

import { fullKey } from "../../settings/configKeys";
import { recordOf } from "../../settings/decode";
import { UserError } from "../../settings/userError";
import { keyOf, readYamlTree, type YamlTree } from "../../settings/yamlFile";

/** A customer cannot be moved, or not in the way that its stack files are written. */
export class MoveError extends UserError {
  override readonly name = "MoveError";
}

/** The key below which the customers stand. */
export const CUSTOMERS = "scpcloud:integrations";
/** What is left to do where a file is written in another way than this command knows. */
export const BY_HAND = "Do: move these entries by hand from the one file to the other, and run this command again.";

/** A stack file, and where everything stands in it. */
export interface WrittenFile extends YamlTree {
  readonly text: string;
  /** With their ends. */
  readonly lines: string[];
  readonly config: YAMLMap | undefined;
  /** What stands below scpcloud:integrations. */
  readonly customers: unknown;
  /** The index in `lines` of the line that a node begins in. */
  readonly indexOf: (node: Node) => number;
}

/** @throws SettingsError where the file is no map of YAML */
export function readWrittenFile(file: string, text: string): WrittenFile {
  const { document, content, lineOf, follow } = readYamlTree(file, text);
  const config = document.get("config");
  return {
    text,
    lines: text.match(/[^\n]*\n|[^\n]+$/g) ?? [],
    document,
    config: isMap(config) ? config : undefined,
    content,
    customers: Object.entries(recordOf(content["config"])).find(([key]) => fullKey(key) === CUSTOMERS)?.[1],
    lineOf,
    indexOf: (node) => lineOf(node) - 1,
    follow,
  };
}

/** The key of the customers with what stands below it, if the file has it. @throws MoveError where it is in braces */
export function customersOf(file: string, { config, customers }: WrittenFile): Pair | undefined {
  const pair = config?.items.find((one) => fullKey(keyOf(one)) === CUSTOMERS);
  const value = pair?.value;
  const isEmpty =
    value === null || (isScalar(value) && value.value === null) || (isMap(value) && value.items.length === 0);
  const isWritten = pair === undefined ? customers === undefined : isEmpty || (isMap(value) && value.flow !== true);
  if (!isWritten || config?.flow === true) {
    throw new MoveError(
      `${file}: ${CUSTOMERS} is not written in lines of its own, but in braces or by an alias.\n${BY_HAND}`,
    );
  }
  return pair;
}

/** The lines of an entry, from 0: its own, the comments above it, and those further in below it. */
export function extentOf(file: string, { text, lines, indexOf }: WrittenFile, pair: Pair) {
  const key = pair.key as Node;
  const line = indexOf(key);
  const indentation = columnOf(lines[line]);
  if (!lines[line]?.slice(indentation).startsWith(text.slice(key.range?.[0], key.range?.[1]))) {
    throw new MoveError(`${file}, line ${line + 1}: the key does not begin the line.\n${BY_HAND}`);
  }
  let first = line;
  while (isComment(lines[first - 1]) && columnOf(lines[first - 1]) === indentation) {
    first--;
  }
  const end = text.slice(0, endOf(pair)).trimEnd().length;
  let last = Math.max(line, text.slice(0, end).split("\n").length - 1);
  for (let next = last + 1; isComment(lines[next]) || isBlank(lines[next]); next++) {
    if (isComment(lines[next]) && columnOf(lines[next]) > indentation) {
      last = next;
    } else if (isComment(lines[next])) {
      break;
    }
  }
  return { first, last, indentation };
}

/** Where the last word of an entry ends; a map's own range has the comments behind it as well. */
function endOf(pair: Pair): number {
  let end = 0;
  visit(pair as never, {
    Node(_, node) {
      if (!isCollection(node) || node.flow === true) {
        end = Math.max(end, node.range?.[1] ?? 0);
      }
    },
  });
  return end;
}

/** The file as it would be read must be as it was, but for the customers. */
export function checkEdit(
  file: string,
  { content }: WrittenFile,
  text: string,
  customers: Readonly<Record<string, unknown>>,
): void {
  const without = (of: Readonly<Record<string, unknown>>) =>
    Object.fromEntries(Object.entries(recordOf(of["config"])).filter(([key]) => fullKey(key) !== CUSTOMERS));
  let after: WrittenFile | undefined;
  try {
    after = readWrittenFile(file, text);
  } catch {
    // Told below.
  }
  if (
    after === undefined ||
    !isDeepStrictEqual(
      { ...after.content, config: without(after.content) },
      { ...content, config: without(content) },
    ) ||
    !isDeepStrictEqual(recordOf(after.customers), customers)
  ) {
    throw new MoveError(`${file} is written in a way that this command cannot edit.\n${BY_HAND}`);
  }
}

/** The number of blanks that a line begins with. */
export function columnOf(line = ""): number {
  return line.length - line.trimStart().length;
}

/** Whether there is a line, and nothing in it. */
export function isBlank(line: string | undefined): boolean {
  return line !== undefined && line.trim() === "";
}

function isComment(line: string | undefined): boolean {
  return line !== undefined && line.trimStart().startsWith("#");
}
