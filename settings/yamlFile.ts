import {
  type Alias,
  type Document,
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  Scalar,
  visit,
} from "yaml";

import { recordOf } from "./decode";
import { type Fault, SettingsError, shown } from "./faults";
import { findDisputed, isChanged, isNoText } from "./plainScalars";

/** A YAML file whose content is a map. */
export interface YamlFile {
  readonly content: Readonly<Record<string, unknown>>;
  /** The values and keys that Pulumi may read otherwise. */
  readonly faults: readonly Fault[];
  /** What stands below a top-level key, as it is written; what is merged (`<<`) with the rest. */
  readonly keysBelow: (key: string) => readonly WrittenKey[];
}

export interface WrittenKey {
  readonly key: string;
  readonly line: number;
}

/** More than a stack file has, and too few for a stranger's file to eat the memory. */
const MOST_ALIASES = 10_000;

const UNQUOTED = {
  rule: "must be in quotes",
  reason:
    "Pulumi reads unquoted numbers, dates, true and null by rules of its own and may change them (012 becomes 10)",
  remedy: 'put it in quotes, as in "012"; a number that is meant as one has digits only, and no zero in front',
} as const;

const TAGGED = {
  rule: "must have no tag",
  reason: "Pulumi and its tools understand tags differently",
  remedy: "remove what begins with an exclamation mark, and put the value in quotes where it is text",
} as const;

/** A file as a tree of nodes, and what it means. */
export interface YamlTree {
  readonly document: Document;
  readonly content: Readonly<Record<string, unknown>>;
  /** The line that a node begins in, from 1. */
  readonly lineOf: (node: Node) => number;
  /** What an alias stands for; any other node stands for itself. */
  readonly follow: (node: unknown) => unknown;
}

/** @throws SettingsError without a word of the content, which may be a secret, where the file is no map */
export function readYamlTree(file: string, text: string): YamlTree {
  const lines = new LineCounter();
  const document = parseDocument(text, { logLevel: "silent", lineCounter: lines, merge: true });
  const lineOf = (node: Node) => lines.linePos(node.range?.[0] ?? 0).line;
  const [error] = document.errors;
  if (error !== undefined) {
    // The first line says what and where; the others quote the file.
    throw unreadable(file, error.message.split(/:?\n/, 1)[0] ?? "");
  }
  const disputed = document.directives?.yaml.explicit === true ? "a directive, %YAML" : findDisputed(text);
  if (disputed !== undefined) {
    throw unreadable(file, disputed);
  }
  const anchors = new Map<string, Node>();
  const targets = new Map<Alias, Node>();
  visit(document, {
    Pair(_, { key, value }) {
      if (isScalar(key) && isCollection(value) && value.range?.[0] === (key.range?.[1] ?? 0) + 1) {
        throw unreadable(file, `a colon without a blank behind it, in line ${lineOf(key)}`);
      }
    },
    Node(role, node, path) {
      if (role === "key" && !isScalar(node)) {
        throw unreadable(file, `a key that is no text, in line ${lineOf(node)}`);
      }
      if (!isAlias(node) && /[^\w-]/.test(node.anchor ?? "")) {
        throw unreadable(file, `an anchor with other characters than letters and digits, in line ${lineOf(node)}`);
      }
      if (isAlias(node)) {
        const target = anchors.get(node.source);
        if (target === undefined) {
          throw unreadable(file, `an alias of an anchor that there is not, in line ${lineOf(node)}`);
        }
        if (path.some((parent) => parent === target)) {
          throw unreadable(file, `an anchor that contains itself, in line ${lineOf(node)}`);
        }
        targets.set(node, target);
      } else if (node.anchor !== undefined) {
        anchors.set(node.anchor, node);
      }
    },
  });
  const follow = (node: unknown) => (isAlias(node) ? targets.get(node) : node);
  return { document, content: toMap(file, document), lineOf, follow };
}

