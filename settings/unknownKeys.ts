import type * as v from "valibot";

import { type Decoded, recordOf } from "./decode";
import { didYouMean, type Fault, reservedName, visible } from "./faults";
import { SCHEMA } from "./schema";
import { type ConfigurationSource, keysOf } from "./source";

/** The namespaces that the program's providers and Pulumi itself read. */
const NAMESPACES = ["scpcloud", "keycloak", "pulumi"];

/** What moved to the project in services/, with the containers. Its values may be secret. */
const MOVED = /^(scpcloud:(apps|secretEnvironment)$|docker:)/;

/** Names that no plain object keeps as a key of its own; they would be lost without a word. */
const LOST_NAMES = ["__proto__", "constructor", "prototype"];

/** The keys of a provider's namespace, such as `docker` of the Docker provider, that it does not know. */
export function unknownProviderKeys(
  source: ConfigurationSource,
  provider: "Docker" | "Keycloak",
  known: readonly string[],
): Fault[] {
  const namespace = provider.toLowerCase();
  return keysOf(source, namespace)
    .filter((key) => !known.includes(key))
    .map((key) => ({
      key: `${namespace}:${key}`,
      rule: `must be a setting of the ${provider} provider`,
      reason: "the provider would not know it, and a misspelt setting silently does nothing",
      remedy: didYouMean(key, known),
    }));
}

/** The parts of a schema that tell which keys a value may have. */
type Shape = v.GenericSchema & {
  readonly entries?: Readonly<Record<string, Shape>>;
  readonly value?: Shape;
  readonly wrapped?: Shape;
  readonly item?: Shape;
};

/** Every key that nothing would read, or that would be lost, at any depth. */
export function checkUnknownKeys(decoded: Decoded, source: ConfigurationSource): Fault[] {
  return [
    ...Object.keys(source.values)
      .filter((key) => MOVED.test(key))
      .map(movedToServices),
    ...Object.keys(source.values)
      .filter((key) => !MOVED.test(key) && !NAMESPACES.includes(key.split(":")[0] ?? ""))
      .map((key) => unknownKey(key, key.split(":")[0] ?? "", NAMESPACES)),
    ...keysOf(source, "scpcloud")
      .filter((key) => !Object.hasOwn(SCHEMA, key) && !MOVED.test(`scpcloud:${key}`))
      .map((key) => unknownSetting("scpcloud:", key, Object.keys(SCHEMA))),
    ...Object.entries(SCHEMA).flatMap(([key, schema]) => walk(schema as Shape, decoded[key], `scpcloud:${key}`)),
  ];
}

function walk(schema: Shape, value: unknown, path: string): Fault[] {
  if (schema.wrapped !== undefined) {
    return walk(schema.wrapped, value, path);
  }
  const { entries, item: element, value: each } = schema;
  if (element !== undefined && Array.isArray(value)) {
    return value.flatMap((item, index) => walk(element, item, `${path}[${index}]`));
  }
  return Object.entries(recordOf(value)).flatMap(([key, item]) => {
    if (entries !== undefined) {
      const known = Object.hasOwn(entries, key) ? entries[key] : undefined;
      return known === undefined
        ? [unknownSetting(`${path}.`, key, Object.keys(entries))]
        : walk(known, item, `${path}.${key}`);
    }
    if (each === undefined) {
      return [];
    }
    return LOST_NAMES.includes(key) ? [reservedName(`${path}.${key}`, key)] : walk(each, item, `${path}.${key}`);
  });
}

/** A message names what is further in with dots; whoever writes it so is told how a stack file has it. */
function unknownSetting(path: string, name: string, known: readonly string[]): Fault {
  const fault = unknownKey(path + name, name, known);
  const [written = "", ...value] = name.split(":");
  if (value.length > 0 && known.includes(written)) {
    return { ...fault, remedy: `write a blank behind the colon: ${visible(`${written}: ${value.join(":")}`)}` };
  }
  const [setting = "", ...below] = name.split(".");
  if (below.length === 0 || !known.includes(setting)) {
    return fault;
  }
  const parent = (path + setting).split(".").at(-1);
  return { ...fault, remedy: `write ${below.map((key) => `"${key}:"`).join(" and ")} further in, below "${parent}:"` };
}

function movedToServices(key: string): Fault {
  return {
    key,
    rule: "must stand in the stack file in services/",
    reason: "the containers of BFF and API are a Pulumi project of their own",
    remedy:
      "move it there, and before the next pulumi up here move the containers to that project's state, or this one " +
      "deletes them: docs/containers.md shows both",
  };
}

function unknownKey(key: string, name: string, known: readonly string[]): Fault {
  return {
    key,
    rule: "must be a known setting",
    reason: "a misspelt setting would silently do nothing",
    remedy: didYouMean(name, known),
  };
}
