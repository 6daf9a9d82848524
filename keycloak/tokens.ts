import type { createLocalJWKSet, JSONWebKeySet } from "jose";
import * as v from "valibot";

import type { Claims } from "../contract/tokenContract.ts";
import { discoveryDocumentOf, realmUrl, tokenEndpointOf } from "../settings/settings.ts";
import { ofForm, recordOf, stringsOf } from "../values/shapes.ts";
import { type KeycloakConnection, KeycloakError } from "./http.ts";

const DISCOVERY = v.object({ issuer: v.string() });

/** The parts of the discovery document that the program relies on (OpenID Connect Discovery 1.0, section 3). */
export type Discovery = v.InferOutput<typeof DISCOVERY>;

/** The token endpoint answered something else than a token. */
export class NoTokenError extends KeycloakError {
  readonly status: number;
  /** The server's error code and description (RFC 6749, 5.2), if it gave any. */
  readonly said: string;

  constructor(status: number, said: string) {
    super(`no token: ${status}${said === "" ? "" : ` ${said}`}`);
    this.status = status;
    this.said = said;
  }
}

/** The server knows no such client, its secret is another one, or it is disabled: Keycloak says the same of all three. */
export class TokenRefusedError extends NoTokenError {}

/** Finds the key by which a token claims to be signed. */
export type Keys = ReturnType<typeof createLocalJWKSet>;

/** The realm's discovery document. */
export async function fetchDiscovery(keycloak: KeycloakConnection, realm: string): Promise<Discovery> {
  const path = discoveryDocumentOf(realmUrl("", realm));
  const { status, body } = await keycloak.request(path);
  const read = ofForm(DISCOVERY, body);
  if (status === 200 && "value" in read) {
    return read.value;
  }
  const why =
    status === 404
      ? `is there a realm "${realm}"?`
      : `Keycloak, or a proxy before it, does not answer as it should${"wrong" in read ? `: ${read.wrong}` : ""}`;
  throw new KeycloakError(`${keycloak.url}${path} answered ${status}: ${why}`);
}

/** The realm's public keys (RFC 7517), ready for any number of tokens. */
export async function fetchKeys(keycloak: KeycloakConnection, realm: string): Promise<Keys> {
  const path = `${realmUrl("", realm)}/protocol/openid-connect/certs`;
  const { status, body } = await keycloak.request(path);
  if (status === 200) {
    const { createLocalJWKSet } = await import("jose");
    try {
      return createLocalJWKSet(body as JSONWebKeySet);
    } catch {
      // Something else than Keycloak answers there.
    }
  }
  throw new KeycloakError(`${keycloak.url}${path} answered ${status}, without a set of keys`);
}

/**
 * An access token by the client_credentials grant (RFC 6749, 4.4), or another one that the form names.
 * @param authorization the value of the Authorization header, if the credentials stand there
 * @throws NoTokenError with the server's error code, never with the credentials; TokenRefusedError if they are refused
 */
export async function fetchToken(
  keycloak: KeycloakConnection,
  realm: string,
  authorization: string | undefined,
  form: Readonly<Record<string, string>> = {},
): Promise<string> {
  const path = tokenEndpointOf(realmUrl("", realm));
  const { status, body } = await keycloak.request(path, {
    method: "POST",
    headers: authorization === undefined ? {} : { authorization },
    form: { grant_type: "client_credentials", ...form },
  });
  const { access_token: token, error, error_description: description } = recordOf(body);
  if (status === 200 && typeof token === "string") {
    return token;
  }
  const words = stringsOf([error, description]).filter(Boolean).join(": ");
  const reason = status === 200 ? `without a token at ${path}: something else than Keycloak answers there` : words;
  const refused = status === 400 || status === 401;
  throw new (refused ? TokenRefusedError : NoTokenError)(status, reason);
}

/**
 * The claims of a token whose signature one of the keys made.
 * @throws KeycloakError otherwise; algorithm `none` has no key and is refused too
 */
export async function verifySignature(token: string, keys: Keys): Promise<Claims> {
  const { compactVerify } = await import("jose");
  try {
    const { payload } = await compactVerify(token, keys);
    return recordOf(JSON.parse(new TextDecoder().decode(payload))) as Claims;
  } catch (error) {
    const reason = error instanceof Error ? error.message : "unknown reason";
    throw new KeycloakError(`the token's signature does not match the realm's keys (${reason})`);
  }
}
