import { randomUUID } from "node:crypto";

import { exportJWK, generateKeyPair, SignJWT } from "jose";

import type { Claims } from "../../contract/tokenContract.ts";
import { connect, type KeycloakConnection } from "../../keycloak/http.ts";
import { fetchKeys, fetchToken, verifySignature } from "../../keycloak/tokens.ts";
import type { Credentials } from "../../outputs.ts";
import { serverOfTests } from "./server.ts";

/** Does something with a connection to the server of the tests. */
export async function connected<T>(action: (keycloak: KeycloakConnection) => Promise<T>): Promise<T> {
  const { url, caCertificate } = serverOfTests();
  const keycloak = connect({ url, caCertificate });
  try {
    return await action(keycloak);
  } finally {
    await keycloak.close();
  }
}

/** The verified claims of a token that a customer gets with its credentials. */
export function claimsOf(credentials: Credentials, realm: string): Promise<Claims> {
  return connected(async (keycloak) =>
    verifySignature(await fetchToken(keycloak, realm, credentials.basic), await fetchKeys(keycloak, realm)),
  );
}

/** The answer of the token endpoint to any request: its status and its OAuth error code. */
export function askForToken(
  realm: string,
  authorization: string,
  form: Record<string, string>,
): Promise<{ readonly status: number; readonly error: unknown }> {
  return connected(async (keycloak) => {
    const { status, body } = await keycloak.request(`/realms/${realm}/protocol/openid-connect/token`, {
      method: "POST",
      headers: { authorization },
      form,
    });
    return { status, error: (body as { error?: string }).error };
  });
}

/** What the token endpoint signs besides plain access tokens: an ID token, and an access token bound to a key (RFC 9449). */
export async function otherTokens(
  realm: string,
  authorization: string,
): Promise<{ readonly idToken: string; readonly boundToken: string }> {
  const path = `/realms/${realm}/protocol/openid-connect/token`;
  const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
  const proof = await new SignJWT({ htm: "POST", htu: `${serverOfTests().url}${path}`, jti: randomUUID() })
    .setProtectedHeader({ alg: "ES256", typ: "dpop+jwt", jwk: await exportJWK(publicKey) })
    .setIssuedAt()
    .sign(privateKey);
  return connected(async (keycloak) => {
    const request = async (headers: Record<string, string>) => {
      const form = { grant_type: "client_credentials", scope: "openid" };
      const { body } = await keycloak.request(path, { method: "POST", headers: { authorization, ...headers }, form });
      return body as { readonly access_token: string; readonly id_token: string };
    };
    const [{ id_token: idToken }, { access_token: boundToken }] = [await request({}), await request({ dpop: proof })];
    return { idToken, boundToken };
  });
}

/** The page that a browser gets when it is sent to log in for a client: its status. */
export function startBrowserLogin(realm: string, clientId: string): Promise<number> {
  const query = new URLSearchParams({
    client_id: clientId,
    response_type: "code",
    redirect_uri: "https://anywhere.example/callback",
  });
  return connected(
    async (keycloak) =>
      (await keycloak.request(`/realms/${realm}/protocol/openid-connect/auth?${query.toString()}`)).status,
  );
}
