import { isMap, isPair, isScalar, isSeq, type Node, visit } from "yaml";

import { type Fault, shown } from "../../faults/faults.ts";
import { recordOf } from "../../values/shapes.ts";
import { MAP, partsOf } from "../schema/checks.ts";
import type { ConfigurationSource } from "../source.ts";
import { keyOf, misread, readYamlTree, type YamlTree } from "./yaml.ts";

/** A key of the project's configuration, as Pulumi.yaml declares it. */
export interface DeclaredKey {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
}

/** A configuration as YAML has it, by full key. */
export type WrittenConfiguration = Readonly<Record<string, unknown>>;

/** A stack file as Pulumi reads it. */
export interface StackFile {
  /** What stands below `config`, by full key. */
  readonly config: WrittenConfiguration;
  /** What stands beside it. */
  readonly rest: WrittenConfiguration;
  /** What Pulumi itself does not tell: it takes one of two spellings at random, and changes what has no quotes. */
  readonly faults: readonly Fault[];
}

/** The key beside `config` that names environments of Pulumi ESC. */
export const ENVIRONMENT = "environment";

/** Pulumi puts the project's name before a key without a namespace, and reads `NAMESPACE:config:KEY` as an older spelling. */
export function fullKey(written: string): string {
  const key = written.replace(/^([^:]+):config:([^:]+)$/, "$1:$2");
  return key.includes(":") ? key : `scpcloud:${key}`;
}

/** @throws SettingsError where it is no map */
export function parseStackFile(file: string, text: string): StackFile {
  const tree = readYamlTree(file, text);
  const { config, ...rest } = tree.content;
  // Pulumi hands out an empty value as empty text.
  const entries = Object.entries(recordOf(config)).map(([key, value]): [string, unknown] => [
    fullKey(key),
    value ?? "",
  ]);
  return {
    config: Object.fromEntries(entries),
    rest,
    faults: [
      ...misreadNodes(tree, file),
      ...writtenTwice(tree, file),
      ...entries
        .filter(([key]) => !/^[^:]+:[^:]+$/.test(key))
        .map(([key]) => ({ key, ...NO_KEY, value: `in ${file}` })),
      ...((config ?? undefined) === undefined || recordOf(config) === config
        ? []
        : [{ key: "config", ...partsOf(MAP), value: `in ${file}` }]),
      ...((rest[ENVIRONMENT] ?? undefined) === undefined || isEmptyList(rest[ENVIRONMENT])
        ? []
        : [{ key: ENVIRONMENT, ...ELSEWHERE, value: `in ${file}` }]),
    ],
  };
}

/** Pulumi's words for it name Go's types. */
const NO_KEY = {
  rule: "must be a key of the form NAMESPACE:NAME",
  reason: "Pulumi refuses any other",
  remedy: "write a blank after the colon that ends the key, or correct the key",
} as const;

const ELSEWHERE = {
  rule: "must not be used",
  reason: "a review and the realm's other stacks read the stack's settings from its file alone",
  remedy: "remove it, and write the settings into the stack file",
} as const;

const isEmptyList = (value: unknown) => Array.isArray(value) && value.length === 0;

/** The values and keys that Pulumi may read otherwise. */
function misreadNodes({ document, lineOf }: YamlTree, file: string): Fault[] {
  const faults: Fault[] = [];
  visit(document, {
    Node(role, node, path) {
      const fault = misread(node, role === "key");
      if (fault !== undefined) {
        const key = keyOfPath([...path, node]);
        // Other namespaces have secrets, which may stand there by mistake.
        const found = key.startsWith("scpcloud:") && isScalar(node) ? `${shown(node.source)} in ` : "";
        faults.push({ key, ...fault, value: `${found}line ${lineOf(node)} of ${file}` });
      }
    },
  });
  return faults;
}

/** The full key of a node, by the nodes that lead to it. */
function keyOfPath(path: readonly unknown[]): string {
  const steps = path.flatMap((parent, index) => {
    if (isPair(parent) && isScalar(parent.key)) {
      return [`.${keyOf(parent)}`];
    }
    return isSeq(parent) ? [`[${parent.items.indexOf(path[index + 1])}]`] : [];
  });
  const [first = "", second = "", ...rest] = steps;
  return first === ".config" ? [fullKey(second.slice(1)), ...rest].join("") : steps.join("").slice(1);
}

function writtenTwice({ document, lineOf }: YamlTree, file: string): Fault[] {
  const config = document.get("config");
  const byFullKey = Map.groupBy(isMap(config) ? config.items : [], (pair) => fullKey(keyOf(pair)));
  return [...byFullKey]
    .filter(([, spellings]) => spellings.length > 1)
    .map(([key, spellings]) => ({
      key,
      rule: "must be written once",
      reason: "these spellings mean the same key, and Pulumi takes one of them at random",
      value: `${spellings.map((one) => `${shown(keyOf(one))} in line ${lineOf(one.key as Node)}`).join(", ")} of ${file}`,
      remedy: "write everything below one of them, and remove the others",
    }));
}

/** What Pulumi.yaml declares. @throws SettingsError where it is no map */
export function declaredKeys(projectFile: string): Readonly<Record<string, DeclaredKey>> {
  const { content } = readYamlTree("Pulumi.yaml", projectFile);
  return recordOf(content["config"]) as Readonly<Record<string, DeclaredKey>>;
}

/** A stack file's configuration by full key, over the defaults of Pulumi.yaml. */
export function withDefaults(
  config: WrittenConfiguration,
  declared: Readonly<Record<string, DeclaredKey>>,
): WrittenConfiguration {
  const defaults = Object.entries(declared)
    .filter(([, key]) => recordOf(key)["default"] !== undefined)
    .map(([key, { default: value }]): [string, unknown] => [fullKey(key), value]);
  return { ...Object.fromEntries(defaults), ...config };
}

/**
 * A configuration as the Pulumi CLI hands it to the program: everything as text, lists and maps as JSON. There is no
 * decryption: what is secret keeps its ciphertext.
 */
export function toSource(
  config: WrittenConfiguration,
): Pick<ConfigurationSource, "values" | "hasParts" | "secretKeys"> {
  const entries = Object.entries(config);
  return {
    values: Object.fromEntries(entries.map(([key, value]) => [key, toText(decrypted(value))])),
    hasParts: Object.fromEntries(entries.map(([key, value]) => [key, isContainer(value) && !isSecret(value)])),
    secretKeys: new Set(entries.filter(([, value]) => holdsSecret(value)).map(([key]) => key)),
  };
}

/** A value as the program is given it. */
export function toText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Encrypted values have the form `{ secure: ciphertext }`, at any depth; one of them makes the whole key secret. */
function holdsSecret(value: unknown): boolean {
  return isSecret(value) || (isContainer(value) && Object.values(value).some(holdsSecret));
}

function decrypted(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (_, item: unknown) => (isSecret(item) ? item.secure : item));
}

/** An encrypted value. */
export function isSecret(value: unknown): value is { readonly secure: string } {
  return isContainer(value) && Object.keys(value).join() === "secure" && typeof Object.values(value)[0] === "string";
}

function isContainer(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
