import * as v from "valibot";

import { ORGANIZATION_CLAIM, realmScopeNames } from "../../contract/names.ts";
import { basicAuthorization, isKnownSecret } from "../../contract/credentials.ts";
import type { Settings } from "../../settings/settings.ts";
import { compareClaims } from "../../contract/compareClaims.ts";
import { tokenContract } from "../../contract/tokenContract.ts";
import { type KeycloakAdmin, type KeycloakManager, read } from "../../keycloak/admin.ts";
import { oddSecret, secretTimes } from "../../keycloak/clients.ts";
import { type KeycloakConnection, KeycloakError } from "../../keycloak/http.ts";
import type { Claims } from "../../contract/tokenContract.ts";
import { fetchKeys, fetchToken, verifySignature } from "../../keycloak/tokens.ts";
import { findUserId } from "../../keycloak/users.ts";
import type { Candidate } from "./candidates.ts";
import { furtherMappers, obstacles, rivalMappers, scopesAfterwards, whatCloses } from "../recovery/clientChanges.ts";
import type { ClaimChange } from "../changes/claims.ts";

/** A claim today and afterwards. */
export interface ClaimMove extends ClaimChange {
  readonly change: "vanishes" | "changes" | "is new" | "stays" | "stays, by a mapper";
}

/** What an adoption changes for a customer. */
export interface AdoptionReview {
  readonly clientId: string;
  /** The value of its claim afterwards; absent where Keycloak has no such user. */
  readonly organizationId?: string;
  /** Why there is no token today to compare with. */
  readonly noToken?: string;
  readonly claims: readonly ClaimMove[];
  readonly closes: readonly string[];
  readonly stays: readonly string[];
  /** Why it is not adopted as it is. */
  readonly obstacles: readonly string[];
}

/** Takes a real token with the client's present secret, and compares. The secret stays in memory. */
export async function reviewAdoption(
  candidate: Candidate,
  settings: Settings,
  keycloak: KeycloakConnection,
  admin: KeycloakManager,
): Promise<AdoptionReview> {
  const { client, integration } = candidate;
  const { clientId, retired } = integration;
  const token = await tokenToday(candidate, settings, keycloak);
  const claims = "claims" in token ? token.claims : undefined;
  const organizationId = await findOrganizationId(candidate, admin);
  const kept = new Set(furtherMappers(client).flatMap(({ claim }) => claim ?? []));
  const sub = typeof claims?.["sub"] === "string" ? claims["sub"] : undefined;
  const isKnown = organizationId !== undefined;
  const contract = tokenContract(settings, {
    clientId,
    organizationId: organizationId ?? "",
    ...(sub === undefined ? {} : { serviceAccountUserId: sub }),
  });
  return {
    clientId,
    ...(organizationId === undefined ? {} : { organizationId }),
    ...("reason" in token ? { noToken: token.reason } : {}),
    claims: claims === undefined || retired ? [] : moves(claims, contract, kept, isKnown, admin.now()),
    closes: [...allThatCloses(candidate, settings)],
    stays: [...whatStays(candidate, sub), ...(await rolesInScope(candidate, admin))],
    obstacles: [...obstacles(client, isKnown)],
  };
}

function* allThatCloses({ client, integration }: Candidate, settings: Settings): Generator<string> {
  if (integration.retired) {
    yield "every token: the stack file says that the customer is retired";
  }
  yield* whatCloses(client, scopesAfterwards(realmScopeNames(settings)));
  for (const { name } of rivalMappers(client)) {
    yield `the mapper "${name}": the program's own, ${ORGANIZATION_CLAIM}, takes its place, and is made before it goes`;
  }
}

function* whatStays(candidate: Candidate, sub: string | undefined): Generator<string> {
  const { client, integration } = candidate;
  yield `the client id ${integration.clientId}, and Keycloak's id of it, ${client.id}`;
  yield `the secret, ${secretInWords(candidate)}`;
  if (sub !== undefined) {
    yield `the service account, and so sub, ${sub}`;
  }
  for (const { claim, name } of furtherMappers(client).filter((one) => one.claim !== ORGANIZATION_CLAIM)) {
    yield (
      `the mapper "${name}"${claim === undefined ? "" : ` with the claim ${claim}`}: the program does not touch it. ` +
      "verify tells claims that nobody promised; delete it by hand if nobody needs it"
    );
  }
}

async function tokenToday(
  { client, integration }: Candidate,
  { realm }: Settings,
  keycloak: KeycloakConnection,
): Promise<{ readonly claims: Claims } | { readonly reason: string }> {
  if (!isKnownSecret(client.secret)) {
    return { reason: "Keycloak shows no secret of it: it is public, or the deployer lacks the role manage-clients" };
  }
  try {
    const authorization = basicAuthorization(integration.clientId, client.secret);
    const token = await fetchToken(keycloak, realm, authorization);
    return { claims: await verifySignature(token, await fetchKeys(keycloak, realm)) };
  } catch (error) {
    if (error instanceof KeycloakError) {
      return { reason: error.message };
    }
    throw error;
  }
}

async function findOrganizationId({ integration }: Candidate, admin: KeycloakAdmin): Promise<string | undefined> {
  const { organization } = integration;
  return "id" in organization ? organization.id : findUserId(admin, organization.user);
}

function moves(
  claims: Claims,
  contract: ReturnType<typeof tokenContract>,
  kept: ReadonlySet<string>,
  isOrganizationKnown: boolean,
  now: Date,
): ClaimMove[] {
  const { iat } = claims;
  return compareClaims(contract, claims, now.getTime() / 1000).map(({ claim, expected, found, verdict }) => {
    const exp = claims["exp"];
    const isLifespan = claim === "exp" && typeof exp === "number" && typeof iat === "number";
    const before = isLifespan ? `iat + ${exp - iat} s` : found;
    const after = claim === ORGANIZATION_CLAIM && !isOrganizationKnown ? "(unknown)" : expected;
    const change = {
      equal: "stays",
      different: "changes",
      missing: "is new",
      unexpected: kept.has(claim) ? "stays, by a mapper" : "vanishes",
    } as const;
    return {
      claim,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
      change: change[verdict],
    };
  });
}

function secretInWords({ client }: Candidate): string {
  const { created } = secretTimes(client, new Date());
  const age =
    created === undefined ? "whose age Keycloak does not know" : `made on ${created.toISOString().slice(0, 10)}`;
  const oddity = oddSecret(client);
  return oddity === undefined ? age : `${age}. It ${oddity}: renew it afterwards (scpcloud rotate)`;
}

const ROLES = v.optional(v.array(v.object({ name: v.string() })), []);
const SCOPE_MAPPINGS = v.object({
  realmMappings: ROLES,
  clientMappings: v.optional(v.record(v.string(), v.object({ mappings: ROLES })), {}),
});

/** Role mappings of the client's own scope: with full scope off, the token still shows these. */
async function rolesInScope({ client }: Candidate, admin: KeycloakAdmin): Promise<string[]> {
  const { realmMappings, clientMappings } = await read(admin, `/clients/${client.id}/scope-mappings`, SCOPE_MAPPINGS);
  const roles = [
    ...realmMappings.map(({ name }) => name),
    ...Object.entries(clientMappings).flatMap(([owner, { mappings }]) =>
      mappings.map(({ name }) => `${owner}.${name}`),
    ),
  ];
  return roles.map((role) => `the role ${role} in the client's own scope: its token shows it as long as it is there`);
}
