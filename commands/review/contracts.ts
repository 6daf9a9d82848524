import { ORGANIZATION_CLAIM } from "../../contract/names.ts";
import { describeExpectation, tokenContract } from "../../contract/tokenContract.ts";
import type { IntegrationSettings, OfflineSettings } from "../../settings/settings.ts";
import type { DescribedClaims } from "../changes/claimChanges.ts";

/** How a review names the id of a user that the program looks up by name. */
export const USER_ID = "the id of the user";

/** A customer's organization in words, which only the server may know by its id. */
export function describedOrganization({ organization }: Pick<IntegrationSettings, "organization">): string {
  return "user" in organization ? `${USER_ID} ${JSON.stringify(organization.user)}` : JSON.stringify(organization.id);
}

/** The contract of a customer whose organization's id only the server may know. */
export function describedContract(settings: OfflineSettings, integration: IntegrationSettings): DescribedClaims {
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

/** The claims that are the customer's own, by name: those that another customer's token would have otherwise. */
export function ownClaims(settings: OfflineSettings, integration: IntegrationSettings): DescribedClaims {
  const nobody = describedContract(settings, { ...integration, clientId: "", organization: { id: "" } });
  return Object.fromEntries(
    Object.entries(describedContract(settings, integration)).filter(([claim, value]) => nobody[claim] !== value),
  );
}

/** The claims that all customers have alike. */
export function sharedClaims(settings: OfflineSettings, integration: IntegrationSettings): DescribedClaims {
  const own = ownClaims(settings, integration);
  return Object.fromEntries(
    Object.entries(describedContract(settings, integration)).filter(([claim]) => !Object.hasOwn(own, claim)),
  );
}
