import { createHmac } from "node:crypto";

import { compactVerify, exportSPKI } from "jose";

import { newAgent } from "../../development/stand-ins/client";
import { json, type Reply } from "../../development/stand-ins/httpService";
import { OPERATION_ENTRIES } from "../../development/stand-ins/operationEntries";
import { signingKeys } from "../../development/stand-ins/signingKeys";
import { forge } from "./fakeKeycloak";
import {
  curveKeys,
  ENTRIES,
  goodClaims,
  ISSUER,
  keys,
  KEYS,
  METADATA,
  now,
  OTHER_ISSUER,
  otherKeys,
  startApiAmongFakes,
  tokenOf,
  tokenWith,
} from "./standInApiAmongFakes";

let world: Awaited<ReturnType<typeof startApiAmongFakes>>;

beforeEach(async () => {
  world = await startApiAmongFakes();
});

afterEach(() => world.close());

describe("the stand-in of the API", () => {
  test("answers with the operation entries of the token's organization only", async () => {
    const unknown = ["another-organization", "constructor"].map((id) => [id, []] as const);
    for (const [organizationId, operationEntries] of [...OPERATION_ENTRIES, ...unknown]) {
      const { status, body } = await world.call(await tokenWith({ organizationId }));
      expect([status, JSON.parse(body)]).toEqual([200, { organizationId, operationEntries }]);
    }
  });

  test("serves the operation entries and its health, and nothing else", async () => {
    expect(await world.call(undefined, "/health")).toMatchObject({ status: 200, body: "Healthy" });
    expect((await world.call(undefined, "/")).status).toBe(404);
    expect((await world.call(undefined, ENTRIES, "DELETE")).status).toBe(405);
    expect(world.asked).toEqual([]);
  });
});

describe("the stand-in of the API accepts a token", () => {
  test.each<[string, () => Promise<string>]>([
    ["of another valid issuer", () => tokenWith({ iss: OTHER_ISSUER })],
    ["for several audiences", () => tokenWith({ aud: ["account", "scpCloud"] })],
    ["that has begun to be valid", () => tokenWith({ nbf: now() - 1 })],
    ["with the type at+jwt", () => tokenOf({ alg: "RS256", kid: "one", typ: "at+jwt" })],
    ["without a type and a key id", () => tokenOf({ alg: "RS256" })],
    ["with another asymmetric algorithm that there is a key for", () => tokenOf({ alg: "ES256" }, curveKeys)],
  ])("%s", async (_, token) => {
    expect((await world.call(await token())).status).toBe(200);
  });
});

