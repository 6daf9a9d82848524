import type { ClaimResult } from "../../contract/compareClaims.ts";
import { ORGANIZATION_CLAIM } from "../../contract/names.ts";
import { type ClientRepresentation, type ClientScopes, writersOf } from "../../keycloak/clients.ts";

/** Each claim that differs, with the mappers that write it; and an organization that more than one mapper writes. */
export function describeDifferences(
  claims: readonly ClaimResult[],
  client: ClientRepresentation | undefined,
  scopes: ClientScopes,
): string[] {
  return claims.flatMap((result) => {
    const writers = client === undefined ? [] : writersOf(result.claim, client, scopes);
    const who = writers.join(" and ");
    if (result.verdict !== "equal") {
      return [describeDifference(result) + (writers.length === 0 ? "" : `. It is written by ${who}`)];
    }
    return result.claim === ORGANIZATION_CLAIM && writers.length > 1
      ? [
          `claim ${ORGANIZATION_CLAIM} is written by ${who}: it is chance which of them the next token has. Delete what is not ours`,
        ]
      : [];
  });
}

function describeDifference({ claim, expected, found }: ClaimResult): string {
  if (found === undefined) {
    return `claim ${claim} is missing; the contract says ${expected}`;
  }
  return expected === undefined
    ? `claim ${claim} is ${found}, but the contract does not have it`
    : `claim ${claim} is ${found}; the contract says ${expected}`;
}
