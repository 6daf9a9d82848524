import type { ConfigurationSource } from "../../settings/source.ts";
import {
  accepted,
  configuration,
  faultsOf,
  ID,
  keyAndRule,
  keysOfFaults,
  OTHER_ID,
  refusal,
  SECRET,
  withIntegrations,
} from "./configuration.ts";

const HTTP = "http://keycloak:8080";
const PLAIN = "hunter2-hunter2";
const ANNA = { organizationUser: "anna" };
const OTTO = { organizationUser: "otto" };

/** What stands before the value in a list. */
const FIRST: Readonly<Record<string, string>> = {
  "scpcloud:allowedOrigins": "/*",
  "scpcloud:api.additionalIssuers": "https://old.example.com",
  "scpcloud:forbiddenOrganizationIds": ID,
};

/** A stack file with a value at a place; `acme.SETTING` is that of a customer. */
function withValue(place: string, value: unknown): ConfigurationSource {
  const [, setting] = /^acme\.(.*)$/.exec(place) ?? [];
  if (setting !== undefined) {
    return withIntegrations({ acme: { ...(setting === "organizationId" ? {} : ANNA), [setting]: value } });
  }
  const list = place.replace("[1]", "");
  const [key = "", ...path] = list.split(".");
  return configuration({
    [key]: path.reduceRight<unknown>(
      (inner, name) => ({ [name]: inner }),
      list === place ? value : [FIRST[list], value],
    ),
  });
}

const faults = (source: ConfigurationSource) => faultsOf(source).map(({ key, rule }) => [key, rule]);

const LIFESPAN = "must be a whole number of seconds from 60 to 3600";
const PLAIN_URL =
  "must be an absolute http(s) URL without query, credentials and trailing slash, in lower-case host letters";
const HEADERS = "must be a map of HTTP headers, without Host and Proxy-Authorization";
const KEY_NAME = "must be a name of letters and digits, with single underscores between them";
const SECTION = 'must be names of letters and digits, with single underscores between them, joined by ":"';
const CUSTOMERS = "must be a map of client ids with at least one customer";
const USER_ID =
  "must be a UUID in lower case, such as c7834e89-74ff-42ae-a6d8-8693f24b1351, or a federated user's f:STORAGE:USER";
const BASE_PATH = "must be empty or begin with a slash, and not end with one";
const TIMEOUT = "must be a whole number of seconds, or 0 for no limit";
const VISIBLE = "must be visible text, without line ends, control characters and marks that turn its direction";
const UNSEEN = [
  "two\nlines",
  "two\u2028lines",
  "a\u001b[31mb",
  "a\u009b31mb",
  "acme\u202egpj",
  "a\u200fx",
  "a\ud800b",
  "\u200b",
];
const SWITCH = ["yes", "TRUE", "1", "", '"true"'];
const TEXT_OF_MAP = '{"acme": {organizationUser: anna';

/**
 * The golden file of all messages has what each rule says besides; the property of valid configurations has the values of
 * another type.
 */
