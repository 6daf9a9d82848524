import { readFile } from "node:fs/promises";

import { basicAuthorization } from "../contract/credentials.ts";
import { SettingsError } from "../faults/faults.ts";
import type { Deployer, Settings } from "../settings/settings.ts";
import { assertionInWords } from "./accessToken.ts";
import { type KeycloakConnection, KeycloakError } from "./http.ts";
import { explainLogin } from "./loginFaults.ts";
import { fetchToken, NoTokenError } from "./tokens.ts";

type Asking = Pick<Settings, "connection" | "deployer">;

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
  { deployer: { realm, clientId = "", credentials } }: Asking,
  given = "",
): Promise<string> {
  switch (credentials.kind) {
    case "accessToken":
      return credentials.accessToken;
    case "assertion":
    case "assertionFile":
      return fetchToken(keycloak, realm, undefined, {
        ...(clientId === "" ? {} : { client_id: clientId }),
        client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        client_assertion: given,
      });
    case "clientSecret":
      return fetchToken(keycloak, realm, basicAuthorization(clientId, credentials.clientSecret));
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
