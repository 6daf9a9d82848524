import { checkResolvedOrganizations } from "../../lookups/organizations.ts";
import { readSettings } from "../../settings/read.ts";
import { accepted, configuration, ID, keysOfFaults, OTHER_ID, SECRET, withIntegrations } from "./configuration.ts";

const HTTP = "http://keycloak:8080";
const ANNA = { organizationUser: "anna" };
const API_NAMES = {
  authority: "Authority",
  mapInboundClaims: "MapInboundClaims",
  metadataAddress: "MetadataAddress",
  requireHttpsMetadata: "RequireHttpsMetadata",
  validAudiences: "ValidAudiences",
  validIssuers: "ValidIssuers",
};

test.each<[Readonly<Record<string, unknown>>, object]>([
  [{ "scpcloud:accessTokenLifespan": 60 }, { accessTokenLifespan: 60 }],
  [{ "scpcloud:accessTokenLifespan": "3600" }, { accessTokenLifespan: 3600 }],
  [{ "scpcloud:secretRotation": { overlapDays: 365 } }, { overlapDays: 365 }],
  [{ "scpcloud:publicUrl": "https://example.com/auth" }, { backchannelUrl: "https://example.com/auth" }],
  [
    { "scpcloud:backchannelUrl": "https://keycloak.internal:8443" },
    { backchannelUrl: "https://keycloak.internal:8443" },
  ],
  [{ "scpcloud:contact": "ScpCloud support, a@b" }, { contact: "ScpCloud support, a@b" }],
  [
    { "scpcloud:bff": { publicUrl: "https://api.example.com/v1" } },
    { bff: { publicUrl: "https://api.example.com/v1" } },
  ],
  [
    { "scpcloud:api": { environmentPrefix: "SCP_", names: { authority: "My_Issuer" }, section: "A" } },
    { api: { environmentPrefix: "SCP_", names: { ...API_NAMES, authority: "My_Issuer" }, section: "A" } },
  ],
  // Both services may have the same names.
  [
    { "scpcloud:api": { names: { authority: "BaseUrl" }, section: "Keycloak" } },
    { bff: { names: { baseUrl: "BaseUrl" } } },
  ],
  [
    { "scpcloud:api": { additionalIssuers: ["https://b", "https://a"] } },
    { api: { additionalIssuers: ["https://b", "https://a"] } },
  ],
  [{ "keycloak:tlsInsecureSkipVerify": false }, { connection: { insecure: false } }],
  [{ "keycloak:tlsInsecureSkipVerify": true, "scpcloud:requireHttps": false }, { connection: { insecure: true } }],
  [
    {
      "keycloak:url": HTTP,
      "scpcloud:publicUrl": HTTP,
      "scpcloud:backchannelUrl": HTTP,
      "scpcloud:api": { additionalIssuers: ["http://old"] },
      "scpcloud:bff": { publicUrl: HTTP },
      "scpcloud:requireHttps": false,
    },
    { connection: { url: HTTP }, publicUrl: HTTP, backchannelUrl: HTTP, bff: { publicUrl: HTTP } },
  ],
])("%j is accepted", (values, settings) => {
  expect(accepted(configuration(values))).toMatchObject(settings);
});

test("a stack file that says the least is a lean, safe stack", () => {
  const settings = accepted(configuration());
  expect(settings).toMatchObject({
    accountAccess: false,
    allowedOrigins: [],
    api: { additionalIssuers: [], environmentPrefix: "", names: API_NAMES, section: "Authentication:Schemes:Bearer" },
    audience: "scpCloud",
    backchannelUrl: "https://keycloak.example.com",
    bff: {
      environmentPrefix: "",
      names: { baseUrl: "BaseUrl", tokenEndpoint: "TokenEndpoint" },
      section: "Keycloak",
    },
    contact: "",
    forbiddenOrganizationIds: [],
    realm: "ScpCloud",
  });
  expect([settings.bff.publicUrl, settings.overlapDays]).toEqual([undefined, undefined]);
  expect(keysOfFaults(configuration({ "scpcloud:publicUrl": "http://a" }))).toEqual(["scpcloud:publicUrl"]);
});