const REFUSED: readonly (readonly [place: string, rule: string, values: readonly unknown[]])[] = [
  [
    "scpcloud:accessTokenLifespan",
    LIFESPAN,
    [59, 3601, "abc", "", "30m", "1800.5", "3e2", "0x12C", "0300", "+300", " 300"],
  ],
  ["scpcloud:secretRotation.overlapDays", "must be a whole number of days from 1 to 365", [0, -1, 366, 1.5, "14"]],
  ["scpcloud:audience", "must be one word that names the API", ["", " ", "scp cloud", "scpCloud ", "scp\tCloud"]],
  ["scpcloud:audience", 'must not be "account"', ["account"]],
  ["scpcloud:accountAccess", "must be true or false", SWITCH],
  ["scpcloud:requireHttps", "must be true or false", SWITCH],
  ["scpcloud:allowedOrigins", "must be a list", [TEXT_OF_MAP]],
  ["scpcloud:api", "must be a map", [TEXT_OF_MAP]],
  ["scpcloud:integrations", CUSTOMERS, [{}, TEXT_OF_MAP]],
  ["scpcloud:allowedOrigins[1]", "must be text without spaces", ["", "https://a.example https://b.example"]],
  ["scpcloud:forbiddenOrganizationIds[1]", USER_ID, [OTHER_ID.toUpperCase()]],
  ["scpcloud:realm", "must consist of letters, digits, dots, underscores and hyphens", ["", "Scp Cloud", "a/b", "ä"]],
  ["scpcloud:contact", "must be one line of up to 255 characters", ["two\nlines", "a".repeat(256)]],
  [
    "scpcloud:publicUrl",
    PLAIN_URL,
    ["", "keycloak.example.com", "/auth", "ftp://a", "HTTPS://a", "https://", "https://a/"],
  ],
  ["scpcloud:publicUrl", PLAIN_URL, ["https://a/auth/", "https://a?x=1", "https://a?", "https://a#top", "https://b@a"]],
  ["scpcloud:publicUrl", PLAIN_URL, ["https://A", "https://a:443", "https://a/a b", " https://a", "https://a/b/../c"]],
  [
    "scpcloud:publicUrl",
    "must be Keycloak's base URL, without /realms/…",
    ["https://a/realms/ScpCloud", "https://a/realms"],
  ],
  ["scpcloud:backchannelUrl", PLAIN_URL, ["keycloak:8443", "https://keycloak/"]],
  ["scpcloud:backchannelUrl", "must be Keycloak's base URL, without /realms/…", ["https://keycloak/realms/ScpCloud"]],
  ["scpcloud:publicUrl", "must begin with https:", [HTTP]],
  ["scpcloud:backchannelUrl", "must begin with https:", [HTTP]],
  ["scpcloud:bff.publicUrl", "must begin with https:", [HTTP]],
  ["scpcloud:api.additionalIssuers[1]", "must begin with https:", [HTTP]],
  ["scpcloud:api.additionalIssuers[1]", PLAIN_URL, ["old.example.com"]],
  ["scpcloud:api.additionalIssuers[1]", "must not repeat an issuer", ["https://old.example.com"]],
  ["scpcloud:api.additionalIssuers[1]", "must not repeat an issuer", ["https://keycloak.example.com/realms/ScpCloud"]],
  ["scpcloud:bff.publicUrl", PLAIN_URL, ["", "api.example.com", "https://api.example.com/", "https://anna@api"]],
  ["scpcloud:api.names.validIssuers", KEY_NAME, ["", "Valid Issuers", "Valid:Issuers", "Valid-Issuers", "V.I", "ä"]],
  // ASP.NET Core takes the first two underscores in a row for the separator of levels.
  ["scpcloud:bff.names.baseUrl", KEY_NAME, ["Base__Url", "_BaseUrl", "BaseUrl_", "_", "__"]],
  ["scpcloud:bff.section", SECTION, ["", ":", "A:", ":A", "A::B", "A B", "A__B:é", "Jwt:_", "Jwt:_A", "Jwt:A_"]],
  [
    "scpcloud:bff.environmentPrefix",
    "must be empty or consist of letters, digits and underscores",
    ["A-", "A:", "A ", "="],
  ],

  ["acme.name", "must have 1 to 255 characters, not all of them blank", ["", " ", "\u3000", "a".repeat(256)]],
  ["acme.name", VISIBLE, UNSEEN],
  ["acme.organizationUser", VISIBLE, UNSEEN],
  ["acme.organizationUser", "must be a user name of 1 to 255", ["", " ", " anna", "anna ", "anna\n", "a".repeat(256)]],
  [
    "acme.organizationId",
    USER_ID,
    ["", "anna", ID.slice(1), `${ID}0`, ID.replaceAll("-", ""), `{${ID}}`, `${ID} `, `${ID}\n`],
  ],
  ["acme.organizationId", USER_ID, [ID.replace("a", "g"), ID.toUpperCase()]],
  ["acme.organizationId", "must not be the empty UUID", ["00000000-0000-0000-0000-000000000000"]],

  [
    "keycloak:url",
    "must be an absolute http(s) URL",
    ["keycloak", "ftp://a", "https://a b", "https://a?x", "HTTPS://a", "https://"],
  ],
  ["keycloak:url", "must not end with a slash", ["https://a/", "https://a/auth/"]],
  ["keycloak:url", "must be Keycloak's base URL, without /realms/…", ["https://a/realms/ScpCloud"]],
  ["keycloak:url", "must begin with https:", [HTTP]],
  ["keycloak:url", "must not hold a user name or a password", [`https://robot:${PLAIN}@keycloak.example.com`]],
  ["keycloak:adminUrl", "must not end with a slash", ["https://a/"]],
  ["keycloak:adminUrl", "must be an absolute http(s) URL", ["a"]],
  ["keycloak:adminUrl", "must begin with https:", [HTTP]],
  ["keycloak:basePath", BASE_PATH, ["/", "/auth/", "auth"]],
  ["keycloak:clientTimeout", TIMEOUT, ["soon", -1]],
  ["keycloak:initialLogin", "must not be set", [false]],
  ["keycloak:redHatSso", "must not be set", [true]],
  ["keycloak:username", "must not be set", ["robot"]],
  ["keycloak:jwtSigningAlg", "must not be set", ["ES384"]],
  ["keycloak:jwtSigningKey", "must not be set", [{ secure: PLAIN }]],
  ["keycloak:password", "must not be set", [{ secure: PLAIN }]],
  ["keycloak:additionalHeaders", HEADERS, [["X-A"], "X-A: b"]],
  ["keycloak:additionalHeaders.host", HEADERS, ["b"]],
  ["keycloak:additionalHeaders.X A", HEADERS, ["b"]],
  ["keycloak:additionalHeaders.X-A", HEADERS, ["b\r\nX-B: c"]],
  ["keycloak:additionalHeaders.Proxy-Authorization", HEADERS, [{ secure: PLAIN }]],
  ["keycloak:additionalHeaders", "must be stored as a secret", [{ "X-Api-Key": PLAIN }]],
  ["keycloak:tlsInsecureSkipVerify", "must not be true", [true]],
  // The provider decodes it weakly: a 1 passes for true.
  ["keycloak:tlsInsecureSkipVerify", "must be true or false", [1, "1", '"true"', "TRUE"]],
  ["keycloak:clientSecret", "must be stored as a secret", [PLAIN]],
  ["scpcloud:audience", "must not be stored as a secret", [{ secure: "scpCloud" }]],
];

