type Values = Readonly<Record<string, unknown>>;

/** One value of every JSON type. */
const SAMPLES = ["some text", 7, true, null, ["a"], { a: "b" }];

/** The configuration with each of its values, at any depth, replaced by one of each other type; a fault has to name the place. */
export function mutationsOf(values: Values) {
  // Pulumi hands text out as it stands: at top level a 7 is a legal realm.
  const entries = Object.entries(values).filter(([, value]) => typeof value !== "string");
  return entries.flatMap(([key, value]) =>
    variants(value).map(([place, other]): { place: string; values: Values } => ({
      place: key + place,
      values: { ...values, [key]: other },
    })),
  );
}

function variants(value: unknown): [place: string, other: unknown][] {
  const others = SAMPLES.filter((sample) => typeOf(sample) !== typeOf(value));
  const map = typeof value === "object" ? (value as Values | null) : {};
  return [
    ...others.map((other): [string, unknown] => ["", other]),
    ...Object.entries(map ?? {}).flatMap(([key, part]) =>
      variants(part).map(([place, other]): [string, unknown] =>
        Array.isArray(value)
          ? [`[${key}]${place}`, value.with(+key, other)]
          : [`.${key}${place}`, { ...map, [key]: other }],
      ),
    ),
  ];
}

const typeOf = (value: unknown) => (value === null ? "null" : Array.isArray(value) ? "array" : typeof value);
