import { type Fault, shown } from "../../faults/faults.ts";
import type { LoginCredentials, Settings } from "../settings.ts";
import type { ConfigurationSource, Decoded } from "../source.ts";
import type { ProviderValues } from "./provider.ts";
import { proxyFor } from "./proxy.ts";

/** What the provider does with its settings, for the program and the commands, which ask Keycloak besides. */
export function toLogin(
  provider: ProviderValues,
  environment: ConfigurationSource["environment"],
): Pick<Settings, "connection" | "deployer"> {
  const {
    clientId,
    realm,
    url = "",
    adminUrl = url,
    basePath = "",
    tlsClientCertificate,
    tlsClientPrivateKey,
  } = provider;
  const endpoint = (base: string) => ({ url: `${base}${basePath}`, proxy: proxyFor(base, environment) });
  return {
    connection: {
      ...endpoint(url),
      admin: endpoint(adminUrl),
      headers: provider.additionalHeaders,
      timeout: provider.clientTimeout,
      caCertificate: provider.rootCaCertificate,
      clientCertificate:
        tlsClientCertificate !== undefined && tlsClientPrivateKey !== undefined
          ? { certificate: tlsClientCertificate, privateKey: tlsClientPrivateKey }
          : undefined,
      insecure: provider.tlsInsecureSkipVerify,
    },
    deployer: { realm, clientId, credentials: credentialsOf(provider) },
  };
}

/** By the provider's own order of precedence (NewKeycloakClient). */
function credentialsOf({ accessToken, clientSecret, jwtToken, jwtTokenFile }: ProviderValues): LoginCredentials {
  if (jwtToken !== undefined) {
    return { kind: "assertion", assertion: jwtToken };
  }
  if (jwtTokenFile !== undefined) {
    return { kind: "assertionFile", path: jwtTokenFile };
  }
  return clientSecret === undefined
    ? { kind: "accessToken", accessToken: accessToken ?? "" }
    : { kind: "clientSecret", clientSecret };
}

/** What is wrong with the login. @param administered the realm that the stack declares customers in */
export function* checkLogin(values: Decoded, administered: unknown): Generator<Fault> {
  const isSet = (...keys: (keyof ProviderValues)[]) => keys.some((key) => values[key] !== undefined);
  const missing = (key: "clientId" | "clientSecret" | "url", remedy: string): Fault => ({
    key: `keycloak:${key}`,
    rule: "must be set",
    reason: "the deployer has to log in to Keycloak",
    remedy,
  });
  if (!isSet("url")) {
    yield missing("url", "run: pulumi config set keycloak:url … (or export KEYCLOAK_URL)");
  }
  // Keycloak finds the client by an assertion's subject.
  if (!isSet("clientId", "jwtToken", "jwtTokenFile")) {
    yield missing("clientId", "run: pulumi config set keycloak:clientId … (or export KEYCLOAK_CLIENT_ID)");
  }
  const isSetBeside = isSet("clientSecret", "jwtToken", "jwtTokenFile");
  if (!isSet("accessToken") && !isSetBeside) {
    yield missing(
      "clientSecret",
      "run: pulumi config set --secret keycloak:clientSecret (or export KEYCLOAK_CLIENT_SECRET; " +
        'for the embedded Keycloak: eval "$(make env)")',
    );
  }
  if (isSet("accessToken") && isSetBeside) {
    yield {
      key: "keycloak:accessToken",
      rule: "must not be set beside another credential",
      reason: "the provider would not log in because of the token, and not send the token because of the other (401)",
      remedy: "remove it (or unset KEYCLOAK_ACCESS_TOKEN), or remove the others",
    };
  }
  // Keycloak answers 403 to all that any other deployer asks for, whichever roles it has.
  const { realm = "master" } = values;
  if (typeof administered === "string" && typeof realm === "string" && ![administered, "master"].includes(realm)) {
    yield {
      key: "scpcloud:realm",
      rule: `must be the deployer's own realm, which is ${shown(realm)}`,
      reason:
        "keycloak:realm (or KEYCLOAK_REALM) says so, and Keycloak lets no deployer but one of the realm master administer " +
        "another realm",
      value: shown(administered),
      remedy: `write scpcloud:realm: ${realm}; or keycloak:realm: ${administered}, with a client of that realm`,
    };
  }
}
