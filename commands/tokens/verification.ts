import { type ClaimResult, compareClaims } from "../../contract/compareClaims.ts";
import { credentialsOf } from "../../contract/credentials.ts";
import { tokenContract } from "../../contract/tokenContract.ts";
import type { KeycloakAdmin } from "../../keycloak/admin.ts";
import { type ClientScopes, findClient, readClientScopes } from "../../keycloak/clients.ts";
import { type KeycloakConnection, KeycloakError } from "../../keycloak/http.ts";
import {
  fetchDiscovery,
  fetchKeys,
  fetchToken,
  type Keys,
  TokenRefusedError,
  verifySignature,
} from "../../keycloak/tokens.ts";
import { describeOrganization, organizationNow, type OrganizationNow } from "../../keycloak/users.ts";
import { environmentName, type IntegrationSettings, issuerOf, type Settings } from "../../settings/settings.ts";
import type { StackOutputs } from "../cli/stack.ts";
import { describeDifferences } from "./claimDifferences.ts";
import { clockDifference, describeClocks, type ReceivedClaims } from "./clocks.ts";

/** What differs from the settings. */
export interface Difference {
  readonly what: string;
  /** The command that mends it, if any does. */
  readonly mendedBy?: "pulumi up" | "pulumi up --refresh" | undefined;
}

/** What came of one customer's token. */
export interface CustomerReport {
  readonly clientId: string;
  /** Whether it is right that there is no token. */
  readonly retired: boolean;
  /** Every claim of contract and token; empty where there was no token to look at. */
  readonly claims: readonly ClaimResult[];
  /** None: the token is what the settings say. */
  readonly differences: readonly Difference[];
}

export type VerificationReport = Awaited<ReturnType<typeof verifyStack>>;

/** A customer's token, to be compared once it is known how far the clocks differ. */
interface ReceivedToken extends ReceivedClaims {
  readonly compare: (clockDifference: number) => CustomerReport;
}

export interface Asked {
  readonly keycloak: KeycloakConnection;
  readonly admin: KeycloakAdmin;
}

/**
 * Compares a real token of every customer with the contract, and the server's issuer with the API's configuration.
 * @param only the customers to look at; else all, and whether the stack has more
 */
export async function verifyStack(settings: Settings, outputs: StackOutputs, asked: Asked, only?: readonly string[]) {
  const { keycloak } = asked;
  const [discovery, keys, scopes] = await Promise.all([
    fetchDiscovery(keycloak, settings.realm),
    fetchKeys(keycloak, settings.realm),
    readClientScopes(asked.admin),
  ]);
  const answers = await Promise.all(
    settings.integrations
      .filter(({ clientId }) => only?.includes(clientId) ?? true)
      .map((integration) => verifyCustomer(integration, settings, outputs, asked, { keys, scopes })),
  );
  const difference = clockDifference(answers.filter((answer) => "compare" in answer));
  return {
    issuer: discovery.issuer,
    customers: answers.map((answer) => ("compare" in answer ? answer.compare(difference) : answer)),
    /** One line where this machine's clock and the server's differ, which no deployment mends. */
    clocks: describeClocks(difference),
    /** One line each, about the stack as a whole. */
    differences: [
      ...compareIssuers(discovery.issuer, settings, outputs),
      ...(only === undefined ? findRemoved(settings, outputs) : []),
    ],
  };
}

