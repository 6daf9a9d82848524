import { readFileSync } from "node:fs";
import { join } from "node:path";

import { parse } from "yaml";

import type { ConfigurationSource } from "../settings/source";

const PROJECT_DIRECTORY = join(__dirname, "..");

/** A key of the project's configuration, as Pulumi.yaml declares it. */
export interface DeclaredKey {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
}

/** What Pulumi.yaml says about every key of the namespace `scpcloud`. */
export const DECLARED_KEYS: Readonly<Record<string, DeclaredKey>> = (
  readYaml("Pulumi.yaml") as { config: Record<string, DeclaredKey> }
).config;

/**
 * A stack's configuration as the Pulumi CLI hands it to the program: the defaults of Pulumi.yaml below the stack file's
 * values, everything as text, lists and maps as JSON. There is no decryption: what is secret keeps its ciphertext.
 * @param stack the name of a committed stack, or what stands below `config` in a stack file
 */
export function stackValues(
  stack: string | Readonly<Record<string, unknown>>,
): Pick<ConfigurationSource, "values" | "secretKeys"> {
  const config = typeof stack === "string" ? readConfig(stack) : stack;
  const defaults = Object.entries(DECLARED_KEYS)
    .filter(([, declared]) => declared.default !== undefined)
    .map(([key, declared]): [string, unknown] => [`scpcloud:${key}`, declared.default]);
  const own = Object.entries(config).map(([key, value]): [string, unknown] => [
    key.includes(":") ? key : `scpcloud:${key}`,
    value,
  ]);
  return {
    values: Object.fromEntries([...defaults, ...own].map(([key, value]) => [key, toText(decrypted(value))])),
    secretKeys: new Set(own.filter(([, value]) => holdsSecret(value)).map(([key]) => key)),
  };
}

function readConfig(stack: string): Readonly<Record<string, unknown>> {
  return (readYaml(`Pulumi.${stack}.yaml`) as { config: Record<string, unknown> }).config;
}

function readYaml(file: string): unknown {
  return parse(readFileSync(join(PROJECT_DIRECTORY, file), "utf8"));
}

function toText(value: unknown): string {
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

function isSecret(value: unknown): value is { readonly secure: string } {
  return isContainer(value) && Object.keys(value).join() === "secure" && typeof Object.values(value)[0] === "string";
}

function isContainer(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
