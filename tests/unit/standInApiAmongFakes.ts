import { exportJWK, generateKeyPair, SignJWT } from "jose";

import { startApi } from "../../development/stand-ins/api";
import { json, listen, type Reply } from "../../development/stand-ins/httpService";
import type { LogEntry } from "../../development/stand-ins/log";
import { newKeys, sign } from "./fakeKeycloak";

export const ISSUER = "https://keycloak.example.com/realms/ScpCloud";
export const OTHER_ISSUER = "https://keycloak.internal/realms/ScpCloud";
export const METADATA = "/realms/ScpCloud/.well-known/openid-configuration";
export const KEYS = "/certs";
export const ENTRIES = "/operation-entries";
const SECTION = "Authentication__Schemes__Bearer__";

/** The API knows the first and the last; anybody may have the other. */
export const [keys, otherKeys, curveKeys] = [newKeys(), newKeys(), generateKeyPair("ES256")];

/** In seconds since the epoch. */
export const now = () => Math.floor(Date.now() / 1000);
export const goodClaims = () => ({
  iss: ISSUER,
  aud: "scpCloud",
  exp: now() + 300,
  typ: "Bearer",
  organizationId: "11111111-1111-4111-8111-111111111111",
});
export const tokenWith = async (claims: object = {}) => sign({ ...goodClaims(), ...claims }, await keys);
export const tokenOf = async (header: { alg: string; kid?: string; typ?: string }, pair = keys) =>
  new SignJWT(goodClaims()).setProtectedHeader(header).sign((await pair).privateKey);

const publicJwk = async (pair: typeof keys, kid: string, alg: string) => ({
  ...(await exportJWK((await pair).publicKey)),
  kid,
  alg,
  use: "sig",
});

/** An API beside a fake Keycloak, whose answers a test may replace by path. */
export async function startApiAmongFakes() {
  const world = { asked: [] as string[], logged: [] as LogEntry[], answers: {} as Record<string, Reply> };
  const log = (entry: LogEntry) => void world.logged.push(entry);
  const published = [await publicJwk(keys, "one", "RS256"), await publicJwk(curveKeys, "curve", "ES256")];
  const keycloak = await listen(
    0,
    ({ url = "", headers }) => {
      world.asked.push(url);
      const usual = url === METADATA ? { jwks_uri: `http://${headers.host}${KEYS}` } : { keys: published };
      return world.answers[url] ?? json(200, usual);
    },
    log,
  );
  const metadataAddress = `http://127.0.0.1:${keycloak.port}${METADATA}`;
  const api = await startApi(
    {
      ASPNETCORE_HTTP_PORTS: "0",
      [`${SECTION}Authority`]: ISSUER,
      [`${SECTION}MetadataAddress`]: metadataAddress,
      [`${SECTION}RequireHttpsMetadata`]: "false",
      [`${SECTION}MapInboundClaims`]: "false",
      [`${SECTION}ValidAudiences__0`]: "scpCloud",
      [`${SECTION}ValidIssuers__0`]: ISSUER,
      [`${SECTION}ValidIssuers__1`]: OTHER_ISSUER,
    },
    log,
  );
  return Object.assign(world, {
    metadataAddress,
    /** What the BFF does. */
    call: async (token?: string, path = ENTRIES, method = "GET") => {
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const response = await fetch(`http://127.0.0.1:${api.port}${path}`, { method, headers });
      return { status: response.status, headers: response.headers, body: await response.text() };
    },
    close: () => Promise.all([keycloak.close(), api.close()]),
  });
}
