import type { Fault } from "./faults";

/** By these the provider signs its assertions (golang-jwt, SigningMethodRSA, -ECDSA and -Ed25519). */
export const SIGNING_ALGORITHMS = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "EdDSA"] as const;

/** What a single setting of the Keycloak provider must be (provider.ts). */
export const PROVIDER_RULES = {
  basePath: {
    rule: "must be empty or begin with a slash, and not end with one",
    reason: "the provider appends it to keycloak:url letter by letter",
    remedy: 'write it such as "/auth", or leave it out: Keycloak has had no base path since version 17',
  },
  headers: {
    rule: "must be a map of HTTP headers, without Host and Proxy-Authorization",
    reason: "they go with every request to Keycloak; these two follow from keycloak:url and the proxy's own URL",
    remedy: "write one name with its value per line",
  },
  initialLogin: {
    rule: "must not be false",
    reason: "every run asks Keycloak before it declares anything, and so logs in at once",
    remedy: "remove it",
  },
  keycloakUrl: {
    rule: "must be an absolute http(s) URL",
    reason: "the deployer reaches Keycloak by it",
    remedy: 'write Keycloak\'s base URL, such as "https://keycloak.example.com"',
  },
  keycloakUrlCredentials: {
    rule: "must not hold a user name or a password",
    reason: "the stack file goes into git, and error messages quote the URL",
    remedy: "cut them off; the deployer logs in with keycloak:clientId and keycloak:clientSecret",
  },
  keycloakUrlSlash: {
    rule: "must not end with a slash",
    reason: "the provider appends /realms/… to it letter by letter, and Keycloak refuses two slashes in a row (400)",
    remedy: "cut the slash off",
  },
  redHatSso: {
    rule: "must not be true",
    reason:
      "Red Hat SSO is Keycloak 18 at the latest, and every customer's client needs a client scope that came with 26.1",
    remedy: "remove it; the Red Hat build of Keycloak does without",
  },
  seconds: {
    rule: "must be a whole number of seconds, or 0 for no limit",
    reason: "a request to Keycloak is given up after it",
    remedy: "write 60 for a minute",
  },
  signingAlgorithm: {
    rule: `must be one of ${SIGNING_ALGORITHMS.join(", ")}`,
    reason: "the provider signs with no other algorithm",
    remedy: "write the algorithm that the client's settings in Keycloak name, or leave it out for RS256",
  },
} as const satisfies Record<string, Pick<Fault, "reason" | "remedy" | "rule">>;
