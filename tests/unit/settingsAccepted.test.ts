import { customersTable } from "../../commands/customers/customersTable.ts";
import { listCustomers } from "../../commands/customers/customerList.ts";
import { tokenChanges } from "../../commands/review/claimsDiff.ts";
import { checkResolvedOrganizations } from "../../lookups/organizations.ts";
import { readSettings } from "../../settings/read.ts";
import { accepted, configuration, ID, keysOfFaults, OTHER_ID, SECRET, withIntegrations } from "./configuration.ts";
import { fakeAdmin } from "./fakePulumi.ts";

const ANNA = { organizationUser: "anna" };

// The properties of valid configurations have the rest, also the defaults.
test.each<[Readonly<Record<string, unknown>>, object]>([
  [{ "scpcloud:accessTokenLifespan": 60 }, { accessTokenLifespan: 60 }],
  [{ "scpcloud:accessTokenLifespan": "3600" }, { accessTokenLifespan: 3600 }],
  [{ "scpcloud:secretRotation": { overlapDays: 365 } }, { overlapDays: 365 }],
  // Both services may have the same names.
  [
    { "scpcloud:api": { names: { authority: "BaseUrl" }, section: "Keycloak" } },
    { bff: { names: { baseUrl: "BaseUrl" } } },
  ],
  [{ "keycloak:tlsInsecureSkipVerify": false }, { connection: { insecure: false } }],
  [{ "keycloak:tlsInsecureSkipVerify": true, "scpcloud:requireHttps": false }, { connection: { insecure: true } }],
])("%j is accepted", (values, settings) => {
  expect(accepted(configuration(values))).toMatchObject(settings);
});

describe("customers", () => {
  test.each([
    ...["علی‌رضا", "👩‍💻"].flatMap((text) => [{ organizationUser: text }, { ...ANNA, name: text }]),
    { organizationId: "f:8b0f4b86-7d2b-4e0f-9c0a-0c3b6a4f2d11:anna" },
    { organizationId: "f:ldap:ORG-4711" },
  ])("may have %j", (acme) => {
    expect(accepted(withIntegrations({ acme })).integrations).toHaveLength(1);
  });

  test("may have client ids of 239 characters", () => {
    expect(accepted(withIntegrations({ ["a".repeat(239)]: ANNA })).integrations).toHaveLength(1);
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

describe("a second client of a customer", () => {
  const pair = accepted(withIntegrations({ acme: ANNA, "acme-2": { successorOf: "acme" } }));

  test("is told as that by the claims review and by customers", async () => {
    const before = accepted(withIntegrations({ acme: ANNA }));
    expect(tokenChanges(before, pair).added).toMatchObject([{ clientId: "acme-2", successorOf: "acme" }]);
    const customers = await listCustomers(pair, {}, fakeAdmin({}), {}, new Date());
    expect(customers.map(({ successorOf }) => successorOf)).toEqual([undefined, "acme"]);
    expect(customersTable(customers)).toContain("successor of");
  });

  test("keeps its organization when it takes the place of the first", () => {
    const alone = accepted(withIntegrations({ "acme-2": ANNA }));
    expect(tokenChanges(pair, alone)).toMatchObject({ existing: ["acme-2"], changed: [], changedForAll: [] });
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
  });
});
