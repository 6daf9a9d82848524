import { inWords } from "../../contract/types";
import { recordOf, stringsOf } from "../../settings/decode";
import { code, plural } from "../changes/markdown";
import { textInput } from "../changes/values";
import type { Change } from "./changes";
import { type Danger, shown, type Told } from "./finding";
import { phrase, whom } from "./managedResources";

/** What is told of a change; of a resource that is lost there are no values. */
export type Telling = Pick<Change, "resource"> &
  Partial<Pick<Extract<Change, { kind: "changed" }>, "property" | "real" | "stored">>;

/** A change in words: one sentence, or one for each entry that a list has gained or lost. */
export type Words = (change: Telling) => Told[];

/** By property, or by type. */
export type Phrases = Readonly<Record<string, Words>>;

/**
 * A sentence that begins with "someone". `{on|off}` is the first where the server has the property switched on, and the
 * second otherwise; all else in braces stands for what {@link fill} knows.
 */
export function says(danger: Danger, template: string, newSecret = false): Words {
  return (change) => [{ danger, newSecret, sentence: fill(template, change) }];
}

function fill(template: string, { property = "", real, resource, stored }: Telling): string {
  const isCustomers = resource.owner.kind === "customer";
  const claim = textInput(resource.inputs, "claimName") ?? "";
  const words: Readonly<Record<string, string>> = {
    property: inWords(property),
    was: shown(stored),
    is: shown(real),
    phrase: phrase(resource),
    whom: whom(resource),
    whose: isCustomers ? "its" : "all customers'",
    claim: `the claim ${claim} of ${isCustomers ? whom(resource) : "all customers"}`,
    claimName: code(claim),
  };
  const isOn = real === true || real === "true";
  const filled = template.replace(/\{(.*?)\}/g, (_, inside: string) => {
    const [on = "", off] = inside.split("|");
    return off === undefined ? (words[on] ?? "") : isOn ? on : off;
  });
  return `someone ${filled}`;
}

/**
 * One sentence for each entry of a list that was added or taken.
 * @param owner whose it is, as in {@link says}
 * @param consequence of one that was taken
 */
export function each(danger: Danger, item: string, owner: string, consequence = ""): Words {
  return (change) => {
    const [before, after] = [stringsOf(change.stored), stringsOf(change.real)];
    const of = (entries: readonly string[], words: string) =>
      entries.flatMap((entry) => says(danger, words)({ ...change, real: entry }));
    return [
      ...of(without(after, before), `added ${item} {is} to ${owner}`),
      ...of(without(before, after), `took ${item} {is} from ${owner}${consequence}`),
    ];
  };
}

function without(list: readonly string[], others: readonly string[]): string[] {
  return list.filter((entry) => !others.includes(entry));
}

/** Of what a value of a configuration tells, and how it is shown; by its key in Keycloak. */
const CONFIGURATION: Readonly<Record<string, readonly [what: string, show: (value: unknown) => string]>> = {
  "expiration-period": ["for how long a customer's secret works", duration],
  "rotated-expiration-period": ["for how long a customer's previous secret works beside its new one", duration],
  attributes: ["the attributes of the clients whose secrets overlap", attributes],
  "is-negative-logic": ["whether the secrets of all other clients overlap instead", shown],
};

/**
 * Of the executors of a client profile, or the conditions of a client policy: each has a name and a configuration.
 * @param consequences of one that was taken, by its name
 */
export function changesOfParts(item: string, consequences: Readonly<Record<string, string>> = {}): Words {
  return (change) => {
    const [before, after] = [configurationsOf(change.stored), configurationsOf(change.real)];
    const of = phrase(change.resource);
    return [...new Set([...before.keys(), ...after.keys()])].flatMap((name) => {
      const [old, now] = [before.get(name), after.get(name)];
      if (old === undefined || now === undefined) {
        const names = { ...change, stored: old && [name], real: now && [name] };
        return each("credentials", `the ${item}`, "{phrase}", consequences[name])(names);
      }
      const keys = [...new Set([...Object.keys(old), ...Object.keys(now)])].filter((key) => old[key] !== now[key]);
      return keys.map((key): Told => {
        const [what, show] = CONFIGURATION[key] ?? [`${code(key)} of the ${item} ${code(name)} of ${of}`, shown];
        return {
          danger: "credentials",
          sentence: `someone changed ${what} from ${show(old[key])} to ${show(now[key])}`,
        };
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

const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
] as const;

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
