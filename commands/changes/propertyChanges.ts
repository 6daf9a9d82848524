import { recordOf } from "../../values/shapes.ts";
import { type Step, UNKNOWN } from "../pulumi/preview.ts";

/** A property that changes, its values ready to print. */
export interface PropertyChange {
  readonly property: string;
  readonly before: string;
  readonly after: string;
  /** Whether the resource is replaced for it. */
  readonly replaces: boolean;
}

/** The key of the objects that Pulumi writes instead of secret values, whatever else is in them. */
export const SECRET_MARK = "4dabf18193072939515e22adb298388d";
const SECRET = "[secret]";

/** Texts that are never shown, even if somebody ran the preview with --show-secrets. */
const SECRET_PROPERTIES = /secret|password|privatekey|token$/i;

/** The names of the properties that differ; a list or a map is one of them. */
export function changedNames({ detailedDiff, diffReasons }: Partial<Step>): string[] {
  return [...new Set([...Object.keys(detailedDiff ?? {}).map(propertyOf), ...(diffReasons ?? [])])].sort();
}

/** The properties of an update or a replacement that differ, by name. */
export function changedProperties(step: Step): PropertyChange[] {
  const { detailedDiff, newState, oldState } = step;
  return changedNames(step).map((property) => ({
    property,
    ...describePair(
      property,
      // What the server has, which may differ from what the program once said.
      valueOf(oldState?.outputs, property) ?? valueOf(oldState?.inputs, property),
      valueOf(newState?.inputs, property),
    ),
    replaces: Object.entries(detailedDiff ?? {}).some(
      ([path, { kind = "" }]) => propertyOf(path) === property && kind.endsWith("replace"),
    ),
  }));
}

/** `envs[3]` and `capabilities.adds[0]` by their first names: what is in a list has no name of its own. */
function propertyOf(path: string): string {
  return /^\["(.*?)"\]/.exec(path)?.[1] ?? /^[^.[]*/.exec(path)?.[0] ?? path;
}

function valueOf(values: Readonly<Record<string, unknown>> | undefined, property: string): unknown {
  return values !== undefined && Object.hasOwn(values, property) ? values[property] : undefined;
}

function describePair(property: string, before: unknown, after: unknown): Pick<PropertyChange, "before" | "after"> {
  const [old, now] = [maskedAs(property, before), maskedAs(property, after)];
  if (Array.isArray(old) && Array.isArray(now)) {
    const [left, come] = [without(old, now), without(now, old)];
    // The entries that stay would hide the ones that do not. None of either: only their order changes.
    if (left.length + come.length > 0 && left.length + come.length < old.length + now.length) {
      return { before: entries(left), after: entries(come) };
    }
  }
  return { before: describe(old), after: describe(now) };
}

/** Some of a list's entries. */
function entries(list: readonly unknown[]): string {
  return `[${[...list.map((item) => JSON.stringify(item)), "…"].join(", ")}]`;
}

/** The entries of a list that are not in another one. */
export function without<T>(list: readonly T[], other: readonly T[]): T[] {
  const texts = new Set(other.map((item) => JSON.stringify(item)));
  return list.filter((item) => !texts.has(JSON.stringify(item)));
}

/** A masked value as it is printed. */
function describe(value: unknown): string {
  if (value === undefined || value === null) {
    return "—";
  }
  if (value === UNKNOWN) {
    return "(known after up)";
  }
  return value === SECRET ? SECRET : JSON.stringify(value);
}

/** A property's value without its secrets, and without what Pulumi keeps in it for itself. */
export function maskedAs(property: string, value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map((item) => maskedAs(property, item));
  }
  const record = recordOf(value);
  if (record !== value) {
    return typeof value === "string" && SECRET_PROPERTIES.test(property) ? SECRET : value;
  }
  if (Object.hasOwn(record, SECRET_MARK)) {
    return SECRET;
  }
  const entries = Object.entries(record).filter(([key]) => !key.startsWith("__"));
  return Object.fromEntries(
    entries.map(([key, item]) => [key, maskedAs(SECRET_PROPERTIES.test(property) ? property : key, item)]),
  );
}

/** One input of a resource that is no secret text, such as its name. */
export function textInput(inputs: Readonly<Record<string, unknown>> | undefined, property: string): string | undefined {
  const value = maskedAs(property, valueOf(inputs, property));
  return typeof value === "string" && value !== UNKNOWN && value !== SECRET ? value : undefined;
}
