/** A valid configuration with one value of another type. */
export interface Mutation {
  readonly values: Values;
  /** The full key that a fault has to name. */
  readonly place: string;
}

type Values = Readonly<Record<string, unknown>>;
type Path = readonly [string, ...(string | number)[]];

/** One value of every JSON type. */
const SAMPLES: Values = {
  string: "some text",
  number: 7,
  boolean: true,
  null: null,
  array: ["a"],
  object: { a: "b" },
};

/** The configuration with each of its values, at any depth, replaced by one of each other type. */
export function mutationsOf(values: Values): Mutation[] {
  const written = JSON.parse(JSON.stringify(values)) as Values;
  return pathsOf(written).flatMap((path) => {
    const type = typeOf(path.reduce<unknown>((value, key) => (value as Values)[key], written));
    // Pulumi hands text out as it stands: at top level a 7 is a legal realm.
    return path.length === 1 && type === "string"
      ? []
      : Object.entries(SAMPLES)
          .filter(([other]) => other !== type)
          .map(([, sample]) => ({ values: replaced(written, path, sample), place: placeOf(path) }));
  });
}

function typeOf(value: unknown): string {
  return value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
}

function pathsOf(values: Values): Path[] {
  const below = (value: unknown, path: Path): Path[] => [
    path,
    ...(typeof value === "object" && value !== null
      ? Object.entries(value).flatMap(([key, item]) => below(item, [...path, Array.isArray(value) ? +key : key]))
      : []),
  ];
  return Object.entries(values).flatMap(([key, value]) => below(value, [key]));
}

function replaced(values: Values, path: Path, sample: unknown): Values {
  const copy = structuredClone(values);
  const container = path.slice(0, -1).reduce<unknown>((value, key) => (value as Values)[key], copy);
  (container as Record<string | number, unknown>)[path.at(-1) ?? ""] = sample;
  return copy;
}

function placeOf([key, ...rest]: Path): string {
  return key + rest.map((part) => (typeof part === "number" ? `[${part}]` : `.${part}`)).join("");
}
