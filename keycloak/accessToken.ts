import { recordOf, stringsOf } from "../settings/decode";

/** The roles in an access token that the admin REST API goes by; nothing where the token does not tell. */
export function rolesOf(accessToken: string, realm: string): readonly string[] | undefined {
  const claims = payloadOf(accessToken);
  const access = recordOf(claims?.["resource_access"]);
  // Of the realm itself, or of the realm master, which administers all others.
  const clients = ["realm-management", `${realm}-realm`];
  return claims && clients.flatMap((client) => stringsOf(recordOf(access[client])["roles"]));
}

/** When an access token was made, in seconds since 1970; undefined where it does not tell. */
export function issuedAtOf(accessToken: string): number | undefined {
  const issuedAt = payloadOf(accessToken)?.["iat"];
  return typeof issuedAt === "number" ? issuedAt : undefined;
}

function payloadOf(accessToken: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const [, payload = ""] = accessToken.split(".");
    return recordOf(JSON.parse(Buffer.from(payload, "base64url").toString("utf8")));
  } catch {
    return undefined;
  }
}
