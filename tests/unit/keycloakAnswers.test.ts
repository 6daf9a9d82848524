import { reviewAdoption } from "../../commands/adopt/adoptionReview.ts";
import type { Candidate } from "../../commands/adopt/candidates.ts";
import { messageOf } from "../../commands/cli/errors.ts";
import { listCustomers } from "../../commands/customers/customerList.ts";
import { checkOrganizations } from "../../commands/doctor/organizationIds.ts";
import { checkRealm } from "../../commands/doctor/serverChecks.ts";
import { unmanagedChanges } from "../../commands/drift/unmanaged.ts";
import { findExisting } from "../../commands/recovery/adoptable.ts";
import { readOverlap } from "../../commands/rotate/rotationPlan.ts";
import { TYPES } from "../../contract/types.ts";
import { SettingsError } from "../../faults/faults.ts";
import { assertionInWords } from "../../keycloak/accessToken.ts";
import { type KeycloakManager, loginAsDeployer } from "../../keycloak/admin.ts";
import { foreignPolicies } from "../../keycloak/clientPolicies.ts";
import type { KeycloakConnection } from "../../keycloak/http.ts";
import { explainLogin } from "../../keycloak/loginFaults.ts";
import { fetchToken } from "../../keycloak/tokens.ts";
import { issuerOf } from "../../settings/settings.ts";
import { accepted, configuration, OTHER_ID, SECRET, withIntegrations } from "./configuration.ts";
import { FakeKeycloak, type FakeRealm, forge } from "./fakeKeycloak.ts";

const ASKING = accepted(configuration({ "keycloak:realm": "ScpCloud" }));
const DISCOVERY = "/realms/ScpCloud/.well-known/openid-configuration";
const CLIENTS = "/admin/realms/ScpCloud/clients";

/** The stack's own server, which accepts the deployer's login. */
const start = (realm: Partial<FakeRealm> = {}) =>
  FakeKeycloak.start({
    issuer: issuerOf(ASKING),
    tokens: () => Promise.resolve({ status: 200, body: { access_token: "t" } }),
    ...realm,
  });

/** What Keycloak 26.7 answered to each of these logins. */
describe("a login that Keycloak refuses is told by its own words", () => {
  it.each([
    [400, "", "keycloak:clientId", "forbids this kind of login"],
    [400, "missingNormalization: Request path not normalized", "keycloak:url", "slash"],
    [
      400,
      "invalid_request: Configured client authentication method not allowed for client",
      "keycloak:clientId",
      "policy",
    ],
    [
      401,
      "unauthorized_client: Client not enabled to retrieve service account",
      "keycloak:clientId",
      "Service accounts",
    ],
    [
      401,
      "unauthorized_client: Public client not allowed to retrieve service account",
      "keycloak:clientId",
      "Client auth",
    ],
    [
      401,
      "invalid_client: Invalid client or Invalid client credentials",
      "keycloak:clientSecret",
      "config set --secret",
    ],
    [403, "access_denied: Realm not enabled", "keycloak:realm", "enabled"],
    [404, "Realm does not exist", "keycloak:realm", "case of its letters"],
    [503, "", "keycloak:url", "proxy"],
  ])("%s %s", (status, said, key, words) => {
    const fault = explainLogin({ status, said }, ASKING);
    expect(fault.key).toBe(key);
    expect(JSON.stringify(fault)).toContain(words);
    expect(JSON.stringify(fault)).not.toContain(SECRET);
  });
});

