import type { GenericSchema } from "valibot";

import type { ConfigurationSource } from "./source.ts";

/** The values of a namespace with their types, before a schema has passed them. */
export type Decoded = Readonly<Record<string, unknown>>;

/** The values of a namespace. What is not known stays text. */
export function decodeNamespace(
  { hasParts, values }: Pick<ConfigurationSource, "hasParts" | "values">,
  namespace: string,
  schemas: Readonly<Record<string, GenericSchema>>,
): Decoded {
  const entries = Object.entries(values).flatMap(([fullKey, text]): [string, unknown][] => {
    if (!fullKey.startsWith(`${namespace}:`)) {
      return [];
    }
    const key = fullKey.slice(namespace.length + 1);
    const schema = Object.hasOwn(schemas, key) ? schemas[key] : undefined;
    return [[key, schema === undefined ? text : decodeAs(schema, text, hasParts?.[fullKey])]];
  });
  return Object.fromEntries(entries);
}

/**
 * A value that Pulumi hands out as text, with the type that its schema expects. A text that is not of that type stays text,
 * for the schema to refuse. A number is what Pulumi and the provider both read as that number: neither "3e2" nor "0300".
 * @param hasParts whether it was a list or a map before it became text, where that is known
 */
export function decodeAs(schema: GenericSchema, raw: string, hasParts?: boolean): unknown {
  const { type, wrapped } = schema as { readonly type: string; readonly wrapped?: GenericSchema };
  if (wrapped !== undefined) {
    return decodeAs(wrapped, raw, hasParts);
  }
  switch (type) {
    case "number":
      return /^-?(0|[1-9]\d*)$/.test(raw) ? Number(raw) : raw;
    case "boolean":
      return raw === "true" || raw === "false" ? raw === "true" : raw;
    case "array":
    case "object_with_rest":
    case "record":
      return hasParts === false ? raw : parsed(raw);
    default:
      return hasParts === true ? parsed(raw) : raw;
  }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return json;
  }
}
