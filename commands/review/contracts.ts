import { ORGANIZATION_CLAIM } from "../../contract/names.ts";
import { describeExpectation, tokenContract } from "../../contract/tokenContract.ts";
import type { IntegrationSettings, OfflineSettings } from "../../settings/settings.ts";
import type { DescribedClaims } from "../changes/claimChanges.ts";

/** How a review names the id of a user that the program looks up by name. */
export const USER_ID = "the id of the user";

/** A customer of one revision of the stack file. */
export interface Customer {
  readonly integration: IntegrationSettings;
  /** The stack's. */
  readonly settings: OfflineSettings;
}

/** A customer's organization in words, which only the server may know by its id. */
export function describedOrganization({ organization }: Pick<IntegrationSettings, "organization">): string {
  return "user" in organization ? `${USER_ID} ${JSON.stringify(organization.user)}` : JSON.stringify(organization.id);
}

/** The contract of a customer whose organization's id only the server may know. */
export function describedContract({ integration, settings }: Customer): DescribedClaims {
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

/** The claims that another customer's token would have otherwise, and those that all customers have alike. */
export function splitContract({ integration, settings }: Customer) {
  const nobody = describedContract({
    settings,
    integration: { ...integration, clientId: "", organization: { id: "" } },
  });
  const claims = Object.entries(describedContract({ integration, settings }));
  const isShared = ([claim, value]: [string, string]) => nobody[claim] === value;
  return {
    own: Object.fromEntries(claims.filter((entry) => !isShared(entry))),
    shared: Object.fromEntries(claims.filter(isShared)),
  };
}
