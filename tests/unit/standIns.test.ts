import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";

import { exportJWK, exportSPKI } from "jose";

import { operationEntriesOf, startApi } from "../../development/stand-ins/api.ts";
import { startBff } from "../../development/stand-ins/bff.ts";
import { json, listen, type Log, type Reply } from "../../development/stand-ins/service.ts";
import { forge, newKeys, sign } from "./fakeKeycloak.ts";

const ISSUER = "https://keycloak.example.com/realms/ScpCloud";
const ORGANIZATION = "11111111-1111-4111-8111-111111111111";
const SECRET = "s3cret:with%colon&more=ü";
const SECTION = "Authentication__Schemes__Bearer__";
/** The API knows the first; anybody may have the other. */
const [keys, otherKeys] = [newKeys(), newKeys()];

const now = () => Math.floor(Date.now() / 1000);
const claims = (changes: object = {}) => ({
  iss: ISSUER,
  aud: "scpCloud",
  exp: now() + 300,
  typ: "Bearer",
  organizationId: ORGANIZATION,
  ...changes,
});
const tokenWith = async (changes?: object) => sign(claims(changes), await keys);
const basic = (clientId: string, secret = SECRET) => `Basic ${Buffer.from(`${clientId}:${secret}`).toString("base64")}`;
const ACME = basic("acme");
const granted = (token: string, seconds = 300) => json(200, { access_token: token, expires_in: seconds });
const refused = (error = "invalid_client", status = 401) => json(status, { error });

/** BFF and API before a fake Keycloak, whose answers a test may replace. */
async function startWorld() {
  const logged: object[] = [];
  const log: Log = (entry) => void logged.push(entry);
  const published = { keys: [{ ...(await exportJWK((await keys).publicKey)), kid: "one", alg: "RS256", use: "sig" }] };
  const asked: Record<string, unknown[]> = { "/token": [], "/metadata": [], "/keys": [] };
  const answers: Record<string, (host: string) => Reply | Promise<Reply>> = {
    "/token": async () => granted(await tokenWith()),
    "/metadata": (host) => json(200, { jwks_uri: `http://${host}/keys` }),
    "/keys": () => json(200, published),
  };
  const keycloak = await listen(
    0,
    async (request) => {
      const { url = "", headers } = request;
      asked[url]?.push(Object.fromEntries(new URLSearchParams(await text(request))));
      return (await answers[url]?.(headers.host ?? "")) ?? json(404, {});
    },
    log,
  );
  const url = `http://127.0.0.1:${keycloak.port}`;
  const api = await startApi(
    {
      ASPNETCORE_HTTP_PORTS: "0",
      [`${SECTION}Authority`]: ISSUER,
      // Names compare in any case.
      [`${SECTION}MetadataAddress`.toUpperCase()]: `${url}/metadata`,
      [`${SECTION}RequireHttpsMetadata`]: "False",
      [`${SECTION}MapInboundClaims`]: "false",
      [`${SECTION}ValidAudiences__0`]: "scpCloud",
      [`${SECTION}ValidIssuers__0`]: "https://keycloak.internal/realms/ScpCloud",
      [`${SECTION}ValidIssuers__1`]: ISSUER,
    },
    log,
  );
  const bff = await startBff(
    {
      ASPNETCORE_HTTP_PORTS: "0",
      Keycloak__BaseUrl: url,
      Keycloak__TokenEndpoint: `${url}/token`,
      ProductionApi__BaseUrl: `http://127.0.0.1:${api.port}`,
    },
    log,
  );
  const callAt =
    ({ port }: { port: number }) =>
    async (authorization?: string, path = "/operation-entries", method = "GET") => {
      const headers = authorization === undefined ? {} : { authorization };
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers });
      return { status: response.status, body: await response.text(), headers: Object.fromEntries(response.headers) };
    };
  const close = () => Promise.all([keycloak, api, bff].map((service) => service.close()));
  return { logged, asked, answers, api, call: callAt(bff), callApi: callAt(api), close };
}

let world: Awaited<ReturnType<typeof startWorld>>;

beforeEach(async () => {
  world = await startWorld();
});

afterEach(() => world.close());

test("a customer gets its organization's entries on one token, and nothing else is served", async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => world.call(ACME.replace("Basic", "bAsIc"))));
  for (const { status, body } of answers) {
    expect([status, JSON.parse(body)]).toEqual([200, operationEntriesOf(ORGANIZATION)]);
  }
  expect(world.asked).toEqual({
    "/token": [{ grant_type: "client_credentials", client_id: "acme", client_secret: SECRET }],
    "/metadata": [{}],
    "/keys": [{}],
  });
  expect(await world.call(undefined, "/health")).toMatchObject({ status: 200, body: "Healthy" });
  expect((await world.call(ACME, "/operation-entries/1")).status).toBe(404);
  expect((await world.call(ACME, "/operation-entries", "POST")).status).toBe(405);
});

