import { isDeepStrictEqual } from "node:util";

import { changingSteps, type Preview, type Step } from "../pulumi/preview";
import { changedNames, maskedAs } from "../changes/values";
import { type ManagedResource, managedResources } from "./managedResources";

/** What somebody did to a resource behind the program's back: it is gone, or one of its properties is another. */
export type Change =
  | { readonly kind: "lost"; readonly resource: ManagedResource }
  | {
      readonly kind: "changed";
      readonly resource: ManagedResource;
      readonly property: string;
      /** What the last `up` left, secrets masked. */
      readonly stored: unknown;
      /** What the server has. */
      readonly real: unknown;
    };

/**
 * What differs between the servers and what the last `up` left, as far as an `up` would change it.
 * @param refreshed the preview of a refresh
 * @param plain a preview that asked no server, by which is known what is not deployed yet: what the stack file has no
 * more is nobody's change, nor is a value that it has already
 */
export function changesByHand(refreshed: Preview, plain: Preview): Change[] {
  const managed = managedResources(refreshed);
  const pending = changingSteps(plain);
  return [...changingSteps(refreshed).values()].flatMap((step): Change[] => {
    const resource = managed.get(step.urn);
    const { op, newState: said } = pending.get(step.urn) ?? {};
    if (resource === undefined || op === "delete") {
      return [];
    }
    if (step.op === "delete") {
      return [{ kind: "lost", resource }];
    }
    return changedNames(step).flatMap((property): Change[] => {
      const values = { stored: valueOf(step.oldState, property), real: valueOf(step.newState, property) };
      // Of a secret that has changed, both look alike.
      // A newer plugin tells of a switch that the older one did not know: it is off, and nobody has touched it.
      const isNewSwitch = values.stored === undefined && values.real === false;
      const isOther = isMasked(values.real) || !(isNewSwitch || isDeepStrictEqual(values.stored, values.real));
      const isSaid = said !== undefined && isDeepStrictEqual(shownAs(property, said.inputs?.[property]), values.real);
      return isOther && !isSaid ? [{ kind: "changed", resource, property, ...values }] : [];
    });
  });
}

/** What an `up` changes besides, for no other reason than what somebody did. */
export function followingChanges(
  refreshed: Preview,
  plain: Preview,
  changes: readonly Change[],
  managed: ReadonlyMap<string, ManagedResource>,
): ManagedResource[] {
  const known = new Set([...changes.map(({ resource }) => resource.urn), ...changingSteps(plain).keys()]);
  return [...changingSteps(refreshed).keys()].flatMap((urn) => (known.has(urn) ? [] : (managed.get(urn) ?? [])));
}

/** A value as the server told it, else as the program said it. */
function valueOf(state: Step["oldState"], property: string): unknown {
  return shownAs(property, state?.outputs?.[property] ?? state?.inputs?.[property]);
}

/** A value without its secrets; nothing, however that is written. */
function shownAs(property: string, given: unknown): unknown {
  const value = maskedAs(property, given);
  const isNothing = value === null || value === "" || (typeof value === "object" && Object.keys(value).length === 0);
  return isNothing ? undefined : value;
}

function isMasked(value: unknown): boolean {
  return JSON.stringify(value)?.includes('"[secret]"') === true;
}
