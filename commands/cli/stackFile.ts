import { parse } from "yaml";

import { recordOf } from "../../settings/decode";
import { SettingsError } from "../../settings/faults";
import type { ConfigurationSource } from "../../settings/source";

/** A key of the project's configuration, as Pulumi.yaml declares it. */
export interface DeclaredKey {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
}

/** A configuration as YAML has it, by full key. */
export type WrittenConfiguration = Readonly<Record<string, unknown>>;

/** A file's content as a map. @throws SettingsError without a word of the content, which may be a secret. */
export function readYamlMap(file: string, text: string): WrittenConfiguration {
  let value: unknown;
  try {
    value = parse(text, { logLevel: "error", prettyErrors: true });
  } catch (error) {
    // The first line says what and where; the others quote the file.
    throw notAMap(file, error instanceof Error ? error.message.split(/:?\n/, 1)[0] : undefined);
  }
  if (value !== null && recordOf(value) !== value) {
    throw notAMap(file);
  }
  return recordOf(value);
}

function notAMap(file: string, found?: string): SettingsError {
  return new SettingsError([
    {
      key: file,
      rule: "must be a YAML map",
      reason: "Pulumi could not read it either",
      ...(found === undefined ? {} : { value: found }),
      remedy: "compare it with the committed stack files",
    },
  ]);
}

/** What Pulumi.yaml declares. */
export function declaredKeys(projectFile: WrittenConfiguration): Readonly<Record<string, DeclaredKey>> {
  return recordOf(projectFile["config"]) as Readonly<Record<string, DeclaredKey>>;
}

/** What stands below `config` in a stack file, over the defaults of Pulumi.yaml; by full key. */
export function withDefaults(
  config: WrittenConfiguration,
  declared: Readonly<Record<string, DeclaredKey>>,
): WrittenConfiguration {
  const defaults = Object.entries(declared)
    .filter(([, key]) => recordOf(key)["default"] !== undefined)
    .map(([key, { default: value }]): [string, unknown] => [fullKey(key), value]);
  return Object.fromEntries([
    ...defaults,
    ...Object.entries(config).map(([key, value]): [string, unknown] => [fullKey(key), value]),
  ]);
}

function fullKey(key: string): string {
  return key.includes(":") ? key : `scpcloud:${key}`;
}

/**
 * A configuration as the Pulumi CLI hands it to the program: everything as text, lists and maps as JSON. There is no
 * decryption: what is secret keeps its ciphertext.
 */
export function toSource(config: WrittenConfiguration): Pick<ConfigurationSource, "values" | "secretKeys"> {
  const entries = Object.entries(config);
  return {
    values: Object.fromEntries(entries.map(([key, value]) => [key, toText(decrypted(value))])),
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
