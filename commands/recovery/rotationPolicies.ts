import { isDeepStrictEqual } from "node:util";

import * as v from "valibot";

import { TYPES } from "../../contract/types.ts";
import { UserError } from "../../faults/userError.ts";
import { type KeycloakManager, read } from "../../keycloak/admin.ts";
import { recordOf } from "../../values/shapes.ts";
import type { StateResource } from "../pulumi/exportedState.ts";
import type { PlannedResource } from "../pulumi/plan.ts";

type Entry = Readonly<Record<string, unknown>>;

type Kind = Readonly<Record<"kind" | "part" | "type" | "words", string>>;

/** What Keycloak calls the realm's client profiles and client policies, and what each is made of. */
const PROFILES: Kind = { type: TYPES.clientProfile, kind: "profiles", part: "executor", words: "client profile" };
const POLICIES: Kind = { type: TYPES.clientPolicy, kind: "policies", part: "condition", words: "client policy" };

/**
 * Makes anew what the state has and somebody deleted in Keycloak: official versions of the provider read what is gone as
 * if it were there, so that no `up` makes it again.
 * @returns what was made, in words
 */
export async function restorePolicies(resources: readonly StateResource[], admin: KeycloakManager): Promise<string[]> {
  const made: string[] = [];
  // A policy names its profile.
  for (const kind of [PROFILES, POLICIES]) {
    const stored = resources.flatMap(({ type, outputs }) => (type === kind.type && outputs ? [outputs] : []));
    const found = stored.length === 0 ? [] : await list(kind, admin);
    const gone = stored.filter(({ name }) => !found.some((one) => one["name"] === name));
    if (gone.length > 0) {
      await write(kind, [...found, ...gone.map((outputs) => entryOf(kind, outputs))], admin);
      made.push(...gone.map(({ name }) => `${kind.words} ${String(name)}`));
    }
  }
  return made;
}

/**
 * Removes the client profile and client policy that a killed run made and the state does not know, for the next `up` to
 * make them: the provider cannot import them, and Keycloak refuses a second one of a name. Those of others stay.
 * @returns what was removed, in words
 * @throws UserError where others have one of that name
 */
export async function removeUnknownPolicies(
  creates: readonly PlannedResource[],
  admin: KeycloakManager,
): Promise<string[]> {
  const removed: string[] = [];
  for (const kind of [POLICIES, PROFILES]) {
    const planned = creates.filter(({ type }) => type === kind.type).map(({ inputs }) => inputs);
    const found = planned.length === 0 ? [] : await list(kind, admin);
    const unknown = found.filter(({ name }) => planned.some((inputs) => inputs["name"] === name));
    for (const one of unknown) {
      const inputs = planned.find(({ name }) => name === one["name"]) ?? {};
      if (!isDeepStrictEqual(partsOf(kind, one), partsOf(kind, entryOf(kind, inputs)))) {
        throw new UserError(
          `Keycloak has a ${kind.words} ${String(one["name"])}, which this stack's state does not know, and it is not as ` +
            "this program makes it. Nothing was changed in it. If nobody needs it, delete it in the admin console: Realm " +
            "settings, Client policies.",
        );
      }
    }
    if (unknown.length > 0) {
      await write(
        kind,
        found.filter((one) => !unknown.includes(one)),
        admin,
      );
      removed.push(...unknown.map(({ name }) => `${kind.words} ${String(name)}`));
    }
  }
  return removed;
}

/** With all that Keycloak says of each: the list is written back. */
const NAMED = v.array(v.looseObject({ name: v.string() }));

async function list({ kind }: Kind, admin: KeycloakManager): Promise<Entry[]> {
  return (await read(admin, `/client-policies/${kind}`, v.object({ [kind]: v.optional(NAMED, []) })))[kind] ?? [];
}

function write({ kind }: Kind, entries: readonly Entry[], admin: KeycloakManager): Promise<unknown> {
  return admin.change("PUT", `/client-policies/${kind}`, { [kind]: entries });
}

/** As Keycloak has what the provider's inputs or outputs say. */
function entryOf({ part }: Kind, { description, enabled, name, profiles, ...values }: Entry): Entry {
  const parts = values[`${part}s`];
  return {
    name,
    description,
    ...(profiles === undefined ? {} : { enabled, profiles }),
    [`${part}s`]: (Array.isArray(parts) ? parts : []).map(recordOf).map((one) => ({
      [part]: one["name"],
      configuration: one["configuration"],
    })),
  };
}

function partsOf({ part }: Kind, entry: Entry): unknown {
  return entry[`${part}s`];
}
