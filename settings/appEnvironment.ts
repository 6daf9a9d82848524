import * as v from "valibot";

import { type Decoded, recordOf } from "./decode";
import { CA_FILE_VARIABLE, environmentName } from "./environmentNames";
import type { Fault } from "./faults";
import { LOST_NAMES } from "./integrations";
import { SCHEMA } from "./schema";
import type { ConfigurationSource } from "./source";

export const APPS = ["api", "bff"] as const;
export type App = (typeof APPS)[number];

/** What is wrong with the map of secret variables as a whole. */
export function checkSecretEnvironment(
  decoded: Decoded,
  declared: readonly App[],
  source: ConfigurationSource,
): Fault[] {
  const environment = recordOf(decoded["secretEnvironment"]);
  const key = "scpcloud:secretEnvironment";
  const faults = APPS.filter(
    (app) => Object.keys(recordOf(environment[app])).length > 0 && !declared.includes(app),
  ).map((app): Fault => ({
    key: `${key}.${app}`,
    rule: `must belong to a container, scpcloud:apps.${app}`,
    reason: "nobody would get these values",
    remedy: "remove it, or declare the container",
  }));
  const written = source.values[key]?.trim() ?? "{}";
  if (written !== "{}" && !source.secretKeys.has(key)) {
    faults.push({
      key,
      rule: "must be stored as a secret",
      reason: "the stack file goes into git, and Pulumi's state keeps in plain text what is not marked secret",
      remedy: `run: pulumi config set --secret --path '${key}.bff.NAME' (and renew the value: it has been readable)`,
    });
  }
  return faults;
}

/** What is wrong with the names of a container's variables. ASP.NET Core does not tell upper from lower case in them. */
export function checkEnvironment(app: App, decoded: Decoded): Fault[] {
  const emitted = emittedNames(app, decoded).map((name) => name.toLowerCase());
  const names = (["apps", "secretEnvironment"] as const).flatMap((key) => {
    const below = recordOf(recordOf(decoded[key])[app]);
    const path = key === "apps" ? `scpcloud:apps.${app}.environment` : `scpcloud:secretEnvironment.${app}`;
    return Object.keys(recordOf(key === "apps" ? below["environment"] : below)).map((name) => ({ path, name }));
  });
  return names.flatMap(({ path, name }, index) => {
    const lowerCased = name.toLowerCase();
    const fault = (rule: string, reason: string): Fault => ({
      key: `${path}.${name}`,
      rule,
      reason,
      remedy: "remove it, or give it another name",
    });
    if (LOST_NAMES.includes(name)) {
      return [
        fault("must not be a reserved name", "JavaScript uses it for something of its own, and it would get lost"),
      ];
    }
    if (emitted.some((one) => lowerCased === one || lowerCased.startsWith(`${one}__`))) {
      return [
        fault(
          "must not be a setting that the program itself hands over",
          "it follows from the rest of the stack file, and one value would overwrite the other",
        ),
      ];
    }
    return names.slice(0, index).some((other) => other.name.toLowerCase() === lowerCased)
      ? [
          fault(
            "must not repeat the name of an environment variable",
            "one value would overwrite the other; ASP.NET Core does not tell upper from lower case",
          ),
        ]
      : [];
  });
}

/** The variables that a container gets by itself; of a list, the part before the index. */
function emittedNames(app: App, decoded: Decoded): string[] {
  const parsed = v.safeParse(SCHEMA[app], decoded[app]);
  if (!parsed.success) {
    return [CA_FILE_VARIABLE];
  }
  const { environmentPrefix, names, section } = parsed.output;
  const path = section.split(":");
  return [CA_FILE_VARIABLE, ...Object.values(names).map((name) => environmentName(environmentPrefix, [...path, name]))];
}