describe("the stand-in of the API refuses a token", () => {
  const failed = (claim: string) => `ERR_JWT_CLAIM_VALIDATION_FAILED (${claim})`;
  const [header, payload] = [
    { alg: "none", typ: "JWT" },
    { ...goodClaims(), exp: now() + 300 },
  ];
  const hs256 = async () => {
    const unsigned = forge({ alg: "HS256", kid: "one", typ: "JWT" }, payload).slice(0, -1);
    const key = await exportSPKI((await keys).publicKey);
    return `${unsigned}.${createHmac("sha256", key).update(unsigned).digest("base64url")}`;
  };
  const tampered = async () => {
    const [head, , signature] = (await tokenWith()).split(".");
    const [, body] = forge({}, { ...payload, organizationId: "c7834e89-74ff-42ae-a6d8-8693f24b1351" }).split(".");
    return [head, body, signature].join(".");
  };
  const cases: readonly (readonly [string, string, () => Promise<string | undefined>])[] = [
    ["no token at all", "no bearer token", () => Promise.resolve(undefined)],
    ["something else than a token", "ERR_JWS_INVALID", () => Promise.resolve("something")],
    ["no signature", "ERR_JOSE_ALG_NOT_ALLOWED", () => Promise.resolve(forge(header, payload))],
    ["a signature by means of the public key", "ERR_JOSE_ALG_NOT_ALLOWED", hs256],
    ["claims that were changed", "ERR_JWS_SIGNATURE_VERIFICATION_FAILED", tampered],
    ["another key", "ERR_JWS_SIGNATURE_VERIFICATION_FAILED", () => tokenOf({ alg: "RS256", kid: "one" }, otherKeys)],
    [
      "another algorithm than the key's",
      "ERR_JWKS_NO_MATCHING_KEY",
      () => Promise.resolve(forge({ alg: "RS512", kid: "one" }, payload, "c2ln")),
    ],
    ["an unknown key", "ERR_JWKS_NO_MATCHING_KEY", () => tokenOf({ alg: "RS256", kid: "two" }, otherKeys)],
    ["another issuer", failed("iss"), () => tokenWith({ iss: `${ISSUER}/` })],
    ["no issuer", failed("iss"), () => tokenWith({ iss: undefined })],
    ["another audience", failed("aud"), () => tokenWith({ aud: ["account", "scpcloud"] })],
    ["no audience", failed("aud"), () => tokenWith({ aud: undefined })],
    ["no expiry", failed("exp"), () => tokenWith({ exp: undefined })],
    ["its time over since a second", "ERR_JWT_EXPIRED", () => tokenWith({ exp: now() - 1 })],
    ["its time to come", failed("nbf"), () => tokenWith({ nbf: now() + 60 })],
    ...["ID", "Refresh", "Logout", "DPoP", undefined].map(
      (typ) => [`the typ ${typ}`, "not an access token for a bearer", () => tokenWith({ typ })] as const,
    ),
    ...[{ jkt: "thumbprint" }, { "x5t#S256": "thumbprint" }, null].map(
      (cnf) => [`cnf ${JSON.stringify(cnf)}`, "bound to a key or a certificate", () => tokenWith({ cnf })] as const,
    ),
    ["another type", "the type is not that of an access token", () => tokenOf({ alg: "RS256", kid: "one", typ: "ID" })],
  ];

  test.each(cases)("with %s, and %s goes to the log only", async (_, reason, token) => {
    const text = await token();
    const { status, headers, body } = await world.call(text);
    expect([status, headers.get("www-authenticate"), body]).toEqual([401, "Bearer", '{"error":"unauthorized"}']);
    expect(world.logged).toContainEqual({ event: "request refused", outcome: "refused", reason });
    expect(JSON.stringify(world.logged)).not.toContain(text ?? "Bearer ");
  });

  test.each([undefined, "", 42, ["11111111-1111-4111-8111-111111111111"]])(
    "of the organization %j: that is forbidden",
    async (organizationId) => {
      expect(await world.call(await tokenWith({ organizationId }))).toMatchObject({
        status: 403,
        body: '{"error":"forbidden"}',
      });
    },
  );
});

describe("the signing keys of the stand-in of the API", () => {
  const unavailable = { status: 503, body: '{"error":"signing keys unavailable"}' };

  test("are fetched when the first token comes, and then no more", async () => {
    expect(world.asked).toEqual([]);
    await world.call(await tokenWith());
    await world.call(await tokenWith());
    expect(world.asked).toEqual([METADATA, KEYS]);
  });

  test("are not taken from where https would be required", async () => {
    const agent = newAgent();
    const find = signingKeys({ agent, metadataAddress: world.metadataAddress, requireHttps: true });
    const finding = compactVerify(await tokenWith(), find);
    await expect(finding).rejects.toThrow("the keys are not served over https");
    expect(world.asked).toEqual([METADATA]);
    await agent.close();
  });

  test.each<[string, string, Reply]>([
    ["the metadata are not there", METADATA, json(404, {})],
    ["the metadata are no JSON", METADATA, { status: 200, body: "<html>" }],
    ["the metadata name no keys", METADATA, json(200, {})],
    ["the keys cannot be had", KEYS, json(500, {})],
    ["the keys are none", KEYS, json(200, { keys: "none" })],
  ])("are told to be unavailable when %s, and are asked for anew", async (_, path, answer) => {
    world.answers = { [path]: answer };
    expect(await world.call(await tokenWith())).toMatchObject(unavailable);
    world.answers = {};
    expect((await world.call(await tokenWith())).status).toBe(200);
  });
});
