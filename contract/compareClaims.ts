import { isDeepStrictEqual } from "node:util";

import { type Claims, describeExpectation, type Expectation, type Json, type TokenContract } from "./tokenContract.ts";

/** One claim of a token beside what the contract says of it. */
export interface ClaimResult {
  readonly claim: string;
  /** What the contract expects, or nothing where it does not know the claim. */
  readonly expected?: string;
  /** What the token has, or nothing where it lacks the claim. */
  readonly found?: string;
  readonly verdict: "equal" | "missing" | "different" | "unexpected";
}

/**
 * Every claim of the contract and of the token, in the order of their names: both ways, so that neither a missing nor
 * an additional claim goes unnoticed.
 * @param now in seconds since 1970, as `iat` counts
 */
export function compareClaims(contract: TokenContract, claims: Claims, now: number): ClaimResult[] {
  const names = [...new Set([...Object.keys(contract), ...Object.keys(claims)])].sort();
  return names.map((claim) => {
    const expectation = Object.hasOwn(contract, claim) ? contract[claim] : undefined;
    const found = Object.hasOwn(claims, claim) ? claims[claim] : undefined;
    return {
      claim,
      ...(expectation === undefined ? {} : { expected: describeExpectation(expectation) }),
      ...(found === undefined ? {} : { found: JSON.stringify(found) }),
      verdict: verdictOf(expectation, found, claims, now),
    };
  });
}

function verdictOf(
  expectation: Expectation | undefined,
  found: Json | undefined,
  claims: Claims,
  now: number,
): ClaimResult["verdict"] {
  if (expectation === undefined) {
    return "unexpected";
  }
  if (found === undefined) {
    return "missing";
  }
  return meets(expectation, found, claims, now) ? "equal" : "different";
}

/** The clocks of this machine and of the server may differ by this many seconds. */
export const CLOCK_TOLERANCE = 30;

/** Keycloak reads its clock once for `iat` and once again for `exp`; a second may begin in between (seen on 26.7). */
const BETWEEN_TWO_READINGS = 1;

function meets(expectation: Expectation, found: Json, claims: Claims, now: number): boolean {
  switch (expectation.kind) {
    case "value":
      return expectation.unordered
        ? isDeepStrictEqual(sorted(found), sorted(expectation.value))
        : isDeepStrictEqual(found, expectation.value);
    case "form":
      return typeof found === "string" && expectation.pattern.test(found);
    case "issuedAt":
      return typeof found === "number" && Number.isInteger(found) && found <= now + CLOCK_TOLERANCE;
    case "lifespan": {
      const issuedAt = claims["iat"];
      return (
        typeof found === "number" &&
        typeof issuedAt === "number" &&
        found - issuedAt >= expectation.seconds &&
        found - issuedAt <= expectation.seconds + BETWEEN_TWO_READINGS &&
        found > now - CLOCK_TOLERANCE
      );
    }
  }
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) {
    return (value as readonly Json[]).map(sorted).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  return typeof value === "object" && value !== null
    ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, sorted(item)]))
    : value;
}
