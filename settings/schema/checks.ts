import * as v from "valibot";

import { didYouMean, type Fault, shown, visible } from "../../faults/faults.ts";

/** What a value must be, why, and what to do. */
type Message = readonly [rule: string, reason: string, remedy: string];

/** The message of a check. A fault is made of it (faultOf). */
export function must(...[rule, reason, remedy]: Message): string {
  return [`must ${rule}`, reason, remedy].join("\n");
}

/** A check's message as the parts of a fault. */
export function partsOf(message: string): Pick<Fault, "reason" | "remedy" | "rule"> {
  const [rule = "", reason = "", remedy = ""] = message.split("\n");
  return { rule, reason, remedy };
}

export const RESERVED = must(
  "not be a reserved name",
  "Keycloak or JavaScript uses it for something of its own",
  "rename it",
);

export const text = v.string(
  must(
    "be text",
    "YAML reads unquoted digits, dates, true and false as other types and may change them (007 becomes 7)",
    'put the value in quotes, as in "007"',
  ),
);
export const boolean = v.boolean(
  must(
    "be true or false",
    "it switches something on or off, and any other value would be a guess",
    "write true or false without quotes",
  ),
);

/** A value that breaks one rule is not held to the next ones. */
export const inOrder = <Schema extends v.GenericSchema>(schema: Schema) => v.config(schema, { abortPipeEarly: true });

/** What a text must look like. */
export const form = (pattern: RegExp, ...message: Message) => v.regex<string, string>(pattern, must(...message));

/** What must hold of a value. */
export const holds = <Value>(check: (value: Value) => boolean, ...message: Message) =>
  v.check<Value, string>(check, must(...message));

/** A text of a form. */
export const matching = (pattern: RegExp, ...message: Message) => inOrder(v.pipe(text, form(pattern, ...message)));

/** A whole number within bounds, both included. */
export function whole(least: number, most: number, ...parts: Message) {
  const message = must(...parts);
  return inOrder(v.pipe(v.number(message), v.integer(message), v.minValue(least, message), v.maxValue(most, message)));
}

export const listOf = <Item extends v.GenericSchema>(item: Item) =>
  v.array(
    item,
    must(
      "be a list",
      "it holds any number of values",
      "write one value per line with a leading dash, or [] for none; Pulumi takes no text for a list",
    ),
  );

export const MAP = must(
  "be a map",
  "it holds named values",
  "write one key with its value per line, with a blank behind the colon, or {} for none; Pulumi takes no text for a map",
);

/** A map that has these keys and no others. */
export function mapOf<const Entries extends v.ObjectEntries>(entries: Entries, message: string = MAP) {
  // The message of what may not be there lists what may (faultOf).
  const schema = v.objectWithRest(entries, v.never(Object.keys(entries).join()), message);
  return refusingLists(schema) as unknown as v.ObjectSchema<Entries, string>;
}

/** A map of any names. */
export const mapOfAny = <Name extends v.GenericSchema<string, string>, Item extends v.GenericSchema>(
  name: Name,
  item: Item,
  message: string,
) => refusingLists(v.record(name, item, message));

/** valibot takes any object for a map, lists too. */
function refusingLists<Schema extends v.GenericSchema & { readonly message: string }>(schema: Schema): Schema {
  const refused = v.custom(() => false, schema.message);
  return {
    ...schema,
    "~run": (dataset, config) => (Array.isArray(dataset.value) ? refused : schema)["~run"](dataset, config),
  };
}

/** What is wrong with a value of a namespace. */
export function faultOf(namespace: string, issue: v.BaseIssue<unknown>): Fault {
  const { input, message, type } = issue;
  const path: readonly v.IssuePathItem[] = issue.path ?? [];
  const names = path.map((item) => (typeof item.key === "number" ? `[${item.key}]` : `.${String(item.key)}`));
  const key = `${namespace}:${names.join("").slice(1)}`;
  if (type === "never") {
    return unknownSetting(key, String(path.at(-1)?.key), message.split(","));
  }
  const last = path.at(-1);
  const value = last === undefined || last.origin === "key" ? input : last.value;
  return { key, ...partsOf(message), ...(value === undefined ? {} : { value: shown(value) }) };
}

/** A message names what is further in with dots. Somebody who writes a key so is told how a stack file has it. */
function unknownSetting(key: string, name: string, known: readonly string[]): Fault {
  const fault = unknownKey(key, name, known);
  const [written = "", ...value] = name.split(":");
  if (value.length > 0 && known.includes(written)) {
    return { ...fault, remedy: `write a blank behind the colon: ${visible(`${written}: ${value.join(":")}`)}` };
  }
  const [setting = "", ...below] = name.split(".");
  if (below.length === 0 || !known.includes(setting)) {
    return fault;
  }
  const parent = (key.slice(0, -name.length) + setting).split(".").at(-1);
  return { ...fault, remedy: `write ${below.map((one) => `"${one}:"`).join(" and ")} further in, below "${parent}:"` };
}

/** The fault of a key that nothing reads. Its value is not shown: it may have been meant as a secret. */
export function unknownKey(key: string, name: string, known: readonly string[]): Fault {
  return {
    key,
    rule: "must be a known setting",
    reason: "a misspelt setting would silently do nothing",
    remedy: didYouMean(name, known),
  };
}

/** The keys of namespaces that nothing reads. */
export function unknownNamespaces(keys: readonly string[], known: readonly string[]): Fault[] {
  return keys
    .map((key): [string, string] => [key, key.split(":")[0] ?? ""])
    .filter(([, namespace]) => !known.includes(namespace))
    .map(([key, namespace]) => unknownKey(key, namespace, known));
}

/** Names that no plain object keeps as a key of its own. They would be lost without a word. */
const LOST_NAMES = ["__proto__", "constructor", "prototype"];

/** The keys that would be lost, at any depth. */
export function lostNames(value: unknown, path: string): Fault[] {
  return Object.entries(typeof value === "object" ? (value ?? {}) : {}).flatMap(([name, item]): Fault[] => {
    const key = Array.isArray(value) ? `${path}[${name}]` : `${path}${path.endsWith(":") ? "" : "."}${name}`;
    return LOST_NAMES.includes(name) ? [{ key, ...partsOf(RESERVED), value: shown(name) }] : lostNames(item, key);
  });
}
