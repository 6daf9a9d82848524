import * as v from "valibot";

import { compareClaims } from "../../contract/compareClaims.ts";
import { basicAuthorization, isKnownSecret } from "../../contract/credentials.ts";
import { ORGANIZATION_CLAIM, realmScopeNames } from "../../contract/names.ts";
import { type Claims, tokenContract } from "../../contract/tokenContract.ts";
import { type KeycloakAdmin, type KeycloakManager, read } from "../../keycloak/admin.ts";
import { type ClientRepresentation, oddSecret, secretTimes } from "../../keycloak/clients.ts";
import { type KeycloakConnection, KeycloakError } from "../../keycloak/http.ts";
import { fetchKeys, fetchToken, verifySignature } from "../../keycloak/tokens.ts";
import { findUserId } from "../../keycloak/users.ts";
import type { Settings } from "../../settings/settings.ts";
import type { ClaimChange } from "../changes/claimChanges.ts";
import { furtherMappers, obstacles, rivalMappers, scopesAfterwards, whatCloses } from "../recovery/clientChanges.ts";
import type { Candidate } from "./candidates.ts";

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
  const { clientId, organization, retired } = integration;
  const token = await tokenToday(client, settings.realm, keycloak);
  const claims = typeof token === "string" ? undefined : token;
  const organizationId = "id" in organization ? organization.id : await findUserId(admin, organization.user);
  const sub = typeof claims?.["sub"] === "string" ? claims["sub"] : undefined;
  const isKnown = organizationId !== undefined;
  const deployed = { clientId, organizationId: organizationId ?? "", ...(sub && { serviceAccountUserId: sub }) };
  const compared = claims === undefined || retired ? [] : compareToday(claims, settings, deployed, admin.now());
  const kept = new Set(furtherMappers(client).flatMap(({ claim }) => claim ?? []));
  return {
    clientId,
    ...(isKnown && { organizationId }),
    ...(typeof token === "string" && { noToken: token }),
    claims: compared.map(({ claim, expected, found, verdict }) => {
      const after = claim === ORGANIZATION_CLAIM && !isKnown ? "(unknown)" : expected;
      const vanishes = kept.has(claim) ? "stays, by a mapper" : "vanishes";
      const change = { equal: "stays", different: "changes", missing: "is new", unexpected: vanishes } as const;
      return { claim, before: found, after, change: change[verdict] };
    }),
    closes: [
      ...(retired ? ["every token: the stack file says that the customer is retired"] : []),
      ...whatCloses(client, scopesAfterwards(realmScopeNames(settings))),
      ...rivalMappers(client).map(
        ({ name }) =>
          `the mapper "${name}": the program's own, ${ORGANIZATION_CLAIM}, takes its place, and is made before it goes`,
      ),
    ],
    stays: [...whatStays(candidate, sub), ...(await rolesInScope(client, admin))],
    obstacles: [...obstacles(client, isKnown)],
  };
}

/** The claims of a token of today; or why there is none. */
async function tokenToday(
  { clientId, secret }: ClientRepresentation,
  realm: string,
  keycloak: KeycloakConnection,
): Promise<Claims | string> {
  if (!isKnownSecret(secret)) {
    return "Keycloak shows no secret of it: it is public, or the deployer lacks the role manage-clients";
  }
  try {
    const token = await fetchToken(keycloak, realm, basicAuthorization(clientId, secret));
    return await verifySignature(token, await fetchKeys(keycloak, realm));
  } catch (error) {
    if (error instanceof KeycloakError) {
      return error.message;
    }
    throw error;
  }
}

/** When a token ends is told by its lifespan, as the time of this one says nothing. */
function compareToday(claims: Claims, settings: Settings, deployed: Parameters<typeof tokenContract>[1], now: Date) {
  const { exp, iat } = claims;
  return compareClaims(tokenContract(settings, deployed), claims, now.getTime() / 1000).map((compared) =>
    compared.claim === "exp" && typeof exp === "number" && typeof iat === "number"
      ? { ...compared, found: `iat + ${exp - iat} s` }
      : compared,
  );
}

function* whatStays({ client, integration }: Candidate, sub: string | undefined): Generator<string> {
  yield `the client id ${integration.clientId}, and Keycloak's id of it, ${client.id}`;
  const { created } = secretTimes(client, new Date());
  const age = created ? `made on ${created.toISOString().slice(0, 10)}` : "whose age Keycloak does not know";
  const oddity = oddSecret(client);
  const odd = oddity === undefined ? "" : `. It ${oddity}: renew it afterwards (scpcloud rotate)`;
  yield `the secret, ${age}${odd}`;
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

const ROLES = v.optional(v.array(v.object({ name: v.string() })), []);
const SCOPE_MAPPINGS = v.object({
  realmMappings: ROLES,
  clientMappings: v.optional(v.record(v.string(), v.object({ mappings: ROLES })), {}),
});

/** Role mappings of the client's own scope: with full scope off, the token still shows these. */
async function rolesInScope({ id }: ClientRepresentation, admin: KeycloakAdmin): Promise<string[]> {
  const { realmMappings, clientMappings } = await read(admin, `/clients/${id}/scope-mappings`, SCOPE_MAPPINGS);
  const ofClients = Object.entries(clientMappings).flatMap(([owner, { mappings }]) =>
    mappings.map(({ name }) => `${owner}.${name}`),
  );
  return [...realmMappings.map(({ name }) => name), ...ofClients].map(
    (role) => `the role ${role} in the client's own scope: its token shows it as long as it is there`,
  );
}
