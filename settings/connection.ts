import { type Fault, shown } from "./faults";
import { type ProviderValues, VARIABLES } from "./provider";
import { proxyFaults, proxyFor } from "./proxy";
import type { Connection, Credentials, Deployer } from "./settings";
import type { ConfigurationSource } from "./source";

/** How to reach Keycloak and whom to log in as. */
export interface Login {
  readonly connection: Connection;
  readonly deployer: Deployer;
}

/**
 * The provider's own way to Keycloak, for whoever else asks it; or what is missing on it.
 * @param administered the realm of the stack, where it is known
 */
export function toLogin(
  provider: ProviderValues,
  environment: ConfigurationSource["environment"],
  administered?: string | null,
): { readonly login?: Login; readonly faults: readonly Fault[] } {
  const { url, clientId, realm = "master" } = provider;
  const credentials = credentialsOf(provider);
  // Keycloak finds the client by an assertion's subject.
  const isNamed = clientId !== undefined || /^assertion/.test(credentials?.kind ?? "");
  if (url === undefined || !isNamed || credentials === undefined) {
    const needed = isNamed ? (["url"] as const) : (["url", "clientId"] as const);
    const faults = needed.filter((key) => provider[key] === undefined).map(missing);
    return { faults: credentials === undefined ? [...faults, MISSING_SECRET] : faults };
  }
  if (provider.accessToken !== undefined && credentials.kind !== "accessToken") {
    return { faults: [RIVAL_TOKEN] };
  }
  const connection = toConnection(url, provider, environment);
  const faults = proxyFaults([connection, connection.admin ?? connection]);
  if (administered && realm !== administered && realm !== "master") {
    faults.push(otherRealm(realm, administered));
  }
  if (faults.length > 0) {
    return { faults };
  }
  return { login: { connection, deployer: { realm, clientId, credentials } }, faults: [] };
}

const REASON = "the deployer has to log in to Keycloak";

function missing(key: "clientId" | "url"): Fault {
  return {
    key: `keycloak:${key}`,
    rule: "must be set",
    reason: REASON,
    remedy: `run: pulumi config set keycloak:${key} … (or export ${VARIABLES[key]})`,
  };
}

const MISSING_SECRET: Fault = {
  key: "keycloak:clientSecret",
  rule: "must be set",
  reason: REASON,
  remedy:
    "run: pulumi config set --secret keycloak:clientSecret (or export KEYCLOAK_CLIENT_SECRET; " +
    'for the embedded Keycloak: eval "$(make env)")',
};

/** For the sake of the token the provider does not log in; for the sake of the others it does not send the token. */
const RIVAL_TOKEN: Fault = {
  key: "keycloak:accessToken",
  rule: "must not be set beside another credential",
  reason: "the provider would send neither, and Keycloak would refuse every request (401)",
  remedy: "remove it (or unset KEYCLOAK_ACCESS_TOKEN), or remove the others",
};

/** Keycloak answers 403 to whatever such a deployer asks for, whichever roles it has. */
function otherRealm(realm: string, administered: string): Fault {
  return {
    key: "scpcloud:realm",
    rule: `must be the deployer's own realm, which is ${shown(realm)}`,
    reason:
      "keycloak:realm (or KEYCLOAK_REALM) says so, and Keycloak lets no deployer but one of the realm master administer " +
      "another realm",
    value: shown(administered),
    remedy: `write scpcloud:realm: ${realm}; or keycloak:realm: ${administered}, with a client of that realm`,
  };
}

function toConnection(
  baseUrl: string,
  provider: ProviderValues,
  environment: ConfigurationSource["environment"],
): Connection {
  const { adminUrl = baseUrl, basePath = "", tlsClientCertificate, tlsClientPrivateKey } = provider;
  const endpoint = (base: string) => ({ url: `${base}${basePath}`, proxy: proxyFor(base, environment) });
  return {
    ...endpoint(baseUrl),
    admin: endpoint(adminUrl),
    headers: provider.additionalHeaders,
    timeout: provider.clientTimeout,
    caCertificate: provider.rootCaCertificate,
    clientCertificate:
      tlsClientCertificate !== undefined && tlsClientPrivateKey !== undefined
        ? { certificate: tlsClientCertificate, privateKey: tlsClientPrivateKey }
        : undefined,
    insecure: provider.tlsInsecureSkipVerify,
  };
}

/** What the provider logs in with, by its own order of precedence (NewKeycloakClient); undefined for nothing at all. */
function credentialsOf(provider: ProviderValues): Credentials | undefined {
  const { accessToken, clientSecret, jwtSigningAlg = "RS256", jwtSigningKey, jwtToken, jwtTokenFile } = provider;
  const { username, password } = provider;
  if (username !== undefined && password !== undefined) {
    return { kind: "password", username, password, clientSecret };
  }
  if (jwtToken !== undefined) {
    return { kind: "assertion", assertion: jwtToken };
  }
  if (jwtTokenFile !== undefined) {
    return { kind: "assertionFile", path: jwtTokenFile };
  }
  if (jwtSigningKey !== undefined) {
    return { kind: "signingKey", algorithm: jwtSigningAlg, privateKey: jwtSigningKey };
  }
  if (clientSecret !== undefined) {
    return { kind: "clientSecret", clientSecret };
  }
  return accessToken === undefined ? undefined : { kind: "accessToken", accessToken };
}