describe("customers", () => {
  test("come in the order of their client ids, with name and organization", () => {
    const entries = { b: { ...ANNA, name: "B & Co" }, "10": { organizationUser: "c" }, a: { organizationId: ID } };
    const common = { retired: false, sharedOrganization: false };
    expect(accepted(withIntegrations(entries)).integrations).toEqual([
      { clientId: "10", name: "10", organization: { user: "c" }, ...common },
      { clientId: "a", name: "a", organization: { id: ID }, ...common },
      { clientId: "b", name: "B & Co", organization: { user: "anna" }, ...common },
    ]);
  });

  test.each([
    ...["علی‌رضا", "👩‍💻", "Łódź 東京", "O'Neil & Söhne"].flatMap((text) => [
      { organizationUser: text },
      { ...ANNA, name: text },
    ]),
    { organizationId: "f:8b0f4b86-7d2b-4e0f-9c0a-0c3b6a4f2d11:anna" },
    { organizationId: "f:ldap:ORG-4711" },
  ])("may have %j", (acme) => {
    expect(accepted(withIntegrations({ acme })).integrations).toHaveLength(1);
  });

  test("may have client ids of 239 characters, and of lower-case letters, digits and hyphens", () => {
    const ids = ["a".repeat(239), "acme-2-reporting"];
    const entries = ids.map((id, index) => [id, { organizationUser: `u${index}` }]);
    expect(accepted(withIntegrations(Object.fromEntries(entries))).integrations).toHaveLength(2);
  });

  test("may share an organization where each says so", () => {
    const shared = { ...ANNA, sharedOrganization: true };
    expect(accepted(withIntegrations({ a: shared, b: shared })).integrations).toHaveLength(2);
  });

  test("who succeed another have its organization, which does not hide a third customer's", () => {
    const pair = { acme: ANNA, "acme-2": { successorOf: "acme" } };
    const faultsOf = (entries: object) => {
      const settings = accepted(withIntegrations(entries));
      const resolved = settings.integrations.map((integration) => ({ ...integration, organizationId: ID }));
      expect(resolved[1]).toMatchObject({ organization: { user: "anna" }, successorOf: "acme" });
      return checkResolvedOrganizations(resolved, settings).map(({ key }) => key);
    };
    expect(faultsOf(pair)).toEqual([]);
    expect(faultsOf({ ...pair, globex: { organizationId: OTHER_ID } })).toEqual([
      "scpcloud:integrations.acme",
      "scpcloud:integrations.globex",
    ]);
  });
});

describe("the connection to Keycloak", () => {
  const ENVIRONMENT = {
    KEYCLOAK_URL: "https://keycloak.internal",
    KEYCLOAK_CLIENT_ID: "robot",
    KEYCLOAK_CLIENT_SECRET: SECRET,
    KEYCLOAK_REALM: "ScpCloud",
    KEYCLOAK_BASE_PATH: "/auth",
  };

  test("comes from the stack file, and from the environment where that says nothing", () => {
    const silent = { "keycloak:url": undefined, "keycloak:clientId": undefined };
    expect(accepted(configuration(silent, ENVIRONMENT))).toMatchObject({
      connection: { url: "https://keycloak.internal/auth" },
      deployer: { realm: "ScpCloud", clientId: "robot" },
    });
    expect(accepted(configuration({ "keycloak:realm": "master" }, ENVIRONMENT))).toMatchObject({
      connection: { url: "https://keycloak.example.com/auth" },
      deployer: { realm: "master", clientId: "deployer" },
    });
  });

  test.each([
    ["keycloak:url", "KEYCLOAK_URL"],
    ["keycloak:clientId", "KEYCLOAK_CLIENT_ID"],
    ["keycloak:clientSecret", "KEYCLOAK_CLIENT_SECRET"],
  ])("must have %s, from the stack file or from %s", (key, variable) => {
    const others = { ...ENVIRONMENT, KEYCLOAK_REALM: "" };
    for (const value of [undefined, ""]) {
      expect(keysOfFaults(configuration({ [key]: value }, { ...others, [variable]: "" }))).toEqual([key]);
    }
    accepted(configuration({ [key]: undefined }, others));
  });

  test("is nothing that somebody needs who does not log in", () => {
    const source = configuration({ "keycloak:url": undefined, "keycloak:clientId": undefined }, {});
    expect(readSettings(source, { login: false })).not.toHaveProperty("connection");
    expect(keysOfFaults(source)).toEqual(["keycloak:url", "keycloak:clientId", "keycloak:clientSecret"]);
  });
});
