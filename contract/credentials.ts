/** A customer's credentials, to be handed over to it. */
export interface Credentials {
  readonly clientSecret: string;
  /** The ready value of an Authorization header (basicAuthorization). */
  readonly basic: string;
}

/** Keycloak shows this to somebody who may not see a secret (ComponentRepresentation.SECRET_VALUE; clients: 26.8). */
const MASK = "**********";

/** Keycloak's own secrets have 32 characters and more. */
const LEAST_LENGTH = 16;

/** Whether a text can be a client's secret: neither missing nor empty nor masked. */
export function isKnownSecret(secret: unknown): secret is string {
  return typeof secret === "string" && secret !== "" && secret !== MASK;
}

/** Whether Keycloak has a secret that it does not show. */
export function isMasked(secret: unknown): boolean {
  return secret === MASK;
}

/**
 * Why a text is probably no real secret, in words that follow "its secret". Keycloak takes any text as a secret, also a
 * reference that a vault should have replaced. The secrets that Keycloak makes are never odd.
 */
export function oddityOf(secret: string): string | undefined {
  if (/^\W{0,2}[{(<\[%].*[})>\]%]$|^(arn|aws|env|file|op|ref|secret|vault)[:+]/i.test(secret)) {
    return "looks like a reference to a secret that is elsewhere";
  }
  if (secret.length < LEAST_LENGTH) {
    return `is ${secret === "" ? "empty" : `shorter than ${LEAST_LENGTH} characters`}`;
  }
  return new Set(secret).size < 6 ? "consists of a few different characters only" : undefined;
}

/** A customer's credentials; nothing without a secret: a credential is complete or absent. */
export function credentialsOf(clientId: string, clientSecret: unknown): Credentials | undefined {
  return isKnownSecret(clientSecret) ? { clientSecret, basic: basicAuthorization(clientId, clientSecret) } : undefined;
}

/**
 * The value of an Authorization header for HTTP Basic: both halves form-encoded before they are joined (RFC 6749, 2.3.1),
 * as Keycloak decodes them. Nothing changes in [A-Za-z0-9], of which Keycloak's own secrets are.
 */
export function basicAuthorization(clientId: string, clientSecret: string): string {
  const pair = [clientId, clientSecret].map(formEncoded).join(":");
  return `Basic ${Buffer.from(pair).toString("base64")}`;
}

/** application/x-www-form-urlencoded, as WHATWG's URL standard serializes it. */
function formEncoded(text: string): string {
  return new URLSearchParams([["", text]]).toString().slice(1);
}
