import { inWords, TYPES } from "../../contract/types.ts";
import { parseJson, recordOf, stringsOf } from "../../values/shapes.ts";
import { code, plural } from "../changes/markdown.ts";
import { textInput } from "../changes/propertyChanges.ts";
import { type Change, type ManagedResource, scopeOf } from "./changesByHand.ts";
import type { Danger, Finding } from "./finding.ts";

/** A change in words: one sentence, or one for each entry that a list has gained or lost. */
export type Words = (change: Change) => Finding[];

/**
 * A sentence that begins with "someone". `{on|off}` is the first where the server has the property switched on, and the
 * second otherwise; all else in braces stands for what {@link fill} knows.
 */
export function says(danger: Danger, template: string, newSecret = false): Words {
  return (change) => [findingOf(change, danger, fill(template, change), newSecret)];
}

function findingOf({ resource }: Change, danger: Danger, words: string, newSecret = false): Finding {
  return { owner: resource.owner, danger, sentence: `someone ${words}`, remedy: "up", newSecret };
}

function fill(template: string, { property = "", real, resource, stored }: Change): string {
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
  return template.replace(/\{(.*?)\}/g, (_, inside: string) => {
    const [on = "", off] = inside.split("|");
    return off === undefined ? (words[on] ?? "") : isOn ? on : off;
  });
}

/** The resource as a sentence names it. */
export function phrase(resource: ManagedResource): string {
  const { inputs, type } = resource;
  const name = textInput(inputs, "name") ?? "";
  switch (type) {
    case TYPES.client:
      return `the client of ${whom(resource)}`;
    case TYPES.clientScope:
      return `the client scope ${name}`;
    case TYPES.hardcodedClaim:
    case TYPES.audience:
      return `the mapper ${code(name)} of ${whom(resource)}`;
    case TYPES.clientProfile:
    case TYPES.clientPolicy:
      return `the client ${type === TYPES.clientProfile ? "profile" : "policy"} ${code(name)}`;
    case TYPES.roleMapping:
      // The state knows the role by its id only; the program has named the resource after it.
      return `the role mapping ${code(resource.name.replace(/^.*?-account-/, ""))} of ${whom(resource)}`;
    default:
      return `the ${inWords(type)} of ${whom(resource)}`;
  }
}

/** Whose it is. */
export function whom({ owner, type }: Pick<ManagedResource, "owner" | "type">): string {
  const { kind, name } = owner;
  return { customer: `customer ${name}`, shared: `the client scope ${scopeOf({ type })}`, stack: "the stack" }[kind];
}

/** A masked value in a sentence; somebody at the server may have written it. */
function shown(value: unknown): string {
  return value === undefined ? "nothing" : code(typeof value === "string" ? value : JSON.stringify(value));
}

/**
 * One sentence for each entry of a list that was added or taken.
 * @param owner whose it is, as in {@link says}
 * @param consequence of one that was taken
 */
export function each(danger: Danger, item: string, owner: string, consequence = ""): Words {
  return (change) => {
    const [before, after] = [stringsOf(change.stored), stringsOf(change.real)];
    const of = (entries: readonly string[], others: readonly string[], words: string) =>
      entries
        .filter((entry) => !others.includes(entry))
        .flatMap((entry) => says(danger, words)({ ...change, real: entry }));
    return [
      ...of(after, before, `added ${item} {is} to ${owner}`),
      ...of(before, after, `took ${item} {is} from ${owner}${consequence}`),
    ];
  };
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
    return [...new Set([...before.keys(), ...after.keys()])].flatMap((name) => {
      const [old, now] = [before.get(name), after.get(name)];
      if (old === undefined || now === undefined) {
        const names = { ...change, stored: old && [name], real: now && [name] };
        return each("credentials", `the ${item}`, "{phrase}", consequences[name])(names);
      }
      const keys = [...new Set([...Object.keys(old), ...Object.keys(now)])].filter((key) => old[key] !== now[key]);
      return keys.map((key) => {
        const known = CONFIGURATION[key];
        const [what, show] = known ?? [
          `${code(key)} of the ${item} ${code(name)} of ${phrase(change.resource)}`,
          shown,
        ];
        return findingOf(change, "credentials", `changed ${what} from ${show(old[key])} to ${show(now[key])}`);
      });
    });
  };
}

function configurationsOf(list: unknown): ReadonlyMap<string, Readonly<Record<string, unknown>>> {
  const parts = (Array.isArray(list) ? list : []).map(recordOf);
  return new Map(parts.map(({ configuration, name }) => [String(name), recordOf(configuration)]));
}

const UNITS = { day: 86_400, hour: 3_600, minute: 60, second: 1 };

/** Seconds, as in "14 days" or "1 hour 30 minutes". */
function duration(value: unknown): string {
  let rest = Number(value);
  const words = Object.entries(UNITS).flatMap(([unit, size]) => {
    const count = Math.floor(rest / size);
    rest %= size;
    return count > 0 ? [plural(count, unit)] : [];
  });
  return words.join(" ") || shown(value);
}

/** Keycloak has them as JSON in a text, and somebody may have written anything there. */
function attributes(value: unknown): string {
  const list = parseJson(String(value));
  if (!Array.isArray(list)) {
    return shown(value);
  }
  const texts = list.map(recordOf).map((one) => code(`${String(one["key"])}=${String(one["value"])}`));
  return texts.join(", ") || shown(undefined);
}
