import { connect } from "../../commands/keycloak/http";
import { fetchKeys, fetchToken, verifySignature } from "../../commands/keycloak/tokens";
import type { Claims } from "../../commands/contract/compareClaims";
import type { Credentials } from "../../outputs";
import { serverOfTests } from "./server";

/** The verified claims of a token that a customer gets with its credentials. */
export async function claimsOf(credentials: Credentials, realm: string): Promise<Claims> {
  const { url, caCertificate } = serverOfTests();
  const keycloak = connect(url, caCertificate);
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
  const keycloak = connect(url, caCertificate);
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

/** The page that a browser gets when it is sent to log in for a client: its status. */
export async function startBrowserLogin(realm: string, clientId: string): Promise<number> {
  const { url, caCertificate } = serverOfTests();
  const keycloak = connect(url, caCertificate);
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
