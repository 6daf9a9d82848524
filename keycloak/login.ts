import { createPrivateKey, randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";

import { basicAuthorization } from "../contract/credentials";
import { SettingsError } from "../settings/faults";
import { explainLogin } from "./loginFaults";
import { type Deployer, realmUrl, type Settings } from "../settings/settings";
import { type KeycloakConnection, KeycloakError } from "./http";
import { assertionInWords } from "./accessToken";
import { fetchToken, NoTokenError } from "./tokens";

type Asking = Pick<Settings, "connection" | "deployer">;

/** In seconds, as the provider has it: an assertion is used at once. */
const ASSERTION_LIFESPAN = 60;

/**
 * The deployer's access token, by the grant and the kind of client authentication that the Keycloak provider uses.
 * @throws SettingsError with the server's own words where it refuses
 */
export async function login(keycloak: KeycloakConnection, asking: Asking): Promise<string> {
  const given = await givenAssertion(asking.deployer);
  try {
    return await askForToken(keycloak, asking, given);
  } catch (error) {
    throw error instanceof NoTokenError
      ? new SettingsError([explainLogin(error, asking, given === undefined ? undefined : assertionInWords(given))])
      : error;
  }
}

/** The assertion that somebody else has issued for the deployer, if it logs in by one. */
export async function givenAssertion({ credentials }: Deployer): Promise<string | undefined> {
  if (credentials.kind === "assertion") {
    return credentials.assertion;
  }
  return credentials.kind === "assertionFile" ? readAssertion(credentials.path) : undefined;
}

async function askForToken(
  keycloak: KeycloakConnection,
  { connection, deployer: { realm, clientId = "", credentials } }: Asking,
  given = "",
): Promise<string> {
  const ask = (form: Record<string, string>) =>
    fetchToken(keycloak, realm, undefined, { ...(clientId === "" ? {} : { client_id: clientId }), ...form });
  const assert = (assertion: string) =>
    ask({
      client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
      client_assertion: assertion,
    });
  switch (credentials.kind) {
    case "accessToken":
      return credentials.accessToken;
    case "assertion":
    case "assertionFile":
      return assert(given);
    case "clientSecret":
      return fetchToken(keycloak, realm, basicAuthorization(clientId, credentials.clientSecret));
    case "password": {
      const { username, password, clientSecret } = credentials;
      const secret = clientSecret === undefined ? {} : { client_secret: clientSecret };
      return ask({ grant_type: "password", username, password, ...secret });
    }
    case "signingKey":
      return assert(await sign(realmUrl((connection.admin ?? connection).url, realm), clientId, credentials));
  }
}

/** Its issuer writes the file again and again, so it is read for each login. */
async function readAssertion(path: string): Promise<string> {
  try {
    return (await readFile(path, "utf8")).trim();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new KeycloakError(`keycloak:jwtTokenFile cannot be read: ${reason}`);
  }
}

/** The audience is the one that the provider names: the realm's address below the admin REST API's base URL. */
async function sign(
  audience: string,
  clientId: string,
  { algorithm, privateKey }: Extract<Deployer["credentials"], { readonly kind: "signingKey" }>,
): Promise<string> {
  // Loaded only where it is used, here and in tokens.ts: each run of the program would pay for it.
  const { SignJWT } = await import("jose");
  try {
    const now = Math.floor(Date.now() / 1000);
    return await new SignJWT({ jti: randomUUID(), iss: clientId, sub: clientId, aud: audience })
      .setProtectedHeader({ alg: algorithm, typ: "JWT" })
      .setIssuedAt(now)
      .setExpirationTime(now + ASSERTION_LIFESPAN)
      .sign(createPrivateKey(privateKey));
  } catch {
    // The reason might quote the key.
    throw new KeycloakError(`keycloak:jwtSigningKey is no private key (PEM) for ${algorithm}`);
  }
}