test("both secrets of a customer get their own tokens, and a wrong one rides on neither", async () => {
  world.answers["/token"] = async () => (world.asked["/token"]?.length === 3 ? refused() : granted(await tokenWith()));
  const statuses: number[] = [];
  for (const secret of [SECRET, "new", "wrong", SECRET, "new"]) {
    statuses.push((await world.call(basic("acme", secret))).status);
  }
  expect(statuses).toEqual([200, 200, 401, 200, 200]);
  expect(world.asked["/token"]).toHaveLength(3);
});

test("a token is fetched anew 30 seconds before its end, and after the API has refused it", async () => {
  const tokens = [granted(await tokenWith(), 30), granted("refused"), granted(await tokenWith())];
  world.answers["/token"] = () => tokens.shift() ?? refused();
  const statuses: number[] = [];
  for (let call = 0; call < 4; call++) {
    statuses.push((await world.call(ACME)).status);
    await delay(10);
  }
  expect(statuses).toEqual([200, 401, 200, 200]);
});

test("who is not authenticated gets the same answer, whatever was wrong", async () => {
  const malformed = [undefined, "Basic", "Basic !!!!", `Basic ${btoa("acme")}`, ACME.replace("Basic", "Bearer")];
  const answers = await Promise.all(malformed.map((header) => world.call(header)));
  expect(world.asked["/token"]).toEqual([]);
  for (const reply of [refused(), refused("unauthorized_client", 400), granted("a token that the API refuses")]) {
    world.answers["/token"] = () => reply;
    answers.push(await world.call(ACME));
  }
  for (const { status, body, headers } of answers) {
    expect([status, body, headers["www-authenticate"]]).toEqual([
      401,
      '{"error":"unauthorized"}',
      'Basic realm="ScpCloud"',
    ]);
  }
});

test.each<[string, Reply]>([
  ["an error of the server", json(502, { error: "invalid_client" })],
  ["that the realm does not exist", json(404, { error: "Realm does not exist" })],
  ["a refusal in other words than OAuth's", { status: 401, body: "<html>" }],
  ["no token", json(200, {})],
  ["a redirection", { status: 307, body: "", headers: { location: "/keys" } }],
])("a customer is told to come again while the token endpoint answers %s", async (_, reply) => {
  const usual = world.answers["/token"];
  world.answers["/token"] = () => reply;
  expect(await world.call(ACME)).toMatchObject({
    status: 503,
    body: '{"error":"token service unavailable"}',
    headers: { "retry-after": "5" },
  });
  // Credentials go to the token endpoint only.
  expect(world.asked["/keys"]).toEqual([]);
  Object.assign(world.answers, { "/token": usual });
  expect((await world.call(ACME)).status).toBe(200);
});

test.each<[string, string, Reply]>([
  ["the metadata are not there", "/metadata", json(404, {})],
  ["the metadata are no JSON", "/metadata", { status: 200, body: "<html>" }],
  ["the metadata name no keys", "/metadata", json(200, {})],
  ["the keys cannot be had", "/keys", json(500, {})],
  ["the keys are none", "/keys", json(200, { keys: "none" })],
])("it is no token's fault when %s, and the keys are asked for anew", async (_, path, reply) => {
  const usual = world.answers[path];
  world.answers[path] = () => reply;
  const authorization = `Bearer ${await tokenWith()}`;
  expect(await world.callApi(authorization)).toMatchObject({
    status: 503,
    body: '{"error":"signing keys unavailable"}',
  });
  expect(await world.call(ACME)).toMatchObject({ status: 502, body: '{"error":"operation entries unavailable"}' });
  Object.assign(world.answers, { [path]: usual });
  expect((await world.callApi(authorization)).status).toBe(200);
});

test("a customer is told when the API does not answer", async () => {
  await world.api.close();
  expect(await world.call(ACME)).toMatchObject({ status: 502, body: '{"error":"operation entries unavailable"}' });
});

test.each([undefined, "", 42, [ORGANIZATION]])(
  "a token of the organization %j is forbidden",
  async (organizationId) => {
    world.answers["/token"] = async () => granted(await tokenWith({ organizationId }));
    expect(await world.call(ACME)).toMatchObject({ status: 403, body: '{"error":"forbidden"}' });
  },
);

