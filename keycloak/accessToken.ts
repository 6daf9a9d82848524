import { shown } from "../faults/faults.ts";
import { parseJson, recordOf, stringsOf } from "../values/shapes.ts";

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

/** Who an assertion says it is from, about and for, and how old it is; never the assertion itself. */
export function assertionInWords(assertion: string, now = new Date()): string {
  const claims = payloadOf(assertion);
  if (claims === undefined) {
    return "an assertion that is no signed token (JWT)";
  }
  const seconds = (time: unknown) => (typeof time === "number" ? Math.round(now.getTime() / 1000 - time) : undefined);
  const [age, past] = [seconds(claims["iat"]), seconds(claims["exp"])];
  const parts = [
    `issuer ${shown(claims["iss"])}`,
    `subject ${shown(claims["sub"])}`,
    `audience ${shown(claims["aud"])}`,
    ...(age === undefined ? [] : [age < 0 ? `issued ${-age} s from now` : `issued ${age} s ago`]),
    ...(past === undefined ? [] : [past < 0 ? `valid for ${-past} s` : `expired ${past} s ago`]),
  ];
  return `an assertion of ${parts.join(", ")}`;
}

/** The client that an access token was given to. */
export function clientOf(accessToken: string): string | undefined {
  const client = payloadOf(accessToken)?.["azp"];
  return typeof client === "string" ? client : undefined;
}

/** What a signed token (JWT) says, whoever signed it; undefined where it is none. */
export function payloadOf(accessToken: string): Readonly<Record<string, unknown>> | undefined {
  const [, payload = ""] = accessToken.split(".");
  const claims = parseJson(Buffer.from(payload, "base64url").toString("utf8"));
  return claims === undefined ? undefined : recordOf(claims);
}
