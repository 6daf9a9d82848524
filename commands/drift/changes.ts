import { isDeepStrictEqual } from "node:util";

import { changingSteps, type Preview, type Step } from "../pulumi/preview";
import { changedNames, maskedAs } from "../review/values";
import { type ManagedResource, managedResources } from "./managedResources";

/** What somebody did to a resource behind the program's back: it is gone, or one of its properties is another. */
export type Change =
  | { readonly kind: "lost"; readonly resource: ManagedResource; readonly planned: Readonly<Record<string, unknown>> }
  | {
      readonly kind: "changed";
      readonly resource: ManagedResource;
      readonly property: string;
      /** What the last `up` left, secrets masked. */
      readonly stored: unknown;
      /** What the server has. */
      readonly real: unknown;
    };

export interface Changes {
  readonly changes: readonly Change[];
  /** What an `up` would change besides, for no other reason than these. */
  readonly following: readonly ManagedResource[];
}

/**
 * What differs between the server and what the last `up` left, as far as an `up` would change it.
 * @param refreshed a preview that asked the servers: its changes are those by hand and those not yet deployed
 * @param plain a preview that did not, by which the latter are known
 */
export function changesByHand(refreshed: Preview, plain: Preview): Changes {
  const managed = managedResources(refreshed);
  const stored = new Map(refreshed.steps.filter(({ op }) => op === "refresh").map((step) => [step.urn, step.oldState]));
  const pending = changingSteps(plain);
  const changes: Change[] = [];
  const following: ManagedResource[] = [];
  for (const [urn, step] of changingSteps(refreshed)) {
    const resource = managed.get(urn);
    if (resource === undefined || step.op === "delete") {
      // The stack file's doing.
      continue;
    }
    if (step.op === "create") {
      changes.push({ kind: "lost", resource, planned: step.newState?.inputs ?? {} });
      continue;
    }
    const known = new Set(changedNames(pending.get(urn) ?? {}));
    const changed = changedNames(step).flatMap((property): Change[] => {
      const values = { stored: valueOf(stored.get(urn), property), real: valueOf(step.oldState, property) };
      // Of a secret that has changed, both look alike.
      const isOther = !isDeepStrictEqual(values.stored, values.real) || (isMasked(values.real) && !known.has(property));
      return isOther ? [{ kind: "changed", resource, property, ...values }] : [];
    });
    changes.push(...changed);
    if (changed.length === 0 && !pending.has(urn)) {
      following.push(resource);
    }
  }
  return { changes, following };
}

/** A value as the server told it, else as the program said it; nothing, however that is written. */
function valueOf(state: Step["oldState"], property: string): unknown {
  const value = maskedAs(property, state?.outputs?.[property] ?? state?.inputs?.[property]);
  const isNothing = value === null || value === "" || (typeof value === "object" && Object.keys(value).length === 0);
  return isNothing ? undefined : value;
}

function isMasked(value: unknown): boolean {
  return JSON.stringify(value)?.includes('"[secret]"') === true;
}
