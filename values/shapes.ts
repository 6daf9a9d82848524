import * as v from "valibot";

/** The value if it is a map, else an empty one: rules across keys look at what is usable. */
export function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

/** The value's texts if it is a list, else none. */
export function stringsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** A value, if it is of a form; else why it is not, in words that quote nothing, since it may hold secrets. */
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

/** The same of a JSON text. */
export function ofJson<Schema extends v.GenericSchema>(schema: Schema, text: string) {
  return ofForm(schema, parseJson(text));
}

/** What a text says as JSON; undefined where it is none. JavaScript's reason quotes the text, which may hold secrets. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function typeOf(value: unknown): string {
  return Array.isArray(value) ? "array" : value === null ? "null" : typeof value;
}

/** The name of a type, of JavaScript or of a schema. */
function inWords(type: string): string {
  const words: Readonly<Record<string, string>> = { array: "a list", string: "a text", record: "a map" };
  return words[type] ?? (/object$/.test(type) ? "a map" : type === "null" ? type : `a ${type}`);
}
