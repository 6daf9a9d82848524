import { type Fault, shown } from "./faults";
import { RULES } from "./rules";
import { SCHEMA } from "./schema";
import { type ConfigurationSource, keysOf } from "./source";

/** The values of the namespace `scpcloud` with their types, before the schema has passed them. */
export type Decoded = Readonly<Record<string, unknown>>;

/** Pulumi hands every value out as text. A text that is not of its key's type stays text, for the schema to refuse. */
export function decode(source: ConfigurationSource): { decoded: Decoded; faults: Fault[] } {
  const decoded: Record<string, unknown> = {};
  const faults: Fault[] = [];
  for (const key of keysOf(source, "scpcloud")) {
    const raw = source.values[`scpcloud:${key}`] ?? "";
    const type = Object.hasOwn(SCHEMA, key) ? SCHEMA[key as keyof typeof SCHEMA].type : "string";
    const value = decodeAs(type, raw, source.hasParts?.[`scpcloud:${key}`]);
    if (value === undefined) {
      faults.push({ key: `scpcloud:${key}`, ...RULES.json, value: shown(raw) });
    } else {
      decoded[key] = value;
    }
  }
  return { decoded, faults };
}

/**
 * A value of the type that its schema expects; undefined for what should be a list or a map and is none. A number is what
 * Pulumi and the provider both read as that number: neither "3e2" nor "0300".
 * @param hasParts whether it was one before it became text, where that is known
 */
export function decodeAs(type: string, raw: string, hasParts?: boolean): unknown {
  switch (type) {
    case "number":
      return /^-?(0|[1-9]\d*)$/.test(raw) ? Number(raw) : raw;
    case "boolean":
      return raw === "true" || raw === "false" ? raw === "true" : raw;
    case "array":
    case "object":
    case "record":
      return hasParts === false ? undefined : parsed(raw);
    default:
      return hasParts === true ? parsed(raw) : raw;
  }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return undefined;
  }
}

/** The value if it is a map, else an empty one: rules across keys look at whatever is usable. */
export function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

/** The value's texts if it is a list, else none. */
export function stringsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