test.each(REFUSED.flatMap(([place, rule, values]) => values.map((value) => [place, value, rule] as const)))(
  "%s: %j is refused, since it %s",
  (place, value, rule) => {
    const { faults, message } = refusal(withValue(place, value));
    const key = place.replace(/^acme/, "scpcloud:integrations.acme");
    expect(faults).toEqual([expect.objectContaining({ key, rule: expect.stringContaining(rule) as string })]);
    expect(message).not.toContain(PLAIN);
  },
);

const RESERVED = "must not be a reserved name";
const ID_FORM = "must be a client id of lower-case letters, digits and hyphens";
const TAKEN = ["account", "account-console", "admin-cli", "broker", "constructor", "prototype", "realm-management"];

describe("a client id", () => {
  test.each<[string, string]>([
    ...["a:b", "a_b", "a.b", "ä", "a b", "a/b", "acme\n", " acme", "", "İ", "acme\u0000"].map(
      (id): [string, string] => [id, ID_FORM],
    ),
    ...[...TAKEN, "security-admin-console", "__proto__"].map((id): [string, string] => [id, RESERVED]),
    ["a".repeat(240), "must have at most 239 characters"],
    ["deployer", "must not be the deployer's own client"],
  ])("%j is refused: %s", (clientId, rule) => {
    const customers = Object.fromEntries([
      [clientId, ANNA],
      ["other", OTTO],
    ]);
    const source = withIntegrations(customers, { "keycloak:realm": "ScpCloud" });
    expect(faults(source)).toEqual([[`scpcloud:integrations.${clientId}`, rule]]);
  });

  test("that only case tells from another is refused on both sides", () => {
    expect(faults(withIntegrations({ acme: ANNA, ACME: OTTO }))).toEqual([
      ["scpcloud:integrations.ACME", ID_FORM],
      ["scpcloud:integrations.acme", 'must differ from "ACME" by more than upper and lower case'],
      ["scpcloud:integrations.ACME", 'must differ from "acme" by more than upper and lower case'],
    ]);
  });

  test.each([
    ["Acme Corp. (EU)", 'write "acme-corp-eu"'],
    ["é", 'write "acme"'],
    ["a".repeat(300), "shorten it by 61"],
  ])("%j comes with what to do", (clientId, remedy) => {
    expect(faultsOf(withIntegrations({ [clientId]: ANNA }))).toMatchObject([{ remedy }]);
  });

  test("is compared with the deployer's from the environment, too, where both are in one realm", () => {
    const environment = { KEYCLOAK_CLIENT_ID: "acme", KEYCLOAK_CLIENT_SECRET: SECRET };
    const values = { "keycloak:clientId": undefined };
    const inRealm = configuration(values, { ...environment, KEYCLOAK_REALM: "ScpCloud" });
    expect(faults(inRealm)).toEqual([["scpcloud:integrations.acme", "must not be the deployer's own client"]]);
    expect(accepted(configuration(values, environment)).deployer).toMatchObject({ realm: "master", clientId: "acme" });
  });
});