async function verifyCustomer(
  { clientId, organization, retired }: IntegrationSettings,
  settings: Settings,
  outputs: StackOutputs,
  { admin, keycloak }: Asked,
  { keys, scopes }: { readonly keys: Keys; readonly scopes: ClientScopes },
): Promise<CustomerReport | ReceivedToken> {
  const deployed = outputs.integrations?.[clientId];
  const credentials = credentialsOf(clientId, outputs.credentials?.[clientId]?.clientSecret);
  const without = (...differences: Difference[]): CustomerReport => ({ clientId, retired, claims: [], differences });
  if (deployed === undefined || credentials === undefined) {
    const what = deployed === undefined ? "not deployed yet" : "the stack does not know its secret";
    return without({ what, mendedBy: "pulumi up" });
  }
  const askForToken = () => fetchToken(keycloak, settings.realm, credentials.basic);
  try {
    if (retired) {
      const but = await stillAlive(clientId, askForToken, admin);
      const what = `retired, but ${but.join(" and ")}`;
      return but.length === 0 ? without() : without({ what, mendedBy: "pulumi up --refresh" });
    }
    const token = await askForToken();
    const received = Date.now() / 1000;
    const payload = await verifySignature(token, keys);
    const now: OrganizationNow =
      "id" in organization
        ? { kind: "other", id: organization.id }
        : await organizationNow(admin, organization.user, deployed.organizationId);
    const moved = "user" in organization && describeOrganization(organization.user, deployed.organizationId, now);
    const organizationId = now.kind === "other" ? now.id : deployed.organizationId;
    const contract = tokenContract(settings, { ...deployed, clientId, organizationId });
    const client = await findClient(admin, clientId);
    const compare = (difference: number) => {
      const claims = compareClaims(contract, payload, received + difference);
      const whats = [...describeDifferences(claims, client, scopes), ...(moved ? [moved] : [])];
      return { clientId, retired, claims, differences: whats.map((what) => ({ what })) };
    };
    return { claims: payload, received, compare };
  } catch (error) {
    if (error instanceof KeycloakError) {
      return without({ what: error.message });
    }
    throw error;
  }
}

/**
 * What still works of a customer that is retired. A refused secret is no proof: it may be another one by now. The client
 * itself has to be disabled.
 */
async function stillAlive(clientId: string, askForToken: () => Promise<unknown>, admin: KeycloakAdmin) {
  const [client, token] = await Promise.all([findClient(admin, clientId), askForToken().catch(unlessRefused)]);
  const isDisabled = client?.enabled === false;
  return [
    ...(isDisabled ? [] : [client === undefined ? "Keycloak shows no client of it" : "its client is enabled"]),
    ...(token === undefined ? [] : ["it gets tokens"]),
  ];
}

function unlessRefused(error: unknown): undefined {
  if (!(error instanceof TokenRefusedError)) {
    throw error;
  }
}

export function differenceLines({ clientId, differences }: Pick<CustomerReport, "clientId" | "differences">): string[] {
  return differences.map(
    ({ mendedBy, what }) => `${clientId}: ${what}${mendedBy === undefined ? "" : `; run: ${mendedBy}`}`,
  );
}

/** The API compares issuers letter by letter, so a deviation would refuse every token. */
function compareIssuers(issuer: string, settings: Settings, { apiEnvironment = {} }: StackOutputs): string[] {
  const { environmentPrefix, section, names } = settings.api;
  const listName = environmentName(environmentPrefix, [...section.split(":"), names.validIssuers, ""]);
  const validIssuers = Object.keys(apiEnvironment)
    .filter((name) => name.startsWith(listName))
    .map((name) => apiEnvironment[name]);
  const ofSettings =
    `the server's discovery document says issuer ${issuer}; the settings say ${issuerOf(settings)} ` +
    "(compare scpcloud:publicUrl and scpcloud:realm with Keycloak's option hostname)";
  const ofApi = `the API is configured with the valid issuers ${JSON.stringify(validIssuers)}, not with the server's ${issuer}`;
  // The API of a realm with several stacks is configured by the realm's own one, whose verification looks at it.
  const isApiRight = settings.realmStack !== undefined || validIssuers.includes(issuer);
  return [...(issuer === issuerOf(settings) ? [] : [ofSettings]), ...(isApiRight ? [] : [ofApi])];
}

function findRemoved(settings: Settings, outputs: StackOutputs): string[] {
  const configured = new Set(settings.integrations.map(({ clientId }) => clientId));
  return Object.keys(outputs.integrations ?? {})
    .filter((clientId) => !configured.has(clientId))
    .map((clientId) => `${clientId}: deployed, but no longer in the stack file; run: pulumi up`);
}
