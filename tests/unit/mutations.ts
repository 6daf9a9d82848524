import { STACK } from "../../settings/schema/stack.ts";
import { DECLARED_KEYS } from "../stackFile.ts";

/** A valid configuration with one thing wrong. */
export interface Mutation {
  readonly values: Readonly<Record<string, unknown>>;
  /** The full key that a fault has to name. */
  readonly place: string;
}

export type MutationKind = "a required key dropped" | "a type changed" | "a UUID broken" | "a key misspelt";

type Values = Readonly<Record<string, unknown>>;
type Path = readonly [string, ...(string | number)[]];

/** All mutations of a kind that the configuration offers. */
export function mutationsOf(values: Values, kind: MutationKind): Mutation[] {
  const written = JSON.parse(JSON.stringify(values)) as Values;
  switch (kind) {
    case "a required key dropped":
      return dropped(written);
    case "a type changed":
      return pathsOf(written).flatMap((path) => retyped(written, path));
    case "a UUID broken":
      return pathsOf(written).flatMap((path) => brokenIds(written, path));
    case "a key misspelt":
      return pathsOf(written).flatMap((path) => misspelt(written, path));
  }
}

function dropped(values: Values): Mutation[] {
  const declared = Object.keys(DECLARED_KEYS).map((key) => `scpcloud:${key}`);
  return [...declared, "keycloak:url", "keycloak:clientId"].map((key) => ({
    values: { ...values, [key]: undefined },
    place: key,
  }));
}

/** One value of every JSON type, the first of which a key of the schema is expected to have. */
const SAMPLES: Readonly<Record<string, unknown>> = {
  string: "some text",
  number: 7,
  boolean: true,
  null: null,
  array: ["a"],
  object: { a: "b" },
};

/** An encrypted value is a text that the program gets decrypted. */
function isEncrypted(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).join() === "secure";
}

function typeOf(value: unknown): string {
  if (isEncrypted(value)) {
    return "string";
  }
  return value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
}

function retyped(values: Values, path: Path): Mutation[] {
  const type = typeOf(valueAt(values, path));
  // Pulumi hands text out as it stands: at top level a 7 is a legal realm.
  const isText = path.length === 1 && type === "string";
  return isText
    ? []
    : Object.entries(SAMPLES)
        .filter(([other]) => other !== type)
        .map(([, sample]) => ({ values: replaced(values, path, () => sample), place: placeOf(path) }));
}

function brokenIds(values: Values, path: Path): Mutation[] {
  const value = valueAt(values, path);
  if (typeof value !== "string" || !/^[0-9a-f-]{36}$/.test(value)) {
    return [];
  }
  const broken = [`${value}0`, value.slice(1), value.replaceAll("-", ""), `{${value}}`, value.replace(/^./, "g")];
  const inUpperCase = value.toUpperCase() === value ? [] : [value.toUpperCase()];
  return [...broken, ...inUpperCase].map((text) => ({
    values: replaced(values, path, () => text),
    place: placeOf(path),
  }));
}

/** Client ids cannot be misspelt: any is right. */
function misspelt(values: Values, path: Path): Mutation[] {
  const last = path.at(-1);
  const isClientId = path.length === 2 && path[0] === "scpcloud:integrations";
  if (typeof last !== "string" || isClientId) {
    return [];
  }
  return [`${last}s`, last.slice(0, -1), last.replace(/.$/, (letter) => letter.toUpperCase())]
    .filter((name) => name !== last && !isKnown(name))
    .map((name) => ({
      values: replaced(values, path, (value) => value, name),
      place: placeOf([...path.slice(0, -1), name] as unknown as Path),
    }));
}

function isKnown(name: string): boolean {
  return Object.hasOwn(STACK.entries, name.replace("scpcloud:", ""));
}

function pathsOf(values: Values): Path[] {
  const below = (value: unknown, path: Path): Path[] => [
    path,
    ...(typeof value === "object" && value !== null && !isEncrypted(value)
      ? Object.entries(value).flatMap(([key, item]) => below(item, [...path, Array.isArray(value) ? +key : key]))
      : []),
  ];
  return Object.entries(values).flatMap(([key, value]) => below(value, [key]));
}

function valueAt(values: Values, path: Path): unknown {
  return path.reduce<unknown>((value, key) => (value as Values)[key], values);
}

/** A copy with the value at the path changed, under another last key if one is given. */
function replaced(values: Values, path: Path, change: (value: unknown) => unknown, name?: string): Values {
  const copy = structuredClone(values);
  const last = path.at(-1) ?? "";
  const container = path.slice(0, -1).reduce<unknown>((value, key) => (value as Values)[key], copy) as Record<
    string,
    unknown
  >;
  const value = change(container[last]);
  if (name !== undefined) {
    delete container[last];
  }
  container[name ?? last] = value;
  return copy;
}

function placeOf([key, ...rest]: Path): string {
  return key + rest.map((part) => (typeof part === "number" ? `[${part}]` : `.${part}`)).join("");
}
