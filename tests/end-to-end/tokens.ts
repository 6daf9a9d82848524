import { randomUUID } from "node:crypto";

import { exportJWK, generateKeyPair, SignJWT } from "jose";

import { connect } from "../../keycloak/http";
import type { Claims } from "../../contract/tokenContract";
import { fetchKeys, fetchToken, verifySignature } from "../../keycloak/tokens";
import type { Credentials } from "../../outputs";
import { serverOfTests } from "./server";

/** The verified claims of a token that a customer gets with its credentials. */
export async function claimsOf(credentials: Credentials, realm: string): Promise<Claims> {
  const { url, caCertificate } = serverOfTests();
  const keycloak = connect({ url, caCertificate });
  try {
    const token = await fetchToken(keycloak, realm, credentials.basic);
    return await verifySignature(token, await fetchKeys(keycloak, realm));
  } finally {
    await keycloak.close();
  }
}

/** The answer of the token endpoint to any request: its status and its OAuth error code. */
export async function askForToken(
  realm: string,
  authorization: string,
  form: Record<string, string>,
): Promise<{ readonly status: number; readonly error: unknown }> {
  const { url, caCertificate } = serverOfTests();
  const keycloak = connect({ url, caCertificate });
  try {
    const { status, body } = await keycloak.request(`/realms/${realm}/protocol/openid-connect/token`, {
      method: "POST",
      headers: { authorization },
      form,
    });
    return { status, error: (body as { error?: string }).error };
  } finally {
    await keycloak.close();
  }
}

/** What the token endpoint signs besides plain access tokens: an ID token, and an access token bound to a key (RFC 9449). */
export async function otherTokens(
  realm: string,
  authorization: string,
): Promise<{ readonly idToken: string; readonly boundToken: string }> {
  const { url, caCertificate } = serverOfTests();
  const keycloak = connect({ url, caCertificate });
  const path = `/realms/${realm}/protocol/openid-connect/token`;
  const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
  const proof = await new SignJWT({ htm: "POST", htu: `${url}${path}`, jti: randomUUID() })
    .setProtectedHeader({ alg: "ES256", typ: "dpop+jwt", jwk: await exportJWK(publicKey) })
    .setIssuedAt()
    .sign(privateKey);
  const request = async (headers: Record<string, string>) => {
    const form = { grant_type: "client_credentials", scope: "openid" };
    const { body } = await keycloak.request(path, { method: "POST", headers: { authorization, ...headers }, form });
    return body as { readonly access_token: string; readonly id_token: string };
  };
  try {
    const [{ id_token: idToken }, { access_token: boundToken }] = [await request({}), await request({ dpop: proof })];
    return { idToken, boundToken };
  } finally {
    await keycloak.close();
  }
}

/** The page that a browser gets when it is sent to log in for a client: its status. */
export async function startBrowserLogin(realm: string, clientId: string): Promise<number> {
  const { url, caCertificate } = serverOfTests();
  const keycloak = connect({ url, caCertificate });
  try {
    const query = new URLSearchParams({
      client_id: clientId,
      response_type: "code",
      redirect_uri: "https://anywhere.example/callback",
    });
    return (await keycloak.request(`/realms/${realm}/protocol/openid-connect/auth?${query.toString()}`)).status;
  } finally {
    await keycloak.close();
  }
}