/**
 * Reads a file as Pulumi does, or tells where it cannot.
 * @param fullKeyOf the full key of a path in the file
 * @throws SettingsError as {@link readYamlTree} does
 */
export function readYamlFile(file: string, text: string, fullKeyOf: (path: readonly string[]) => string): YamlFile {
  const { document, content, lineOf, follow } = readYamlTree(file, text);
  const faults: Fault[] = [];
  visit(document, {
    Node(role, node, path) {
      const fault = isAlias(node) ? undefined : misread(node, role === "key");
      if (fault !== undefined) {
        const key = fullKeyOf(pathOf(path, node));
        const where = `line ${lineOf(node)} of ${file}`;
        // Other namespaces have secrets, which may stand there by mistake.
        const found = key.startsWith("scpcloud:") && isScalar(node) ? `${shown(node.source)} in ` : "";
        faults.push({ key, ...fault, value: found + where });
      }
    },
  });
  const keysOf = (node: unknown): WrittenKey[] =>
    pairsOf(follow(node)).flatMap((pair) => {
      const { key, value } = pair;
      if (!isMerge(key)) {
        return isScalar(key) ? [{ key: keyOf(pair), line: lineOf(key) }] : [];
      }
      const merged = follow(value);
      return isSeq(merged) ? merged.items.flatMap(keysOf) : keysOf(merged);
    });
  return {
    content,
    faults,
    keysBelow: (name) => pairsOf(document.contents).flatMap((pair) => (keyOf(pair) === name ? keysOf(pair.value) : [])),
  };
}

/** A key as it is written; empty where it is no scalar. */
export function keyOf({ key }: Pair): string {
  return isScalar(key) ? (key.source ?? String(key.value)) : "";
}

function misread(node: Node, isKey: boolean): Omit<Fault, "key"> | undefined {
  if (isScalar(node) && node.tag === "tag:yaml.org,2002:str") {
    return undefined;
  }
  if ("tag" in node && node.tag !== undefined) {
    return TAGGED;
  }
  const plain = isScalar(node) && node.type === Scalar.PLAIN ? (node.source ?? "") : "text";
  return (isKey ? isNoText(plain) : isChanged(plain)) ? UNQUOTED : undefined;
}

/** The keys and indices that lead to a node. */
function pathOf(path: readonly unknown[], node: Node): string[] {
  const parents = [...path, node];
  return parents.flatMap((parent, index) => {
    const child = parents[index + 1];
    if (isPair(parent) && isScalar(parent.key)) {
      return [`.${keyOf(parent)}`];
    }
    return isSeq(parent) ? [`[${parent.items.indexOf(child)}]`] : [];
  });
}

function toMap(file: string, document: Document): Readonly<Record<string, unknown>> {
  let content: unknown;
  try {
    content = document.toJS({ maxAliasCount: MOST_ALIASES });
  } catch (error) {
    throw unreadable(file, error instanceof Error ? error.message : "");
  }
  if (content !== null && recordOf(content) !== content) {
    throw notAMap(file);
  }
  return recordOf(content);
}

function pairsOf(node: unknown): Pair[] {
  return isMap(node) ? node.items : [];
}

function isMerge(key: unknown): boolean {
  return isScalar(key) && key.type === Scalar.PLAIN && key.source === "<<";
}

function notAMap(file: string): SettingsError {
  const rule = "must be a YAML map";
  const reason = "the stack's configuration stands there below the key config";
  return new SettingsError([{ key: file, rule, reason, remedy: "compare it with the committed stack files" }]);
}

function unreadable(file: string, value: string): SettingsError {
  const rule = "must be YAML that Pulumi and this program read alike";
  const reason = "the tokens would be other ones than a review has shown";
  const remedy =
    "mend that line: each key once, with a blank behind the colon, blanks for indentation, and in quotes what is more than " +
    "letters and digits";
  return new SettingsError([{ key: file, rule, reason, value, remedy }]);
}
