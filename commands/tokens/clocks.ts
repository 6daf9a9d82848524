import { CLOCK_TOLERANCE } from "../../contract/compareClaims.ts";
import type { Claims } from "../../contract/tokenContract.ts";

/** A token's claims, and when they came: in seconds since 1970, by this machine's clock. */
export interface ReceivedClaims {
  readonly claims: Claims;
  readonly received: number;
}

/**
 * By how many seconds Keycloak's clock is ahead of this machine's; below 0 where it is behind. One number for the server:
 * the smallest, since one token that is as new as it says shows that the clocks agree, and that the others are wrong.
 */
export function clockDifference(tokens: readonly ReceivedClaims[]): number {
  const differences = tokens.flatMap(({ claims: { iat }, received }) =>
    typeof iat === "number" ? [Math.round(iat - received)] : [],
  );
  return differences.sort((a, b) => Math.abs(a) - Math.abs(b))[0] ?? 0;
}

/** Nothing where the clocks differ by no more than is usual. */
export function describeClocks(difference: number): string[] {
  return Math.abs(difference) <= CLOCK_TOLERANCE
    ? []
    : [
        `Keycloak's clock, by which it writes iat and exp, is ${Math.abs(difference)} s ` +
          `${difference > 0 ? "ahead of" : "behind"} this machine's. Which of the two is wrong cannot be seen here; ` +
          "set both by NTP. An API whose clock is wrong takes good tokens for expired, or expired ones for good. " +
          "The tokens were compared by Keycloak's clock",
      ];
}
