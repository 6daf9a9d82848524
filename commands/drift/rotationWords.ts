import { recordOf, stringsOf } from "../../settings/decode";
import { code, plural } from "../changes/markdown";
import { shown, type Told } from "./finding";
import { type ManagedResource, phrase } from "./managedResources";

/** What somebody changed in the client profile or the client policy by which secrets overlap. */
type Words = (stored: unknown, real: unknown, resource: ManagedResource) => Told[];

/** What follows where the executor, or what applies it, is gone. */
export const WITHOUT_OVERLAP = ": a secret that is renewed stops at once";
const SECRET_ROTATION = "secret-rotation";
const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
] as const;

/** Of what a value of a configuration tells, and how it is shown; by its key in Keycloak. */
const SETTINGS: Readonly<Record<string, readonly [what: string, show: (value: unknown) => string]>> = {
  "expiration-period": ["for how long a customer's secret works", duration],
  "rotated-expiration-period": ["for how long a customer's previous secret works beside its new one", duration],
  attributes: ["the attributes of the clients whose secrets overlap", attributes],
  "is-negative-logic": ["whether the secrets of all other clients overlap instead", shown],
};

export const PROFILE_WORDS: Readonly<Record<string, Words>> = { executors: parts("executor") };

export const POLICY_WORDS: Readonly<Record<string, Words>> = {
  conditions: parts("condition"),
  enabled: (_, real, resource) => [
    told(`someone switched ${real === true ? "on" : "off"} ${phrase(resource)}${real === true ? "" : WITHOUT_OVERLAP}`),
  ],
  profiles: (stored, real, resource) => {
    const [before, after] = [stringsOf(stored), stringsOf(real)];
    return [
      ...after.filter((name) => !before.includes(name)).map((name) => added("client profile", name, resource)),
      ...before.filter((name) => !after.includes(name)).map((name) => taken("client profile", name, resource, true)),
    ];
  },
};

/** The executors of a profile or the conditions of a policy: each has a name and a configuration. */
function parts(item: string): Words {
  return (stored, real, resource) => {
    const [before, after] = [configurationsOf(stored), configurationsOf(real)];
    return [...new Set([...before.keys(), ...after.keys()])].flatMap((name) => {
      const [old, now] = [before.get(name), after.get(name)];
      if (old === undefined) {
        return [added(item, name, resource)];
      }
      if (now === undefined) {
        return [taken(item, name, resource, name === SECRET_ROTATION)];
      }
      return [...new Set([...Object.keys(old), ...Object.keys(now)])]
        .filter((key) => old[key] !== now[key])
        .map((key) => {
          const plainly = [`${code(key)} of the ${item} ${code(name)} of ${phrase(resource)}`, shown] as const;
          const [what, show] = SETTINGS[key] ?? plainly;
          return told(`someone changed ${what} from ${show(old[key])} to ${show(now[key])}`);
        });
    });
  };
}

function configurationsOf(list: unknown): ReadonlyMap<string, Readonly<Record<string, unknown>>> {
  return new Map(
    (Array.isArray(list) ? list : []).map((part) => {
      const { configuration, name } = recordOf(part);
      return [String(name), recordOf(configuration)];
    }),
  );
}

function added(item: string, name: string, resource: ManagedResource): Told {
  return told(`someone added the ${item} ${shown(name)} to ${phrase(resource)}`);
}

function taken(item: string, name: string, resource: ManagedResource, endsOverlap: boolean): Told {
  return told(`someone took the ${item} ${shown(name)} from ${phrase(resource)}${endsOverlap ? WITHOUT_OVERLAP : ""}`);
}

function told(sentence: string): Told {
  return { danger: "credentials", sentence };
}

/** Seconds, as in "14 days" or "1 hour 30 minutes". */
function duration(value: unknown): string {
  let rest = Number(value);
  const words = UNITS.flatMap(([unit, size]) => {
    const count = Math.floor(rest / size);
    rest %= size;
    return count > 0 ? [plural(count, unit)] : [];
  });
  return words.join(" ") || shown(value);
}

/** Keycloak has them as JSON in a text, and somebody may have written anything there. */
function attributes(value: unknown): string {
  try {
    const list = JSON.parse(String(value)) as unknown;
    const pairs = (list as unknown[]).map(recordOf).map((one) => `${String(one["key"])}=${String(one["value"])}`);
    return pairs.map(code).join(", ") || shown(undefined);
  } catch {
    return shown(value);
  }
}