describe("the API refuses a token", () => {
  const CLAIM = "ERR_JWT_CLAIM_VALIDATION_FAILED";
  const NO_BEARER = "not an access token for a bearer";
  const signedWithAnother = async () => sign(claims(), await otherKeys);
  const hs256 = async () => {
    const unsigned = forge({ alg: "HS256", kid: "one", typ: "JWT" }, claims()).slice(0, -1);
    const key = await exportSPKI((await keys).publicKey);
    return `${unsigned}.${createHmac("sha256", key).update(unsigned).digest("base64url")}`;
  };
  test.each<[string, string, () => Promise<string> | string]>([
    ["without a signature", "ERR_JOSE_ALG_NOT_ALLOWED", () => forge({ alg: "none" }, claims())],
    ["signed by means of the public key", "ERR_JOSE_ALG_NOT_ALLOWED", hs256],
    ["of another key", "ERR_JWS_SIGNATURE_VERIFICATION_FAILED", () => signedWithAnother()],
    ["of another issuer", CLAIM, () => tokenWith({ iss: `${ISSUER}/` })],
    ["without an issuer", CLAIM, () => tokenWith({ iss: undefined })],
    ["for another audience", CLAIM, () => tokenWith({ aud: ["account", "scpcloud"] })],
    ["without an expiry", CLAIM, () => tokenWith({ exp: undefined })],
    ["that is over since a second", "ERR_JWT_EXPIRED", () => tokenWith({ exp: now() - 1 })],
    ["that begins later", CLAIM, () => tokenWith({ nbf: now() + 60 })],
    ["that is an ID token", NO_BEARER, () => tokenWith({ typ: "ID" })],
    ["that is a refresh token", NO_BEARER, () => tokenWith({ typ: "Refresh" })],
    ["bound to a key (DPoP)", NO_BEARER, () => tokenWith({ cnf: { jkt: "thumbprint" } })],
  ])("%s, and says %s to the log only", async (_, reason, make) => {
    const token = await make();
    const { status, headers, body } = await world.callApi(`Bearer ${token}`);
    expect([status, headers["www-authenticate"], body]).toEqual([401, "Bearer", '{"error":"unauthorized"}']);
    expect(world.logged).toContainEqual({ event: "request refused", reason });
    expect(JSON.stringify(world.logged)).not.toContain(token);
  });
});

test("the log has no secret and no token, nor what a stranger typed: a secret may stand where the client id belongs", async () => {
  const token = await tokenWith();
  const replies = [granted(token), refused(), refused(), json(500, {}), granted("hidden\ntoken")];
  world.answers["/token"] = () => replies.shift() ?? refused();
  await world.call(ACME);
  await world.call(basic(SECRET, "acme"));
  await world.call(basic("acme", "a-wrong-one"));
  await world.call(basic("another-one"));
  await world.call(basic("acme", "new"));

  expect(world.logged).toContainEqual({ event: "token request", outcome: "granted", clientId: "acme" });
  expect(world.logged).toContainEqual({ event: "token request", outcome: "refused", reason: "invalid_client" });
  const lines = JSON.stringify(world.logged);
  for (const secret of ["s3cret", "wrong-one", "another-one", "hidden", token, ACME.slice("Basic ".length)]) {
    expect(lines).not.toContain(secret);
  }
});

describe("the process of a stand-in", () => {
  const start = (service: string, environment: Readonly<Record<string, string>>) =>
    spawn(process.execPath, [join(import.meta.dirname, "../../development/stand-ins/main.ts"), service], {
      env: { PATH: process.env["PATH"], ASPNETCORE_HTTP_PORTS: "0", ...environment },
    });

  test.each([
    [
      "bff",
      { ProductionApi__BaseUrl: "nonsense", Keycloak__BaseUrl: " " },
      [
        "Keycloak__BaseUrl is missing",
        "Keycloak__TokenEndpoint is missing",
        "ProductionApi__BaseUrl is not an http or https URL",
      ],
    ],
    [
      "api",
      { [`${SECTION}MapInboundClaims`]: "no", [`${SECTION}ValidAudiences__1`]: "scpCloud" },
      [
        `${SECTION}Authority is missing`,
        `${SECTION}MetadataAddress is missing`,
        `${SECTION}RequireHttpsMetadata is missing`,
        `${SECTION}MapInboundClaims is neither true nor false`,
        `${SECTION}ValidAudiences has no entry`,
        `${SECTION}ValidIssuers has no entry`,
      ],
    ],
  ])("%s ends with 1 and a line per variable if it cannot start", async (service, environment, faults) => {
    const child = start(service, environment);
    const [exit, said] = await Promise.all([once(child, "exit"), text(child.stderr)]);
    expect([exit, said.trim().split("\n")]).toEqual([[1, null], faults]);
  });

  test.each(["SIGTERM", "SIGINT"] as const)("ends with 0 at %s, with a connection open", async (signal) => {
    const url = "https://keycloak.example.com";
    const child = start("bff", { Keycloak__BaseUrl: url, Keycloak__TokenEndpoint: url, ProductionApi__BaseUrl: url });
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    const { port } = JSON.parse(line.toString()) as { port: number };
    expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);
    child.kill(signal);
    expect(await once(child, "exit")).toEqual([0, null]);
  });
});
