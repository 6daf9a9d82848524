import { isDeepStrictEqual } from "node:util";

import type { IntegrationSettings, OfflineSettings } from "../../settings/settings.ts";
import { changedClaims, type ClaimChange, type DescribedClaims } from "../changes/claimChanges.ts";
import { type Customer, describedContract, describedOrganization, splitContract } from "./contracts.ts";

/** A customer who is given tokens from now on. */
export interface NewCustomer {
  readonly clientId: string;
  /** The customer's earlier client, which goes on. */
  readonly successorOf: string | undefined;
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
  readonly before: string | undefined;
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
  const [before, after] = [customersOf(base), customersOf(head)];
  const all = [...new Set([...before.keys(), ...after.keys()])].sort();
  const thatWent = (from: State, to: State) =>
    all.filter((id) => stateOf(before.get(id)) === from && stateOf(after.get(id)) === to);
  const newCustomers = (clientIds: readonly string[]) =>
    clientIds
      .flatMap((clientId) => after.get(clientId) ?? [])
      .map((customer) => {
        const { clientId, successorOf } = customer.integration;
        return { clientId, successorOf, claims: splitContract(customer).own };
      });

  const existing = thatWent("active", "active");
  const changes = existing.map((clientId): [string, ClaimChange[]] => [
    clientId,
    changedClaims(contractOf(before.get(clientId)), contractOf(after.get(clientId))),
  ]);
  const changedForAll = inCommon(changes.map(([, claims]) => claims));
  const active = [...after.values()].filter((customer) => stateOf(customer) === "active");
  return {
    added: newCustomers(thatWent("absent", "active")),
    addedRetired: thatWent("absent", "retired"),
    restored: newCustomers(thatWent("retired", "active")),
    retired: thatWent("active", "retired"),
    removed: all
      .filter((clientId) => !after.has(clientId))
      .map((clientId) => ({ clientId, wasRetired: stateOf(before.get(clientId)) === "retired" })),
    deletionRefused: base?.protect === true,
    organizations: active
      .flatMap(({ integration }) =>
        otherOrganization(before.get(integration.clientId)?.integration, integration, base?.integrations ?? []),
      )
      .sort((a, b) => (a.clientId < b.clientId ? -1 : 1)),
    existing,
    changedForAll,
    changed: grouped(changes.map(([clientId, claims]) => [clientId, claims.filter(isNotIn(changedForAll))])),
    shared: active[0] === undefined ? {} : splitContract(active[0]).shared,
  };
}

type State = "absent" | "active" | "retired";

function stateOf(customer: Customer | undefined): State {
  return customer === undefined ? "absent" : customer.integration.retired ? "retired" : "active";
}

function customersOf(settings: OfflineSettings | undefined): ReadonlyMap<string, Customer> {
  const customers = settings?.integrations.map((integration) => ({ integration, settings })) ?? [];
  return new Map(customers.map((customer) => [customer.integration.clientId, customer]));
}

function contractOf(customer: Customer | undefined): DescribedClaims {
  return customer === undefined ? {} : describedContract(customer);
}

function otherOrganization(
  before: IntegrationSettings | undefined,
  after: IntegrationSettings,
  base: readonly IntegrationSettings[],
): OtherOrganization[] {
  const { clientId, successorOf } = after;
  const had = base.filter((other) => isSame(other, after)).map((other) => other.clientId);
  const of = had.filter((other) => other !== clientId && other !== successorOf);
  const isOther = before === undefined ? of.length > 0 : !isSame(before, after);
  return isOther
    ? [{ clientId, before: before && describedOrganization(before), after: describedOrganization(after), of }]
    : [];
}

/** Keycloak's user names have no capitals. */
function isSame(one: IntegrationSettings, other: IntegrationSettings): boolean {
  return describedOrganization(one).toLowerCase() === describedOrganization(other).toLowerCase();
}

/** How many customers have other tokens afterwards. */
export function countChanged({ changedForAll, changed, existing }: TokenChanges): number {
  return changedForAll.length > 0 ? existing.length : changed.flatMap(({ clientIds }) => clientIds).length;
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