describe("a login by an assertion that somebody else has issued", () => {
  const now = new Date("2026-11-29T20:00:00Z");
  const seconds = now.getTime() / 1000;
  const assertion = (claims: object) => `e.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.signature`;
  const credentials = { kind: "assertionFile", path: "/nowhere" } as const;
  const deployer = { realm: "ScpCloud", credentials };

  it("is told by issuer, subject, audience and age, and never by the assertion itself", () => {
    const claims = {
      iss: "https://ci.example",
      sub: "repo:o/n\u202e",
      aud: ["a"],
      iat: seconds - 7,
      exp: seconds + 293,
    };
    expect(assertionInWords(assertion(claims), now)).toBe(
      'an assertion of issuer "https://ci.example", subject "repo:o/n\\u{202e}", audience ["a"], issued 7 s ago, valid for 293 s',
    );
    expect(assertionInWords(assertion({ iat: seconds + 9, exp: seconds - 1 }), now)).toBe(
      "an assertion of issuer nothing, subject nothing, audience nothing, issued 9 s from now, expired 1 s ago",
    );
    expect(assertionInWords("s3cret", now)).toBe("an assertion that is no signed token (JWT)");
  });

  // As 26.7.3 said it.
  it.each([
    [400, "invalid_client: Invalid token audience", "jwtTokenFile", "the issuer in the realm's discovery document"],
    [400, "invalid_client: Multiple audiences not allowed", "jwtTokenFile", "that audience alone"],
    [400, "invalid_client: Token is not active", "jwtTokenFile", "fetch it shortly before"],
    [400, "invalid_client: Token was issued too far in the past to be used now", "jwtTokenFile", "fetch it shortly"],
    [400, "invalid_client: Token was issued in the future", "jwtTokenFile", "compare the clocks"],
    [400, "invalid_client: Token reuse detected", "jwtTokenFile", "supportsClientAssertionReuse"],
    [
      401,
      "invalid_client: Invalid client or Invalid client credentials",
      "jwtTokenFile",
      "one enabled client has its sub",
    ],
  ])("is refused with what to do: %s %s", (status, said, key, words) => {
    const fault = explainLogin({ status, said }, { ...ASKING, deployer }, "an assertion of issuer X");
    expect(fault.key).toBe(`keycloak:${key}`);
    expect(fault.remedy).toContain(words);
    expect(fault.reason).toMatch(/^Keycloak refused the login by an assertion of issuer X \(40[01] invalid_client: /);
  });
});

describe("a server that is not the stack's own", () => {
  const lookAt = async (realm: Partial<FakeRealm>, place: Parameters<typeof loginAsDeployer>[1] = ASKING) => {
    const keycloak = await start(realm);
    const outcome = await loginAsDeployer(keycloak, place).then(() => "accepted", String);
    return { outcome, requests: keycloak.requests };
  };

  it("is refused by its issuer, before the deployer logs in there", async () => {
    const { outcome, requests } = await lookAt({ issuer: "https://stage.example.com/realms/ScpCloud" });
    expect(outcome).toMatch(
      /scpcloud:publicUrl\n.*\n.*issuer is https:\/\/stage\.example\.com\/realms\/ScpCloud, and the/,
    );
    expect(requests).toEqual([`GET ${DISCOVERY}`]);
  });

  it.each([
    [404, { error: "Realm does not exist" }, /scpcloud:realm\n.*\n.*404.*Realm does not exist/],
    [503, undefined, /keycloak:url\n.*\n.*failed at \/realms\/ScpCloud\/.*: 503/],
    [200, "<html>", /keycloak:url\n.*\n.*unexpected answer at \/realms\/ScpCloud\/.*: 200/],
  ])("is refused where it does not tell its issuer: %s %j", async (status, body, words) => {
    const { outcome, requests } = await lookAt({ answers: { [DISCOVERY]: { status, body } } });
    expect(outcome).toMatch(words);
    expect(requests).toEqual([`GET ${DISCOVERY}`]);
  });

  it("is none that the stack file lists besides, while hosts move", async () => {
    const issuer = "https://old.example.com/realms/ScpCloud";
    const api = { ...ASKING.api, additionalIssuers: [issuer] };
    expect((await lookAt({ issuer }, { ...ASKING, api })).outcome).toBe("accepted");
  });
});

describe("an empty list of Keycloak", () => {
  const get = async (path: string, visible: Readonly<Record<string, readonly object[]>>) => {
    const answers = Object.fromEntries(
      Object.entries({ [path]: [], ...visible }).map(([at, body]) => [
        `/admin/realms/ScpCloud${at}`,
        { status: 200, body },
      ]),
    );
    return (await loginAsDeployer(await start({ answers }), ASKING)).get(path);
  };
  const CLIENT = "/clients?clientId=realm-management";
  const USER = "/users?exact=true&username=service-account-deployer";

  it.each([
    ["/clients?clientId=acme", CLIENT, "view-clients"],
    ["/client-scopes", CLIENT, "view-clients"],
    ["/users?exact=true&username=anna", USER, "view-users"],
  ])("%s is no answer to a deployer who may not look, and is one to who may", async (path, certain, role) => {
    await expect(get(path, { [certain]: [] })).rejects.toThrow(`must be a client with the role ${role} or manage-`);
    await expect(get(path, { [certain]: [{ id: "1" }] })).resolves.toEqual([]);
  });

  it("of what belongs to a client counts", async () => {
    await expect(get("/clients/1/protocol-mappers/models", {})).resolves.toEqual([]);
  });
});

describe("a command that Keycloak refuses something", () => {
  const REFUSED = { status: 403, body: { error: "access_denied", error_description: "Realm not enabled" } };

  it.each<[string, Partial<FakeRealm>, string]>([
    ["the login", { tokens: () => Promise.resolve(REFUSED) }, "the login (403 access_denied: Realm not enabled)"],
    ...(
      [
        [401, {}, "kc-admin-api"],
        [403, {}, "manage-clients, view-users and view-realm"],
        [503, {}, "it, or a proxy before it, failed at /admin/realms/ScpCloud/clients: 503"],
        [409, { errorMessage: "Client acme already exists" }, "409 Client acme already exists"],
        [400, { error: "invalid_client_metadata", error_description: "no" }, "400 invalid_client_metadata: no"],
        [400, "<html>", "400."],
        [404, { error: "Could not find client" }, "404 at /admin/realms/ScpCloud/clients: Could not find client"],
        [500, { error: ["odd"] }, "failed at /admin/realms/ScpCloud/clients: 500."],
      ] as const
    ).map(([status, body, words]): [string, Partial<FakeRealm>, string] => [
      `a change (${status})`,
      { answers: { [CLIENTS]: { status, body } } },
      words,
    ]),
  ])("says what was answered to %s", async (_, realm, words) => {
    const asked = start(realm).then(async (keycloak) =>
      (await loginAsDeployer(keycloak, ASKING)).change("POST", "/clients"),
    );
    const error: unknown = await asked.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SettingsError);
    // An earlier request may have changed something.
    expect(String(error)).toMatch(/1 fault in the stack's configuration, or in Keycloak\.\n/);
    expect(String(error)).toContain(words);
  });
});

const MANAGED = { urn: "u", name: "n", id: "1", owner: { kind: "customer", name: "acme" }, inputs: {} } as const;
const CUSTOMERS = accepted(
  withIntegrations(
    { acme: { organizationUser: "anna" }, globex: { organizationId: OTHER_ID } },
    {
      "scpcloud:secretRotation": { overlapDays: 14 },
    },
  ),
);
const CANDIDATE = { client: { id: "1", clientId: "acme" }, integration: CUSTOMERS.integrations[0] } as Candidate;

/** All that reads the admin REST API. */
const READERS: Readonly<Record<string, (admin: KeycloakManager, keycloak: KeycloakConnection) => Promise<unknown>>> = {
  customers: (admin) => listCustomers(CUSTOMERS, {}, admin, {}, new Date()),
  "recover: a client": (admin) => findExisting({ type: TYPES.client, inputs: { clientId: "acme" } }, admin),
  "recover: a client scope": (admin) => findExisting({ type: TYPES.clientScope, inputs: {} }, admin),
  "recover: a mapper": (admin) => findExisting({ type: TYPES.hardcodedClaim, inputs: { clientId: "1" } }, admin),
  "drift: a client": (admin) => unmanagedChanges([{ ...MANAGED, type: TYPES.client }], [], {}, admin, new Date()),
  "drift: policies": (admin) => foreignPolicies(admin),
  "rotate: the overlap": (admin) => readOverlap(admin, CUSTOMERS),
  "adopt: the customer": (admin, keycloak) => reviewAdoption(CANDIDATE, CUSTOMERS, keycloak, admin),
  "doctor: the realm": (admin) => checkRealm(admin, CUSTOMERS),
  "doctor: organizations": (admin) => checkOrganizations(admin, ["view-users"], CUSTOMERS),
};

describe("an answer of 200 that is none of Keycloak's is told as that, with its path and without quoting it", () => {
  const SECRET_TEXT = "7hDk3sQzWp";
  const BODIES: Readonly<Record<string, unknown>> = {
    "a login page, or JSON that is cut off": undefined,
    "a map": { secret: SECRET_TEXT },
    "a list of texts": [SECRET_TEXT],
    "a list of other maps": [{ id: 7, name: [SECRET_TEXT], clientId: "acme" }],
    "a text": SECRET_TEXT,
    "a client whose parts are others": {
      id: "1",
      attributes: [SECRET_TEXT],
      protocolMappers: SECRET_TEXT,
      policies: 1,
    },
  };
  const told = async (reader: string, body: unknown) => {
    const keycloak: KeycloakConnection = {
      url: "https://keycloak.example.com",
      request: (path) =>
        Promise.resolve({
          status: 200,
          body: path.startsWith("/admin/") ? body : { access_token: "t", issuer: issuerOf(ASKING) },
        }),
      close: () => Promise.resolve(),
    };
    const admin = await loginAsDeployer(keycloak, ASKING);
    return READERS[reader]?.(admin, keycloak).then(
      () => "nothing",
      (error: unknown) => messageOf(error),
    );
  };

  it.each(Object.keys(READERS))("%s", async (reader) => {
    for (const [what, body] of Object.entries(BODIES)) {
      const message = await told(reader, body);
      expect(message).not.toContain(SECRET_TEXT);
      // Of a map of which nothing is needed, nothing is missing.
      expect([what, message]).toEqual([
        what,
        expect.stringMatching(
          /^(nothing|1 fault[^]*answered 200 at (\/|the realm)[^]*, but not as Keycloak does: .*\n[^]*)$/,
        ),
      ]);
    }
    expect(await told(reader, undefined)).toContain("but not as Keycloak does: it is no JSON.");
  });

  it("names the place", async () => {
    expect(await told("customers", { a: 1 })).toContain(
      "because its admin REST API answered 200 at /clients?clientId=acme, but not as Keycloak does: it is a map, not a list.",
    );
    expect(await told("customers", [{ id: "1" }])).toContain("0.clientId is missing.");
  });

  it.each([undefined, {}, [], "text", { access_token: 7 }])("at the token endpoint: %j", async (body) => {
    const keycloak = await start({ tokens: () => Promise.resolve({ status: 200, body }) });
    await expect(fetchToken(keycloak, "ScpCloud", "Basic eA==")).rejects.toThrow(
      "no token: 200 without a token at /realms/ScpCloud/protocol/openid-connect/token: something else than Keycloak",
    );
  });
});

it.each([-2, 2])("tells the time by Keycloak's clock, where it is %i days before this machine's", async (days) => {
  const seconds = Math.floor(Date.now() / 1000) + days * 86_400;
  const tokens = () => Promise.resolve({ status: 200, body: { access_token: forge({}, { iat: seconds }) } });
  const admin = await loginAsDeployer(await start({ tokens }), ASKING);
  expect(Math.abs(admin.now().getTime() / 1000 - seconds)).toBeLessThan(60);
});
