/** The roles in an access token that the admin REST API goes by; nothing where the token does not tell. */
export function rolesOf(accessToken: string, realm: string): readonly string[] | undefined {
  const claims = payloadOf(accessToken);
  const access = claims?.resource_access;
  // Of the realm itself, or of the realm master, which administers all others.
  const roles = [access?.["realm-management"], access?.[`${realm}-realm`]].flatMap((client) => client?.roles ?? []);
  return claims === undefined ? undefined : roles;
}

/** When an access token was made, in seconds since 1970; undefined where it does not tell. */
export function issuedAtOf(accessToken: string): number | undefined {
  const issuedAt = payloadOf(accessToken)?.iat;
  return typeof issuedAt === "number" ? issuedAt : undefined;
}

interface AccessClaims {
  readonly iat?: unknown;
  readonly resource_access?: Readonly<Record<string, { readonly roles?: readonly string[] }>>;
}

function payloadOf(accessToken: string): AccessClaims | undefined {
  try {
    const [, payload = ""] = accessToken.split(".");
    return JSON.parse(Buffer.from(payload, "base64url").toString("utf8")) as AccessClaims;
  } catch {
    return undefined;
  }
}