describe("a customer", () => {
  const ENTRY = "must be a map with organizationUser or organizationId";
  const NO_SUCH = "must be the client id of another customer of this stack";
  const TWIN = "must not have another customer's organization";
  test.each<[object, place: string, rule: string]>([
    [{ acme: "anna" }, "acme", ENTRY],
    [{ acme: { name: "Acme" } }, "acme", "must have organizationUser or organizationId"],
    [{ acme: { ...ANNA, organizationId: ID } }, "acme", "must have one of organizationUser and organizationId only"],
    [
      { acme: ANNA, b: { ...OTTO, successorOf: "acme" } },
      "b.successorOf",
      "must not stand beside organizationUser or organizationId",
    ],
    [{ acme: ANNA, b: { successorOf: "gone" } }, "b.successorOf", NO_SUCH],
    [{ acme: ANNA, b: { successorOf: "b" } }, "b.successorOf", NO_SUCH],
    [
      { acme: ANNA, b: { successorOf: "acme" }, c: { successorOf: "b" } },
      "c.successorOf",
      "must not be a successor itself",
    ],
    [{ a: { ...ANNA, sharedOrganization: true }, b: ANNA }, "b", TWIN],
  ])("%j is refused at %s", (integrations, place, rule) => {
    expect(keyAndRule(withIntegrations(integrations))).toEqual([`scpcloud:integrations.${place}`, rule]);
  });

  test("is told on either side that one organization is in two cases", () => {
    expect(faults(withIntegrations({ a: ANNA, b: { organizationUser: "Anna" } }))).toEqual([
      ["scpcloud:integrations.a", TWIN],
      ["scpcloud:integrations.b", TWIN],
    ]);
  });

  test("of one organization with others is told of each of them", () => {
    const [one, other] = [{ organizationId: ID }, { organizationId: OTHER_ID }];
    expect(faultsOf(withIntegrations({ a: one, b: other, c: one, d: one })).map(({ value }) => value)).toEqual([
      `"${ID}", also of c, d`,
      `"${ID}", also of a, d`,
      `"${ID}", also of a, c`,
    ]);
  });

  test("may not have a forbidden organization, by its user in whatever case, or by its id", () => {
    const lists = {
      "scpcloud:forbiddenOrganizationUsers": ["root", "aDmin"],
      "scpcloud:forbiddenOrganizationIds": [ID],
    };
    const customers = {
      a: { organizationUser: "admin", sharedOrganization: true },
      b: { organizationUser: "ADMIN", sharedOrganization: true },
      c: { organizationId: ID },
      d: { organizationUser: "administrator" },
      e: { organizationId: OTHER_ID },
    };
    const rule = "must not be an organization that this stack forbids";
    expect(faults(withIntegrations(customers, lists))).toEqual([
      ["scpcloud:integrations.a.organizationUser", rule],
      ["scpcloud:integrations.b.organizationUser", rule],
      ["scpcloud:integrations.c.organizationId", rule],
    ]);
  });
});

