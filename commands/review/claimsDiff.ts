import { isDeepStrictEqual } from "node:util";

import type { IntegrationSettings, OfflineSettings } from "../../settings/settings.ts";
import { changedClaims, type ClaimChange, type DescribedClaims } from "../changes/claimChanges.ts";
import { describedContract, describedOrganization, ownClaims, sharedClaims } from "./contracts.ts";

/** A customer who is given tokens from now on. */
export interface NewCustomer {
  readonly clientId: string;
  /** The customer's earlier client, which goes on. */
  readonly successorOf?: string;
  /** The claims in which its tokens differ from others'. */
  readonly claims: DescribedClaims;
}

export interface RemovedCustomer {
  readonly clientId: string;
  /** Whether it had been retired before, so that nobody uses the client any more. */
  readonly wasRetired: boolean;
}

/** A customer whose tokens show another organization's data from now on. */
export interface OtherOrganization {
  readonly clientId: string;
  /** In words; nothing for a customer who had no token before. */
  readonly before?: string;
  readonly after: string;
  /** The other customers who had this organization before. */
  readonly of: readonly string[];
}

/** What becomes of the customers' tokens when one revision of the stack file follows another. */
export interface TokenChanges {
  readonly added: readonly NewCustomer[];
  /** New, but retired at once: no token. */
  readonly addedRetired: readonly string[];
  /** Retired no longer. */
  readonly restored: readonly NewCustomer[];
  readonly retired: readonly string[];
  readonly removed: readonly RemovedCustomer[];
  /** Whether the deployment refuses to delete a client that was not retired. */
  readonly deletionRefused: boolean;
  /** Those who get another organization, and those who come and get what another customer had. */
  readonly organizations: readonly OtherOrganization[];
  /** The customers with tokens before and after. */
  readonly existing: readonly string[];
  /** What changes alike in the tokens of all these; several of them. */
  readonly changedForAll: readonly ClaimChange[];
  /** What changes for some of them besides; those with the same changes together. */
  readonly changed: readonly { readonly clientIds: readonly string[]; readonly changes: readonly ClaimChange[] }[];
  /** The claims that the new customers' tokens have in common with all others. */
  readonly shared: DescribedClaims;
}

/** @param base undefined where there was no stack before */
export function tokenChanges(base: OfflineSettings | undefined, head: OfflineSettings | undefined): TokenChanges {
  const before = byClientId(base);
  const after = byClientId(head);
  const isActive = (integration: IntegrationSettings | undefined) => integration !== undefined && !integration.retired;
  const ids = (wanted: (before?: IntegrationSettings, after?: IntegrationSettings) => boolean) =>
    [...new Set([...before.keys(), ...after.keys()])].sort().filter((id) => wanted(before.get(id), after.get(id)));
  const newCustomers = (clientIds: readonly string[]) =>
    clientIds.map((clientId) => {
      const { successorOf } = after.get(clientId) ?? {};
      const claims = claimsOf(ownClaims, head, after.get(clientId));
      return { clientId, ...(successorOf === undefined ? {} : { successorOf }), claims };
    });

  const existing = ids((old, now) => isActive(old) && isActive(now));
  const changes = existing.map((clientId): [string, ClaimChange[]] => [
    clientId,
    changedClaims(
      claimsOf(describedContract, base, before.get(clientId)),
      claimsOf(describedContract, head, after.get(clientId)),
    ),
  ]);
  const changedForAll = inCommon(changes.map(([, claims]) => claims));
  const someone = head?.integrations.find(isActive);
  return {
    added: newCustomers(ids((old, now) => old === undefined && isActive(now))),
    addedRetired: ids((old, now) => old === undefined && now !== undefined && !isActive(now)),
    restored: newCustomers(ids((old, now) => old !== undefined && !isActive(old) && isActive(now))),
    retired: ids((old, now) => isActive(old) && now !== undefined && !isActive(now)),
    removed: ids((old, now) => old !== undefined && now === undefined).map((clientId) => ({
      clientId,
      wasRetired: !isActive(before.get(clientId)),
    })),
    deletionRefused: base?.protect === true,
    organizations: ids((_, now) => isActive(now)).flatMap((clientId) =>
      otherOrganization(before.get(clientId), after.get(clientId), base?.integrations ?? []),
    ),
    existing,
    changedForAll,
    changed: grouped(changes.map(([clientId, claims]) => [clientId, claims.filter(isNotIn(changedForAll))])),
    shared: claimsOf(sharedClaims, head, someone),
  };
}

function otherOrganization(
  before: IntegrationSettings | undefined,
  after: IntegrationSettings | undefined,
  base: readonly IntegrationSettings[],
): OtherOrganization[] {
  if (after === undefined || (before !== undefined && isSame(before, after))) {
    return [];
  }
  const { clientId, successorOf } = after;
  const of = base.filter((other) => isSame(other, after)).map((other) => other.clientId);
  const strangers = of.filter((other) => other !== clientId && other !== successorOf);
  return before === undefined && strangers.length === 0
    ? []
    : [
        {
          clientId,
          ...(before === undefined ? {} : { before: describedOrganization(before) }),
          after: describedOrganization(after),
          of: strangers,
        },
      ];
}

/** Keycloak's user names have no capitals. */
function isSame(one: IntegrationSettings, other: IntegrationSettings): boolean {
  return describedOrganization(one).toLowerCase() === describedOrganization(other).toLowerCase();
}

/** How many customers have other tokens afterwards. */
export function countChanged({ changedForAll, changed, existing }: TokenChanges): number {
  return changedForAll.length > 0 ? existing.length : changed.flatMap(({ clientIds }) => clientIds).length;
}

function byClientId(settings: OfflineSettings | undefined): ReadonlyMap<string, IntegrationSettings> {
  return new Map((settings?.integrations ?? []).map((integration) => [integration.clientId, integration]));
}

function claimsOf(
  read: (settings: OfflineSettings, integration: IntegrationSettings) => DescribedClaims,
  settings: OfflineSettings | undefined,
  integration: IntegrationSettings | undefined,
): DescribedClaims {
  return settings === undefined || integration === undefined ? {} : read(settings, integration);
}

/** The changes that all have, where there are several to compare. */
function inCommon([first = [], ...others]: readonly ClaimChange[][]): ClaimChange[] {
  return others.length === 0 ? [] : first.filter((change) => others.every((other) => !isNotIn(other)(change)));
}

function isNotIn(changes: readonly ClaimChange[]): (change: ClaimChange) => boolean {
  return (change) => !changes.some((other) => isDeepStrictEqual(other, change));
}

function grouped(customers: readonly (readonly [string, ClaimChange[]])[]): TokenChanges["changed"] {
  const changing = customers.filter(([, changes]) => changes.length > 0);
  return [...Map.groupBy(changing, ([, changes]) => JSON.stringify(changes)).values()].map((alike) => ({
    clientIds: alike.map(([clientId]) => clientId),
    changes: alike[0]?.[1] ?? [],
  }));
}
