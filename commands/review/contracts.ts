import { ORGANIZATION_CLAIM } from "../../contract/names";
import { describeExpectation, tokenContract } from "../../contract/tokenContract";
import type { IntegrationSettings, OfflineSettings } from "../../settings/settings";

/** What the claims of a customer's token must be, by name and in words: the contract that `verify` holds tokens to. */
export type DescribedContract = Readonly<Record<string, string>>;

/** How a review names the id of a user that the program looks up by name. */
export const USER_ID = "the id of the user";

/** A customer's organization in words, which only the server may know by its id. */
export function describedOrganization({ organization }: Pick<IntegrationSettings, "organization">): string {
  return "user" in organization ? `${USER_ID} ${JSON.stringify(organization.user)}` : JSON.stringify(organization.id);
}

/** The contract of a customer whose organization's id only the server may know. */
export function describedContract(settings: OfflineSettings, integration: IntegrationSettings): DescribedContract {
  const { clientId, organization } = integration;
  const organizationId = "id" in organization ? organization.id : "";
  const described = Object.entries(tokenContract(settings, { clientId, organizationId }))
    .map(([claim, expectation]): [string, string] => [claim, describeExpectation(expectation)])
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    ...Object.fromEntries(described),
    ...("user" in organization ? { [ORGANIZATION_CLAIM]: describedOrganization(integration) } : {}),
  };
}

/** One claim that changes. */
export interface ClaimChange {
  readonly claim: string;
  /** Nothing where the token did not have it. */
  readonly before?: string;
  /** Nothing where the token no longer has it. */
  readonly after?: string;
}

/** The claims that differ, in the order of their names. */
export function changedClaims(before: DescribedContract, after: DescribedContract): ClaimChange[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .sort()
    .filter((claim) => before[claim] !== after[claim])
    .map((claim) => ({
      claim,
      ...(before[claim] === undefined ? {} : { before: before[claim] }),
      ...(after[claim] === undefined ? {} : { after: after[claim] }),
    }));
}

/** The claims that are the customer's own, by name: those that another customer's token would have otherwise. */
export function ownClaims(settings: OfflineSettings, integration: IntegrationSettings): DescribedContract {
  const nobody = describedContract(settings, { ...integration, clientId: "", organization: { id: "" } });
  return Object.fromEntries(
    Object.entries(describedContract(settings, integration)).filter(([claim, value]) => nobody[claim] !== value),
  );
}

/** The claims that all customers have alike. */
export function sharedClaims(settings: OfflineSettings, integration: IntegrationSettings): DescribedContract {
  const own = ownClaims(settings, integration);
  return Object.fromEntries(
    Object.entries(describedContract(settings, integration)).filter(([claim]) => !Object.hasOwn(own, claim)),
  );
}