describe("an unknown key", () => {
  const sharedOrganisation = { acme: { ...ANNA, sharedOrganisation: true } };
  test.each<[string, unknown, string, string?]>([
    ["scpcloud:allowedOrigin", ["/*"], 'write "allowedOrigins", or remove it'],
    ["scpcloud:REALM", "x", 'write "realm", or remove it'],
    ["scpcloud:bff.publicUrl", "https://a", 'write "publicUrl:" further in, below "scpcloud:bff:"'],
    ["scpcloud:bff.names.baseUrl", "Url", 'write "names:" and "baseUrl:" further in, below "scpcloud:bff:"'],
    ["scpcloud:bbf.publicUrl", "https://a", "remove it"],
    ["scpcloud:bff", { "names.baseUrl": "Url" }, 'write "baseUrl:" further in, below "names:"', ".names.baseUrl"],
    ["scpcloud:bff", { names: { baseURL: "C" } }, 'write "baseUrl", or remove it', ".names.baseURL"],
    ["scpcloud:api", { sectoin: "A" }, 'write "section", or remove it', ".sectoin"],
    [
      "scpcloud:integrations",
      sharedOrganisation,
      'write "sharedOrganization", or remove it',
      ".acme.sharedOrganisation",
    ],
    [
      "scpcloud:integrations",
      { acme: { ...ANNA, quota: 7 } },
      "remove it, or write one of: organizationUser, organizationId, successorOf, name, sharedOrganization, retired",
      ".acme.quota",
    ],
    ["keycloak:clientID", "deployer", 'write "clientId", or remove it'],
    ["scpclud:realm", "ScpCloud", 'write "scpcloud", or remove it'],
    ["aws:region", "eu", "remove it, or write one of: scpcloud, keycloak, pulumi"],
  ])("%s: %j is refused, with what was meant", (key, value, remedy, place = "") => {
    expect(faultsOf(configuration({ [key]: value }))).toEqual([
      expect.objectContaining({
        key: key + place,
        rule: "must be a known setting",
        remedy: expect.stringContaining(remedy) as string,
      }),
    ]);
  });

  test.each(["constructor", "toString", "__proto__", "hasOwnProperty"])("is refused as %s too", (name) => {
    const entry = JSON.parse(`{"${name}": "x"}`) as object;
    const acme = JSON.parse(`{"${name}": "x", "organizationUser": "anna"}`) as object;
    const sources = {
      [`scpcloud:${name}`]: configuration({ [`scpcloud:${name}`]: "x" }),
      [`keycloak:${name}`]: configuration({ [`keycloak:${name}`]: "x" }),
      [`scpcloud:integrations.acme.${name}`]: withIntegrations({ acme }),
      [`scpcloud:api.${name}`]: configuration({ "scpcloud:api": entry }),
    };
    expect(Object.values(sources).map(keysOfFaults)).toEqual(Object.keys(sources).map((key) => [key]));
  });

  test.each([
    ["docker:host", "must stand in the stack file in services/"],
    ["scpcloud:apps", "must stand in the stack file in services/"],
    ["scpcloud:secretEnvironment", "must stand in the stack file in services/"],
    ["keycloak:clientSecrt", "must be a known setting"],
    ["scpcloud:secret", "must be a known setting"],
  ])("%s is told without its value, which may be a secret", (key, rule) => {
    const source = configuration({ [key]: PLAIN });
    expect(keyAndRule(source)).toEqual([key, rule]);
    expect(refusal(source).message).not.toContain(PLAIN);
  });
});

describe("a secret of a stack file", () => {
  test.each(["accessToken", "jwtSigningKey", "jwtToken", "password", "tlsClientPrivateKey"])(
    "is refused in plain text, and not printed: %s",
    (key) => {
      const { message } = refusal(configuration({ [`keycloak:${key}`]: PLAIN }));
      expect(message).toContain(`keycloak:${key}\n  must be stored as a secret,`);
      expect(message).not.toContain(PLAIN);
    },
  );

  test("is not printed where it should not have been one and is malformed besides", () => {
    const { faults, message } = refusal(
      configuration({
        "scpcloud:audience": { secure: `${PLAIN} with a space` },
        "scpcloud:api": { secure: `{${PLAIN}` },
        "scpcloud:bff": { section: { secure: `:${PLAIN}` } },
        "scpcloud:integrations": { acme: { organizationId: { secure: PLAIN } } },
        "keycloak:url": { secure: PLAIN },
        "keycloak:additionalHeaders": { "X A": { secure: PLAIN } },
      }),
    );
    const keys = ["scpcloud:audience", "scpcloud:api", "scpcloud:bff.section", "scpcloud:integrations", "keycloak:url"];
    expect(faults.map(({ key }) => key)).toEqual(expect.arrayContaining(keys));
    expect(message).not.toContain(PLAIN);
  });
});

