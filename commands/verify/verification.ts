import { credentialsOf } from "../../components/credentials";
import { environmentName } from "../../settings/serviceNames";
import { tokenContract } from "../contract/tokenContract";
import { type ClaimResult, compareClaims } from "../contract/compareClaims";
import { type KeycloakConnection, KeycloakError } from "../../keycloak/http";
import {
  fetchDiscovery,
  fetchKeys,
  fetchToken,
  type Keys,
  TokenRefusedError,
  verifySignature,
} from "../../keycloak/tokens";
import { type IntegrationSettings, issuerOf, type Settings } from "../../settings/settings";
import type { StackOutputs } from "../cli/stack";
import { clockDifference, describeClocks, type ReceivedClaims } from "./clocks";

/** What is not as the settings say, about one customer. */
export interface Difference {
  readonly what: string;
  /** Whether a plain `up`, which looks at no server, mends it. */
  readonly upMends: boolean;
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

export interface VerificationReport {
  readonly issuer: string;
  readonly customers: readonly CustomerReport[];
  /** One line each, about the stack as a whole. */
  readonly differences: readonly string[];
  /** One line where this machine's clock and the server's differ, which no deployment mends. */
  readonly clocks: readonly string[];
}

/** A customer's token, to be compared once it is known how far the clocks differ. */
interface ReceivedToken extends ReceivedClaims {
  readonly compare: (clockDifference: number) => CustomerReport;
}

/** Holds a real token of every customer against the contract, and the server's issuer against the API's configuration. */
export async function verifyStack(
  settings: Settings,
  outputs: StackOutputs,
  keycloak: KeycloakConnection,
): Promise<VerificationReport> {
  const [discovery, keys] = await Promise.all([
    fetchDiscovery(keycloak, settings.realm),
    fetchKeys(keycloak, settings.realm),
  ]);
  const answers = await Promise.all(
    settings.integrations.map((integration) => verifyCustomer(integration, settings, outputs, keycloak, keys)),
  );
  const difference = clockDifference(answers.filter((answer) => "compare" in answer));
  return {
    issuer: discovery.issuer,
    customers: answers.map((answer) => ("compare" in answer ? answer.compare(difference) : answer)),
    clocks: describeClocks(difference),
    differences: [...compareIssuers(discovery.issuer, settings, outputs), ...findRemoved(settings, outputs)],
  };
}

async function verifyCustomer(
  integration: IntegrationSettings,
  settings: Settings,
  outputs: StackOutputs,
  keycloak: KeycloakConnection,
  keys: Keys,
): Promise<CustomerReport | ReceivedToken> {
  const { clientId, organization, retired } = integration;
  const deployed = outputs.integrations?.[clientId];
  const without = (what: string, upMends = true) => ({
    clientId,
    retired,
    claims: [],
    differences: [{ what, upMends }],
  });
  if (deployed?.serviceAccountUserId === undefined) {
    return without("not deployed yet");
  }
  const credentials = credentialsOf(clientId, outputs.credentials?.[clientId]?.clientSecret);
  if (credentials === undefined) {
    return without("the stack does not know its secret");
  }
  try {
    const token = await fetchToken(keycloak, settings.realm, credentials.basic);
    if (retired) {
      return without("retired, but still gets tokens");
    }
    const received = Date.now() / 1000;
    const payload = await verifySignature(token, keys);
    const organizationId = "id" in organization ? organization.id : deployed.organizationId;
    const contract = tokenContract(settings, { ...deployed, clientId, organizationId });
    const compare = (difference: number) => {
      const claims = compareClaims(contract, payload, received + difference);
      const differences = claims.flatMap(describeDifference).map((what) => ({ what, upMends: false }));
      return { clientId, retired, claims, differences };
    };
    return { claims: payload, received, compare };
  } catch (error) {
    if (retired && error instanceof TokenRefusedError) {
      return { clientId, retired, claims: [], differences: [] };
    }
    if (error instanceof KeycloakError) {
      return without(error.message, false);
    }
    throw error;
  }
}

/** The differences as lines for a reader. */
export function differenceLines({ clientId, differences }: Pick<CustomerReport, "clientId" | "differences">): string[] {
  return differences.map(({ what, upMends }) => `${clientId}: ${what}${upMends ? "; run: pulumi up" : ""}`);
}

function describeDifference({ claim, expected, found, verdict }: ClaimResult): string[] {
  switch (verdict) {
    case "equal":
      return [];
    case "missing":
      return [`claim ${claim} is missing; the contract says ${expected}`];
    case "unexpected":
      return [`claim ${claim} is ${found}, but the contract does not have it`];
    case "different":
      return [`claim ${claim} is ${found}; the contract says ${expected}`];
  }
}

/** The API compares issuers letter by letter, so a deviation would refuse every token. */
function compareIssuers(issuer: string, settings: Settings, outputs: StackOutputs): string[] {
  const differences: string[] = [];
  if (issuer !== issuerOf(settings)) {
    differences.push(
      `the server's discovery document says issuer ${issuer}; the settings say ${issuerOf(settings)} ` +
        "(compare scpcloud:publicUrl and scpcloud:realm with Keycloak's option hostname)",
    );
  }
  if (settings.realmStack !== undefined) {
    // The API is configured by that stack, whose own verification looks at it.
    return differences;
  }
  const { environmentPrefix, section, names } = settings.api;
  const listName = environmentName(environmentPrefix, [...section.split(":"), names.validIssuers, ""]);
  const validIssuers = Object.entries(outputs.apiEnvironment ?? {})
    .filter(([name]) => name.startsWith(listName))
    .map(([, value]) => value);
  if (!validIssuers.includes(issuer)) {
    differences.push(
      `the API is configured with the valid issuers ${JSON.stringify(validIssuers)}, not with the server's ${issuer}`,
    );
  }
  return differences;
}

function findRemoved(settings: Settings, outputs: StackOutputs): string[] {
  const configured = new Set(settings.integrations.map(({ clientId }) => clientId));
  return Object.keys(outputs.integrations ?? {})
    .filter((clientId) => !configured.has(clientId))
    .map((clientId) => `${clientId}: deployed, but no longer in the stack file; run: pulumi up`);
}
