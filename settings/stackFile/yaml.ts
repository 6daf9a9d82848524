import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  Scalar,
  visit,
} from "yaml";

import { type Fault, SettingsError } from "../../faults/faults.ts";
import { recordOf } from "../../values/shapes.ts";

/** A file as a tree of nodes, and what it means. */
export interface YamlTree {
  readonly document: Document;
  readonly content: Readonly<Record<string, unknown>>;
  /** The line that a node begins in, from 1. */
  readonly lineOf: (node: Node) => number;
}

/** Pulumi reads the file, or may do so, but perhaps otherwise than a reviewer. */
export class DisputedFileError extends SettingsError {
  /** Keys of the configuration that every reader finds there. */
  readonly keys: readonly string[];

  constructor(fault: Fault, keys: readonly string[]) {
    super([fault]);
    this.keys = keys;
  }
}

/** What one of two readers refuses, or reads in another way: Pulumi's (yaml.v3 of Go) and the package yaml. */
const DISPUTED: readonly (readonly [RegExp, string])[] = [
  [/^%/m, "a directive"],
  [/^ *(?:[-?:] *)*\t/m, "a tab where a line begins"],
  [/^ *:(?=\s)/m, "a line that begins with a colon"],
  [/\r(?!\n)|(?![\t\n\r])\p{Cc}|[\u2028\u2029]|(?<!^)\uFEFF/u, "a control character"],
  [/(?<!\\)(\\\\)*\\\//, "a slash behind a backslash"],
];

/** @throws SettingsError without a word of the content, which may be a secret, where the file is no map */
export function readYamlTree(file: string, text: string): YamlTree {
  const lines = new LineCounter();
  const document = parseDocument(text, { logLevel: "silent", lineCounter: lines });
  const lineOf = (node: Node) => lines.linePos(node.range?.[0] ?? 0).line;
  const [error] = document.errors;
  if (error !== undefined) {
    // The first line says what and where; the others quote the file.
    throw new SettingsError([notAlike(file, error.message.split(/:?\n/, 1)[0] ?? "")]);
  }
  const refuse = (what: string, keys: readonly string[] = []): never => {
    throw new DisputedFileError(notAlike(file, what), keys);
  };
  for (const [pattern, what] of DISPUTED) {
    const index = text.search(pattern);
    if (index >= 0) {
      refuse(`${what}, in line ${lines.linePos(index).line}`);
    }
  }
  visit(document, {
    Pair(_, { key, value }) {
      if (isScalar(key) && isCollection(value) && value.range?.[0] === (key.range?.[1] ?? 0) + 1) {
        refuse(`a colon without a blank behind it, in line ${lineOf(key)}`);
      }
    },
  });
  visit(document, {
    Node(role, node) {
      const what =
        isAlias(node) || node.anchor !== undefined ? "an anchor or an alias (& or *)" : refusedKey(role, node);
      if (what !== undefined) {
        refuse(`${what}, in line ${lineOf(node)}`, plainKeys(document));
      }
    },
  });
  const content: unknown = document.toJS();
  if (content !== null && recordOf(content) !== content) {
    throw notAMap(file);
  }
  return { document, content: recordOf(content), lineOf };
}

/** The keys that no alias, no merge and no type of a key changes. */
function plainKeys(document: Document): string[] {
  const written = document.get("config", true);
  const config: unknown = isAlias(written) ? written.resolve(document) : written;
  return isMap(config) ? config.items.map(keyOf).filter((key) => /^[a-z-]+:[a-zA-Z]+$/.test(key)) : [];
}

function refusedKey(role: unknown, node: Node): string | undefined {
  if (role !== "key") {
    return undefined;
  }
  return isScalar(node)
    ? isPlain(node) && node.source === "<<"
      ? "a merge (<<)"
      : undefined
    : "a key that is no text";
}

/** A key as it is written; empty where it is no scalar. */
export function keyOf({ key }: Pair): string {
  return isScalar(key) ? (key.source ?? String(key.value)) : "";
}

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

/** What is wrong with a key or a value that Pulumi may hand on otherwise than it is written. */
export function misread(node: Node, isKey: boolean): Omit<Fault, "key"> | undefined {
  if ("tag" in node && node.tag !== undefined) {
    return node.tag === "tag:yaml.org,2002:str" ? undefined : TAGGED;
  }
  const plain = isPlain(node) ? (node.source ?? "") : "text";
  // In a flow map, Pulumi takes `?a` for `a`.
  const isNumber = NUMBER.test(plain.replaceAll("_", "")) || DATE.test(plain);
  const isChanged = plain.startsWith("?") || (isNumber && String(Number(plain)) !== plain);
  return isChanged || (isKey && (isNumber || SWITCH_OR_NULL.test(plain))) ? UNQUOTED : undefined;
}

/** Numbers and dates of YAML 1.1 and of YAML 1.2, since Pulumi's reader is a mixture of the two. */
const NUMBER =
  /^[-+]?(0[xX][\da-fA-F]+|0[bB][01]+|0[oO][0-7]+|(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?|\.inf|\.Inf|\.INF)$|^\.(nan|NaN|NAN)$/;
const DATE = /^\d{4}-\d\d?-\d\d?([Tt ].*)?$/;
const SWITCH_OR_NULL = /^(~|null|Null|NULL|true|True|TRUE|false|False|FALSE|)$/;

function isPlain(node: Node): node is Scalar {
  return isScalar(node) && node.type === Scalar.PLAIN;
}

function notAMap(file: string): SettingsError {
  const rule = "must be a YAML map";
  const reason = "the stack's configuration stands there below the key config";
  return new SettingsError([{ key: file, rule, reason, remedy: "compare it with the committed stack files" }]);
}

function notAlike(key: string, value: string): Fault {
  const rule = "must be YAML that Pulumi and this program read alike, with each value where it applies";
  const reason = "the tokens would be other ones than a review has shown";
  const remedy =
    "mend that line: each key once, with a blank behind the colon, blanks for indentation, in quotes what is more than " +
    "letters and digits, and written out what an alias stands for";
  return { key, rule, reason, value, remedy };
}
