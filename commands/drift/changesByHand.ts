import { isDeepStrictEqual } from "node:util";

import { ACCOUNT_CLIENT_SCOPE, CLIENT_SCOPE } from "../../contract/names.ts";
import { TYPES } from "../../contract/types.ts";
import { recordOf, stringsOf } from "../../values/shapes.ts";
import { changedNames, maskedAs, textInput } from "../changes/propertyChanges.ts";
import { nameOf, type Owner, ownerOf, parentsOf, typeOf } from "../pulumi/owners.ts";
import { changingSteps, type Preview, type Step } from "../pulumi/preview.ts";

/** A resource that the stack's state has. */
export interface ManagedResource {
  readonly urn: string;
  readonly type: string;
  /** The last part of the URN. */
  readonly name: string;
  /** By which its server knows it. */
  readonly id: string;
  readonly owner: Owner;
  /** What the last `up` said. */
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** What somebody did to a resource behind the program's back. */
export interface Change {
  readonly resource: ManagedResource;
  /** The property that is another one; none where the resource is gone. */
  readonly property?: string;
  /** What the last `up` left, secrets masked. */
  readonly stored?: unknown;
  /** What the server has. */
  readonly real?: unknown;
}

/** What the state has, by URN: a preview of a refresh has a step for each. Components are nothing on any server. */
export function managedResources({ steps }: Preview): ReadonlyMap<string, ManagedResource> {
  const parents = parentsOf(steps);
  const resources = steps.flatMap(({ oldState, urn }): ManagedResource[] => {
    const { id } = recordOf(oldState);
    return oldState?.custom === true && typeof id === "string"
      ? [{ urn, type: typeOf(urn), name: nameOf(urn), id, owner: ownerOf(urn, parents), inputs: oldState.inputs ?? {} }]
      : [];
  });
  return new Map(resources.map((resource) => [resource.urn, resource]));
}

/** The client scope that a shared resource belongs to. */
export function scopeOf({ type }: Pick<ManagedResource, "type">): string {
  return type === TYPES.roleMapping ? ACCOUNT_CLIENT_SCOPE : CLIENT_SCOPE;
}

/**
 * What differs between the servers and what the last `up` left, as far as an `up` would change it.
 * @param refreshed the preview of a refresh
 * @param plain a preview that asked no server. It tells what is not deployed yet: what the stack file no longer has, or
 * has already, nobody changed by hand
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
      return [{ resource }];
    }
    return changedNames(step).flatMap((property): Change[] => {
      const [stored, real] = [valueOf(step.oldState, property), valueOf(step.newState, property)];
      // A newer plugin tells of a switch that the older one did not know: it is off, and nobody has touched it.
      const isNewSwitch = stored === undefined && real === false;
      // Of a secret that has changed, both values look alike.
      const isOther = isMasked(real) || !(isNewSwitch || isDeepStrictEqual(stored, real));
      const isSaid = said !== undefined && isDeepStrictEqual(shownAs(property, said.inputs?.[property]), real);
      return isOther && !isSaid ? [{ resource, property, stored, real }] : [];
    });
  });
}

/** What an `up` changes besides, for no other reason than what somebody did. */
export function followingChanges(refreshed: Preview, plain: Preview, changes: readonly Change[]): ManagedResource[] {
  const managed = managedResources(refreshed);
  const known = new Set([...changes.map(({ resource }) => resource.urn), ...changingSteps(plain).keys()]);
  return [...changingSteps(refreshed).keys()].flatMap((urn) => (known.has(urn) ? [] : (managed.get(urn) ?? [])));
}

/** Without what comes of another change, whose sentence tells both: with a client, its mappers and lists are deleted. */
export function withoutConsequences(changes: readonly Change[]): Change[] {
  const lost = (type: string) => changes.filter((change) => change.property === undefined && isOf(change, type));
  const lostClients = customersOf(lost(TYPES.client));
  const lostScopes = lost(TYPES.clientScope).map(({ resource }) => textInput(resource.inputs, "name") ?? "");
  // The service account that is made instead has another id.
  const withoutAccount = customersOf(changes.filter(({ property }) => property === "serviceAccountsEnabled"));
  const isConsequence = ({ property, resource }: Change) => {
    const { name, kind } = resource.owner;
    return kind === "customer"
      ? (lostClients.has(name) && resource.type !== TYPES.client) ||
          (withoutAccount.has(name) && property === "serviceAccountUserId")
      : kind === "shared" &&
          property === undefined &&
          resource.type !== TYPES.clientScope &&
          lostScopes.includes(scopeOf(resource));
  };
  return changes
    .filter((change) => !isConsequence(change))
    .flatMap((change) => {
      const hasAccount = !withoutAccount.has(change.resource.owner.name);
      // Keycloak itself takes a deleted client scope off every client.
      return change.property === "defaultScopes"
        ? withoutScopes(change, hasAccount ? lostScopes : [...lostScopes, "service_account"])
        : [change];
    });
}

function isOf({ resource }: Change, type: string): boolean {
  return resource.type === type;
}

function customersOf(changes: readonly Change[]): ReadonlySet<string> {
  return new Set(changes.map(({ resource }) => resource.owner.name));
}

function withoutScopes(change: Change, takenOff: readonly string[]): Change[] {
  const real = stringsOf(change.real);
  const stored = stringsOf(change.stored).filter((scope) => real.includes(scope) || !takenOff.includes(scope));
  const isAlike = stored.length === real.length && stored.every((scope) => real.includes(scope));
  return isAlike ? [] : [{ ...change, stored, real }];
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
