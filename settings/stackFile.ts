import { fullKey } from "./configKeys";
import { recordOf } from "./decode";
import { type Fault, shown } from "./faults";
import { MAP, partsOf } from "./schema/checks";
import type { ConfigurationSource } from "./source";
import { readYamlFile, type WrittenKey } from "./yamlFile";

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

/** @throws SettingsError where it is no map */
export function parseStackFile(file: string, text: string): StackFile {
  const { content, faults, keysBelow } = readYamlFile(file, text, ([first = "", second = "", ...rest]) =>
    first === ".config" ? fullKey(second.slice(1)) + rest.join("") : [first, second, ...rest].join("").slice(1),
  );
  const { config, ...rest } = content;
  // Pulumi hands out an empty value as empty text.
  const entries = Object.entries(recordOf(config)).map(([key, value]): [string, unknown] => [
    fullKey(key),
    value ?? "",
  ]);
  return {
    config: Object.fromEntries(entries),
    rest,
    faults: [
      ...faults,
      ...writtenTwice(file, keysBelow("config")),
      ...noKeys(entries, file),
      ...noMap(config, file),
      ...fromElsewhere(rest, file),
    ],
  };
}

/** Pulumi's words for it name Go's types. */
function noKeys(entries: readonly (readonly [string, unknown])[], file: string): Fault[] {
  return entries
    .map(([key]) => key)
    .filter((key) => !/^[^:]+:[^:]+$/.test(key))
    .map((key) => ({
      key,
      rule: "must be a key of the form NAMESPACE:NAME",
      reason: "Pulumi refuses any other",
      value: `in ${file}`,
      remedy: "write a blank after the colon that ends the key, or correct the key",
    }));
}

function noMap(config: unknown, file: string): Fault[] {
  return (config ?? undefined) === undefined || recordOf(config) === config
    ? []
    : [{ key: "config", ...partsOf(MAP), value: `in ${file}` }];
}

/** Environments of Pulumi ESC hold settings that stand in no file. */
function fromElsewhere({ environment }: WrittenConfiguration, file: string): Fault[] {
  return (environment ?? undefined) === undefined || (Array.isArray(environment) && environment.length === 0)
    ? []
    : [
        {
          key: ENVIRONMENT,
          rule: "must not be used",
          reason: "a review and the realm's other stacks read the stack's settings from its file alone",
          value: `in ${file}`,
          remedy: "remove it, and write the settings into the stack file",
        },
      ];
}

function writtenTwice(file: string, keys: readonly WrittenKey[]): Fault[] {
  const byFullKey = new Map<string, Map<string, WrittenKey>>();
  for (const one of keys) {
    const spellings = byFullKey.get(fullKey(one.key)) ?? new Map<string, WrittenKey>();
    byFullKey.set(fullKey(one.key), spellings);
    // A key that is merged a second time has no effect.
    spellings.set(one.key, spellings.get(one.key) ?? one);
  }
  return [...byFullKey]
    .filter(([, spellings]) => spellings.size > 1)
    .map(([key, spellings]) => ({
      key,
      rule: "must be written once",
      reason: "these spellings mean the same key, and Pulumi takes one of them at random",
      value: `${[...spellings.values()].map((one) => `${shown(one.key)} in line ${one.line}`).join(", ")} of ${file}`,
      remedy: "write everything below one of them, and remove the others",
    }));
}

/** What Pulumi.yaml says, as it is written. @throws SettingsError where it is no map */
export function parseProjectFile(text: string): WrittenConfiguration {
  return readYamlFile("Pulumi.yaml", text, (path) => path.join("")).content;
}

/** What Pulumi.yaml declares. */
export function declaredKeys(projectFile: WrittenConfiguration): Readonly<Record<string, DeclaredKey>> {
  return recordOf(projectFile["config"]) as Readonly<Record<string, DeclaredKey>>;
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
  if (isSecret(value)) {
    return value.secure;
  }
  if (Array.isArray(value)) {
    return value.map(decrypted);
  }
  return isContainer(value)
    ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, decrypted(item)]))
    : value;
}

/** An encrypted value. */
export function isSecret(value: unknown): value is { readonly secure: string } {
  return isContainer(value) && Object.keys(value).join() === "secure" && typeof Object.values(value)[0] === "string";
}

function isContainer(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
