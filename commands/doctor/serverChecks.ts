import { connect as connectTls } from "node:tls";

import { CLOCK_TOLERANCE } from "../../contract/compareClaims.ts";
import { isKnownSecret } from "../../contract/credentials.ts";
import { BUILT_IN_SCOPES } from "../../contract/names.ts";
import type { KeycloakAdmin } from "../../keycloak/admin.ts";
import { findClient, readClientScopes } from "../../keycloak/clients.ts";
import type { KeycloakConnection } from "../../keycloak/http.ts";
import { refuseWrongServer } from "../../keycloak/wrongServer.ts";
import { lifespanFaults, missingClientScope, readRealm } from "../../lookups/realm.ts";
import { type Connection, issuerOf, type Settings } from "../../settings/settings.ts";
import { type Check, OF_ADMIN, right, unknown, warning, wrong, wrongBy } from "./check.ts";
import { providerAuthorities } from "./providerAuthorities.ts";

/** Whether the server answers, is trusted, knows the realm, and is the one that the settings speak of. */
export async function checkServer(keycloak: KeycloakConnection, settings: Settings): Promise<Check[]> {
  const { connection, realm } = settings;
  const issuer = await refuseWrongServer(keycloak, settings);
  return [
    right("Keycloak", `${connection.url} answers, and our commands trust its certificate`),
    await checkProviderTrust(connection),
    right("realm", `${realm} is there`),
    issuer === issuerOf(settings)
      ? right("issuer", issuer)
      : wrong(
          "issuer",
          `the server says ${issuer}, which is one of scpcloud:api.additionalIssuers; the settings say ${issuerOf(settings)}`,
          "bring scpcloud:publicUrl and Keycloak's option hostname together, once the move of hosts is done",
          ["verify"],
        ),
  ];
}

/** The provider is a Go program, which finds its certificates elsewhere than Node.js. */
async function checkProviderTrust({ caCertificate, insecure, proxy, url }: Connection): Promise<Check> {
  const about = "certificate for the provider";
  const { hostname, port, protocol } = new URL(url);
  if (protocol === "http:") {
    return right(about, "none is needed: the URL begins with http");
  }
  if (insecure === true) {
    return warning(about, "the provider takes any (keycloak:tlsInsecureSkipVerify)", "give it the CA's certificate");
  }
  if ((caCertificate === undefined && process.platform !== "linux") || proxy !== undefined) {
    return unknown(about, "cannot be told here: it goes by the system's own store, or through a proxy");
  }
  const ca = caCertificate ?? providerAuthorities(process.env);
  const reason = await new Promise<string | undefined>((resolve) => {
    const options = { host: hostname, port: Number(port || 443), servername: hostname, ca };
    const socket = connectTls(options, () => {
      resolve(undefined);
      socket.end();
    });
    socket.setTimeout(10_000, () => socket.destroy(new Error("no answer within 10 s")));
    socket.on("error", (error: Error) => resolve(error.message));
    socket.on("close", () => resolve(undefined));
  });
  const remedy = "put the CA's certificate (PEM) into keycloak:rootCaCertificate, or on SSL_CERT_DIR";
  return reason === undefined
    ? right(about, "trusted")
    : wrong(about, `not trusted by the Keycloak provider: ${reason}`, remedy, OF_ADMIN);
}

/**
 * Whether this machine and the server agree on the time; the server tells it by the token that it has just made.
 * @param issuedAt in seconds since 1970; undefined where the token does not tell
 */
export function checkClock(issuedAt: number | undefined, now: Date): Check {
  if (issuedAt === undefined) {
    return unknown("clock", "the deployer's token does not tell when it was made");
  }
  const seconds = Math.round(now.getTime() / 1000) - issuedAt;
  const difference = `this machine's clock is ${Math.abs(seconds)} s ${seconds < 0 ? "behind" : "ahead of"} the server's`;
  return Math.abs(seconds) <= CLOCK_TOLERANCE
    ? right("clock", Math.abs(seconds) <= 2 ? "as the server's" : difference)
    : wrong("clock", difference, "set the clock that is wrong; tokens are judged by it", ["verify"]);
}

/** Whether the realm lets tokens be as the settings promise. */
export async function checkRealm(admin: KeycloakAdmin, settings: Settings): Promise<Check[]> {
  const { accessTokenLifespan } = settings;
  const realm = await readRealm(admin);
  const faults = lifespanFaults(accessTokenLifespan, realm);
  return [
    ...(faults.length === 0
      ? [right("lifespan", `${accessTokenLifespan} s, within the realm's session limits`)]
      : faults.map((fault) => wrongBy("lifespan", fault, OF_ADMIN))),
    checkAlgorithm(realm.defaultSignatureAlgorithm),
    ...(await checkScopes(admin, settings)),
  ];
}

/** What ASP.NET Core's JwtBearer can check: Microsoft.IdentityModel.Tokens knows RSA and ECDSA, but not EdDSA. */
function checkAlgorithm(algorithm: string | undefined): Check {
  const about = "signature algorithm";
  if (algorithm === undefined) {
    return unknown(about, "the realm does not say it");
  }
  const found = `the realm signs tokens with ${algorithm}, which ASP.NET Core cannot check by the realm's public keys`;
  const remedy = "choose RS256, PS256 or ES256 in the realm's settings, Tokens, Default Signature Algorithm";
  return /^(RS|PS|ES)(256|384|512)$/.test(algorithm)
    ? right(about, algorithm)
    : wrong(about, found, remedy, ["verify"]);
}

async function checkScopes(admin: KeycloakAdmin, { realm }: Settings): Promise<Check[]> {
  const about = "built-in client scopes";
  const names = (await readClientScopes(admin)).map(({ name }) => name);
  if (names.length === 0) {
    return [unknown(about, "the server shows the deployer no client scopes", "give it the role view-clients")];
  }
  const missing = BUILT_IN_SCOPES.filter((name) => !names.includes(name));
  return missing.length === 0
    ? [right(about, BUILT_IN_SCOPES.join(", "))]
    : missing.map((name) => wrongBy(about, missingClientScope(name, realm), OF_ADMIN));
}

/** Whether the deployer sees secrets: one that it cannot see must not get into the state. */
export async function checkSecrets(admin: KeycloakAdmin, { deployer, integrations, realm }: Settings): Promise<Check> {
  const about = "secrets";
  const own = deployer.clientId !== undefined && deployer.realm === realm ? [deployer.clientId] : [];
  for (const clientId of [...integrations.slice(0, 1).map((customer) => customer.clientId), ...own]) {
    const client = await findClient(admin, clientId);
    if (client !== undefined) {
      return isKnownSecret(client.secret)
        ? right(about, "the deployer may see them")
        : warning(
            about,
            `the deployer may not see them (as of client "${clientId}"): drift cannot tell whether they were regenerated`,
            "for up, give it the role manage-clients; never run pulumi refresh or up --refresh as this deployer, which " +
              "would put asterisks into the state",
          );
    }
  }
  return unknown(about, "there is no client yet by which to tell whether the deployer sees them");
}
