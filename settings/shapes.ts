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
