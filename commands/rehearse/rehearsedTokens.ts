import type { Claims } from "../../contract/tokenContract.ts";
import type { EmbeddedServer } from "../../development/keycloak/server.ts";
import { connect } from "../../keycloak/http.ts";
import { fetchKeys, fetchToken, TokenRefusedError, verifySignature } from "../../keycloak/tokens.ts";
import type { Credentials } from "../../outputs.ts";
import { changedClaims, type ClaimChange, type DescribedClaims } from "../changes/claimChanges.ts";

/** Each customer's claims by client id; undefined where the server refuses her a token. */
export type Tokens = Readonly<Record<string, Claims | undefined>>;

/** A token of each customer. @throws KeycloakError where the server does not answer as one should */
export async function takeTokens(
  { url, caCertificate }: EmbeddedServer,
  realm: string,
  credentials: Readonly<Record<string, Credentials>>,
): Promise<Tokens> {
  const keycloak = connect({ url, caCertificate });
  try {
    const keys = await fetchKeys(keycloak, realm);
    const claims = await Promise.all(
      Object.entries(credentials).map(async ([clientId, { basic }]): Promise<[string, Claims | undefined]> => {
        try {
          return [clientId, await verifySignature(await fetchToken(keycloak, realm, basic), keys)];
        } catch (error) {
          if (error instanceof TokenRefusedError) return [clientId, undefined];
          throw error;
        }
      }),
    );
    return Object.fromEntries(claims);
  } finally {
    await keycloak.close();
  }
}

/** One way in which tokens differ, with all the customers whose tokens do. */
export interface TokenChange {
  /** "claim audience: … instead of …", for instance. */
  readonly sentence: string;
  readonly clientIds: readonly string[];
}

/** What another token of the same kind has otherwise: the time, the id, and from where it was asked for. */
const VOLATILE = ["auth_time", "clientAddress", "clientHost", "exp", "iat", "jti"];

/** How the tokens of after differ from those of before. */
export function changedTokens(before: Tokens, after: Tokens): TokenChange[] {
  const said = Object.keys(before)
    .sort()
    .flatMap((clientId) => sentencesOf(before[clientId], after[clientId]).map((sentence) => ({ sentence, clientId })));
  return [...Map.groupBy(said, ({ sentence }) => sentence)].map(([sentence, those]) => ({
    sentence,
    clientIds: those.map(({ clientId }) => clientId),
  }));
}

function sentencesOf(before: Claims | undefined, after: Claims | undefined): string[] {
  if (before === undefined || after === undefined) {
    const sentence =
      before === undefined ? "a token is issued, which was refused before" : "no token is issued any more";
    return before === after ? [] : [sentence];
  }
  const lifespanOf = ({ exp, iat }: Claims) => Number(exp) - Number(iat);
  const [lifespan, newLifespan] = [lifespanOf(before), lifespanOf(after)];
  return [
    // Keycloak reads its clock twice, so that a token may last a second longer.
    ...(Math.abs(lifespan - newLifespan) > 1 ? [`the lifespan is ${newLifespan} s; it was ${lifespan} s`] : []),
    ...changedClaims(comparable(before, after), comparable(after, before)).map(claimSentence),
  ];
}

/** Of what differs from token to token counts only whether it is there. */
function comparable(claims: Claims, others: Claims): DescribedClaims {
  const isAlike = (claim: string) => VOLATILE.includes(claim) && claim in others;
  return Object.fromEntries(
    Object.entries(claims).map(([claim, value]) => [claim, isAlike(claim) ? "" : JSON.stringify(value)]),
  );
}

function claimSentence({ after, before, claim }: ClaimChange): string {
  if (after === undefined) return `the claim ${claim} is gone; it was ${before}`;
  return before === undefined
    ? `the claim ${claim} is new: ${after}`
    : `the claim ${claim} is ${after}; it was ${before}`;
}
