import { type Fault, shown } from "../../faults/faults.ts";
import type { LoginCredentials, Settings } from "../settings.ts";
import type { ConfigurationSource } from "../source.ts";
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

/** Keycloak answers 403 to all that such a deployer asks for, whichever roles it has. */
export function* checkRealm(realm: unknown, administered: unknown): Generator<Fault> {
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
