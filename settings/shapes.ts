import * as v from "valibot";

import type { RuleName } from "./rules";

/** A check's message is the name of its rule, which read.ts turns into a fault. */
export const says = (rule: RuleName): RuleName => rule;

export const text = v.string(says("text"));
export const word = (rule: RuleName) => v.pipe(text, v.regex(/^\S+$/u, says(rule)));
export const boolean = v.boolean(says("boolean"));

/** valibot takes any object for a map, lists too. */
export function refusingLists<T extends v.GenericSchema & { readonly message: RuleName }>(schema: T): T {
  const refused = v.never(schema.message);
  return {
    ...schema,
    "~run": (dataset, config) => (Array.isArray(dataset.value) ? refused : schema)["~run"](dataset, config),
  };
}

export const mapOf = <const T extends v.ObjectEntries>(entries: T, rule: RuleName) =>
  refusingLists(v.object(entries, rule));
export const listOf = <T extends v.GenericSchema>(item: T) => v.array(item, says("list"));

/** A whole number within bounds, both included. */
export const whole = (least: number, most: number, rule: RuleName) =>
  v.pipe(v.number(says(rule)), v.integer(says(rule)), v.minValue(least, says(rule)), v.maxValue(most, says(rule)));

/** A value of a form; or what keeps it from being one, in words that quote nothing: it may hold secrets. */
export function ofForm<Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
): { readonly value: v.InferOutput<Schema> } | { readonly wrong: string } {
  const { issues, output, success } = v.safeParse(schema, value);
  // valibot takes any object for a map, lists too.
  if (success && Array.isArray(value) && !Array.isArray(output)) {
    return { wrong: "it is a list, not a map" };
  }
  if (success) {
    return { value: output };
  }
  const [{ input, type }] = issues;
  const path = v.getDotPath(issues[0]);
  if (path === null && value === undefined) {
    return { wrong: "it is no JSON" };
  }
  const not = input === undefined ? "missing" : `${inWords(typeOf(input))}, not ${inWords(type)}`;
  return { wrong: `${path ?? "it"} is ${not}` };
}

function typeOf(value: unknown): string {
  return Array.isArray(value) ? "array" : value === null ? "null" : typeof value;
}

/** The name of a type, of JavaScript or of a schema. */
function inWords(type: string): string {
  const words: Readonly<Record<string, string>> = { array: "a list", string: "a text", record: "a map" };
  return words[type] ?? (/object$/.test(type) ? "a map" : type === "null" ? type : `a ${type}`);
}
