import { CA_FILE_VARIABLE, environmentName } from "./serviceNames";
import type { Fault } from "./faults";
import type { UsableValues } from "./schema";

export const APPS = ["api", "bff"] as const;
export type App = (typeof APPS)[number];

/** Secret variables that no container gets. */
export function checkSecretEnvironment({ apps, secretEnvironment }: UsableValues): Fault[] {
  return APPS.filter((app) => Object.keys(secretEnvironment?.[app] ?? {}).length > 0 && apps?.[app] === undefined).map(
    (app) => ({
      key: `scpcloud:secretEnvironment.${app}`,
      rule: `must belong to a container, scpcloud:apps.${app}`,
      reason: "nobody would get these values",
      remedy: "remove it, or declare the container",
    }),
  );
}

/** What is wrong with the names of a container's variables. ASP.NET Core does not tell upper from lower case in them. */
export function* checkEnvironment(app: App, values: UsableValues): Generator<Fault> {
  const emitted = emittedNames(app, values).map((name) => name.toLowerCase());
  const written = {
    [`scpcloud:apps.${app}.environment`]: values.apps?.[app]?.environment,
    [`scpcloud:secretEnvironment.${app}`]: values.secretEnvironment?.[app],
  };
  const names = new Set<string>();
  for (const [path, variables] of Object.entries(written)) {
    for (const name of Object.keys(variables ?? {})) {
      const lowerCased = name.toLowerCase();
      const place = { key: `${path}.${name}`, remedy: "remove it, or give it another name" };
      if (emitted.some((one) => lowerCased === one || lowerCased.startsWith(`${one}__`))) {
        yield {
          ...place,
          rule: "must not be a setting that the program itself hands over",
          reason: "it follows from the rest of the stack file, and one value would overwrite the other",
        };
      } else if (names.has(lowerCased)) {
        yield {
          ...place,
          rule: "must not repeat the name of an environment variable",
          reason: "one value would overwrite the other; ASP.NET Core does not tell upper from lower case",
        };
      }
      names.add(lowerCased);
    }
  }
}

/** The variables that a container gets by itself; of a list, the part before the index. */
function emittedNames(app: App, values: UsableValues): string[] {
  const { environmentPrefix, names, section } = values[app] ?? {};
  if (environmentPrefix == null || section == null) {
    return [CA_FILE_VARIABLE];
  }
  const path = section.split(":");
  return [
    CA_FILE_VARIABLE,
    ...Object.values<string | null>(names ?? {})
      .filter((name) => name !== null)
      .map((name) => environmentName(environmentPrefix, [...path, name])),
  ];
}
