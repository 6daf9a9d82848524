import { errors, type JWTPayload, jwtVerify, type JWTVerifyGetKey } from "jose";

import { reasonOf } from "./client";
import { KeysUnavailableError } from "./signingKeys";

/** What a bearer token is worth; the reasons are for the log only. */
export type Verdict =
  | { readonly outcome: "accepted"; readonly organizationId: string }
  | { readonly outcome: "forbidden" }
  | { readonly outcome: "refused"; readonly reason: string }
  | { readonly outcome: "keys unavailable"; readonly reason: string };

export interface ValidationOptions {
  readonly keys: JWTVerifyGetKey;
  readonly issuers: readonly string[];
  readonly audiences: readonly string[];
}

/** Whoever has the public key can sign with a symmetric algorithm, and anybody with none; which of these, the key says. */
const ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];
const TYPES: readonly unknown[] = [undefined, "jwt", "at+jwt"];

/** Judges the value of an Authorization header (RFC 6750) as an API has to that is called with access tokens. */
export async function validate(authorization: string | undefined, options: ValidationOptions): Promise<Verdict> {
  const token = /^bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
  if (token === undefined) {
    return { outcome: "refused", reason: "no bearer token" };
  }
  try {
    const { payload, protectedHeader } = await jwtVerify(token, options.keys, {
      algorithms: ALGORITHMS,
      issuer: [...options.issuers],
      audience: [...options.audiences],
      requiredClaims: ["exp"],
      clockTolerance: 0,
    });
    const type: unknown = protectedHeader.typ;
    if (!TYPES.includes(typeof type === "string" ? type.toLowerCase() : type)) {
      return { outcome: "refused", reason: "the type is not that of an access token" };
    }
    // Keycloak signs ID, refresh and logout tokens with the same keys, and says only here which is which.
    if (payload["typ"] !== "Bearer") {
      return { outcome: "refused", reason: "not an access token for a bearer" };
    }
    // Whoever presents it would have to prove that the key or the certificate is its own (RFC 7800).
    if (payload["cnf"] !== undefined) {
      return { outcome: "refused", reason: "bound to a key or a certificate" };
    }
    return organizationOf(payload);
  } catch (error) {
    return verdictOn(error);
  }
}

function organizationOf({ organizationId }: JWTPayload): Verdict {
  return typeof organizationId === "string" && organizationId !== ""
    ? { outcome: "accepted", organizationId }
    : { outcome: "forbidden" };
}

/** Tells a bad token from keys that are bad or cannot be had. */
function verdictOn(error: unknown): Verdict {
  if (error instanceof KeysUnavailableError) {
    return { outcome: "keys unavailable", reason: error.message };
  }
  const ofTheKeys = error instanceof errors.JWKSInvalid || error instanceof errors.JWKSTimeout;
  if (error instanceof errors.JOSEError && !ofTheKeys) {
    const claim = error instanceof errors.JWTClaimValidationFailed ? ` (${error.claim})` : "";
    return { outcome: "refused", reason: `${error.code}${claim}` };
  }
  return { outcome: "keys unavailable", reason: reasonOf(error) };
}