const [API, BFF] = ["scpcloud:api", "scpcloud:bff"];
test.each<[string, object, readonly string[], Readonly<Record<string, string>>?]>([
  [
    "a wrong switch, which is no permission for http",
    { "keycloak:url": HTTP, "scpcloud:requireHttps": "no" },
    ["scpcloud:requireHttps", "keycloak:url"],
  ],
  ["http in the environment", { "keycloak:url": undefined }, ["keycloak:url"], { KEYCLOAK_URL: HTTP }],
  [
    "an issuer behind one that is no text",
    { [API]: { additionalIssuers: [7, HTTP] } },
    [`${API}.additionalIssuers[0]`, `${API}.additionalIssuers[1]`],
  ],
  [
    "two names that only case tells apart",
    { [API]: { names: { authority: "Issuer", metadataAddress: "issuer" } } },
    [`${API}.names.authority`, `${API}.names.metadataAddress`],
  ],
  [
    "a name that is another's default",
    { [API]: { names: { validIssuers: "VALIDAUDIENCES" } } },
    [`${API}.names.validAudiences`, `${API}.names.validIssuers`],
  ],
  [
    "two names beside another fault",
    { [BFF]: { environmentPrefix: "-", names: { baseUrl: "tokenendpoint" } } },
    [`${BFF}.environmentPrefix`, `${BFF}.names.baseUrl`, `${BFF}.names.tokenEndpoint`],
  ],
  ["a deployer of another realm", { "keycloak:realm": "Stage" }, ["scpcloud:realm"]],
  [
    "a deployer of a realm in another case",
    { "scpcloud:realm": "scpcloud", "keycloak:realm": "ScpCloud" },
    ["scpcloud:realm"],
  ],
  ["a deployer of another realm by the environment", {}, ["scpcloud:realm"], { KEYCLOAK_REALM: "Stage" }],
  ["half of a TLS client's certificate", { "keycloak:tlsClientCertificate": "PEM" }, ["keycloak:tlsClientPrivateKey"]],
  ["the other half", { "keycloak:tlsClientPrivateKey": { secure: "PEM" } }, ["keycloak:tlsClientCertificate"]],
  [
    "a secret inside a map",
    { "scpcloud:integrations": { acme: { organizationUser: { secure: "anna" } } } },
    ["scpcloud:integrations"],
  ],
])("%s is refused", (_, values, keys, environment = {}) => {
  expect(keysOfFaults(configuration({ ...values }, { KEYCLOAK_CLIENT_SECRET: SECRET, ...environment }))).toEqual(keys);
});

describe("a fault shows", () => {
  test("what a reader would not see, and no more than a line of a long value", () => {
    expect(faultsOf(configuration({ "scpcloud:requireHttps": "tru\u200be" }))).toMatchObject([
      { value: '"tru\\u{200b}e"' },
    ]);
    expect(faultsOf(configuration({ "scpcloud:api": `{${"x".repeat(1000)}` }))).toMatchObject([
      { value: expect.stringMatching(/^.{97}\.\.\.$/) as string },
    ]);
  });

  test.each([
    ["a client id", withIntegrations({ "a\n::error::b": ANNA })],
    ["the twin of a client id", withIntegrations({ "a\n::error::b": ANNA, c: ANNA, d: ANNA })],
    ["a setting", withIntegrations({ acme: { ...ANNA, "x\r\n::error::": 1 } })],
    ["a key", configuration({ "scpcloud:x\n::error::": 1 })],
    ["a namespace", configuration({ "::error::x": 1 })],
    ["a header", configuration({ "keycloak:additionalHeaders": { "A\n::error::": "b" } })],
  ])("no text of %s in a line of its own, which GitHub may take for a command", (_, source) => {
    const { message } = refusal(source);
    expect(message).toContain("::error::");
    expect(message).not.toMatch(/[^\n -~‘-”…]|^\s*::/m);
  });
});
