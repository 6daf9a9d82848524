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

export const ADMIN_ID = "c7834e89-74ff-42ae-a6d8-8693f24b1351";

/** That a customer of the development stack gets the original token, claim by claim, and nothing else. */
export async function expectOriginalToken(credentials: Credentials): Promise<Claims> {
  const claims = await claimsOf(credentials, "ScpCloud");
  const { exp, iat, jti, sub, clientHost, clientAddress, ...rest } = claims;
  // target-system.md's table.
  expect(rest).toEqual({
    iss: "https://host.docker.internal:28443/realms/ScpCloud",
    aud: ["scpCloud", "account"],
    typ: "Bearer",
    azp: "integration-api-service",
    client_id: "integration-api-service",
    "allowed-origins": ["/*"],
    resource_access: { account: { roles: expect.any(Array) as unknown } },
    scope: "",
    organizationId: ADMIN_ID,
  });
  const { account } = rest["resource_access"] as { account: { roles: string[] } };
  expect([...account.roles].sort()).toEqual(["manage-account", "manage-account-links", "view-profile"]);
  // A second may begin while Keycloak makes the token.
  expect([1800, 1801]).toContain(Number(exp) - Number(iat));
  expect([jti, sub, clientHost, clientAddress].map((claim) => typeof claim)).toEqual(Array(4).fill("string"));
  return claims;
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
