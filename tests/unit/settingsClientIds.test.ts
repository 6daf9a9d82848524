import { accepted, faultsOf, keysOfFaults, onlyFault, refusal, withIntegrations, keyAndRule } from "./configuration";

const ANNA = { organizationUser: "anna" };

/** The configuration of a customer with this client id, besides another that is in order. */
const withClient = (clientId: string, overrides: Readonly<Record<string, unknown>> = {}) =>
  withIntegrations({ [clientId]: ANNA, other: { organizationUser: "otto" } }, overrides);

describe("a client id", () => {
  test("may have lower-case letters, digits and hyphens", () => {
    expect(accepted(withClient("acme-2-reporting")).integrations[0]?.clientId).toBe("acme-2-reporting");
  });

  test("with other characters is refused, and a possible one is suggested", () => {
    expect(keyAndRule(withClient("Acme Corp. (EU)"))).toEqual([
      "scpcloud:integrations.Acme Corp. (EU)",
      "must be a client id of lower-case letters, digits and hyphens",
    ]);
  });

  test.each(["a:b", "a_b", "a.b", "ä", "a b", "a/b", "acme\n", " acme", "", "İ", "acme\u0000"])(
    "cannot be %j",
    (clientId) => {
      expect(onlyFault(withClient(clientId))).toContain(
        "must be a client id of lower-case letters, digits and hyphens",
      );
    },
  );

  test.each(["", "é", "___"])("of which nothing is left (%j) gets an example instead of a suggestion", (clientId) => {
    expect(onlyFault(withClient(clientId))).toContain('Do: write "acme"');
  });

  test("of 239 characters fits, since the service account's name is then 255 long", () => {
    expect(accepted(withClient("a".repeat(239))).integrations).toHaveLength(2);
  });

  test.each([
    [240, "shorten it by 1"],
    [300, "shorten it by 61"],
  ])("of %i characters is refused", (length, remedy) => {
    const [fault, ...others] = faultsOf(withClient("a".repeat(length)));
    expect(others).toEqual([]);
    expect(fault).toMatchObject({
      key: `scpcloud:integrations.${"a".repeat(length)}`,
      rule: "must have at most 239 characters",
      reason: "Keycloak names the service account service-account-<client id>, in 255 characters",
      remedy,
    });
  });

  test("that differs from another by upper and lower case only is refused on both sides", () => {
    const { faults } = refusal(withIntegrations({ acme: ANNA, ACME: { organizationUser: "otto" } }));
    const twins = faults.filter(({ rule }) => rule.startsWith("must differ from"));
    expect(twins).toEqual([
      {
        key: "scpcloud:integrations.acme",
        rule: 'must differ from "ACME" by more than upper and lower case',
        reason: "Keycloak lower-cases the service account's name and refuses the second client (409)",
        value: '"acme"',
        remedy: "rename one of the two",
      },
      expect.objectContaining({
        key: "scpcloud:integrations.ACME",
        rule: 'must differ from "acme" by more than upper and lower case',
      }),
    ]);
  });

  test.each([
    "account",
    "account-console",
    "admin-cli",
    "broker",
    "constructor",
    "prototype",
    "realm-management",
    "security-admin-console",
  ])("cannot be %s, which is taken", (clientId) => {
    expect(keyAndRule(withClient(clientId))).toEqual([
      `scpcloud:integrations.${clientId}`,
      "must not be a reserved name",
    ]);
  });

  test("cannot be __proto__, which would be lost without a word", () => {
    expect(faultsOf(withClient("__proto__"))).toMatchObject([
      { key: "scpcloud:integrations.__proto__", rule: "must not be a reserved name" },
    ]);
  });

  test("that is the only one and would be lost is told by its own key", () => {
    expect(keysOfFaults(withIntegrations({ constructor: ANNA }))).toContain("scpcloud:integrations.constructor");
  });

  test("cannot be the one that the deployer logs in with", () => {
    const source = withClient("the-deployer", {
      "keycloak:clientId": "the-deployer",
      "keycloak:realm": "ScpCloud",
    });
    expect(keyAndRule(source)).toEqual(["scpcloud:integrations.the-deployer", "must not be the deployer's own client"]);
  });

  test("cannot be the deployer's where that one comes from the environment either", () => {
    const source = {
      ...withClient("the-deployer", { "keycloak:clientId": undefined }),
      environment: { KEYCLOAK_CLIENT_ID: "the-deployer", KEYCLOAK_CLIENT_SECRET: "x", KEYCLOAK_REALM: "ScpCloud" },
    };
    expect(onlyFault(source)).toContain("must not be the deployer's own client");
  });

  test("may be the deployer's name where the deployer lives in another realm", () => {
    const master = withClient("the-deployer", { "keycloak:clientId": "the-deployer" });
    expect(accepted(master).deployer).toMatchObject({ realm: "master", clientId: "the-deployer" });
  });
});

test("customers come in the order of their client ids, whatever the order in the stack file", () => {
  const user = (name: string) => ({ organizationUser: name });
  const { integrations } = accepted(withIntegrations({ b: user("b"), "10": user("c"), a: user("a"), "9": user("d") }));
  expect(integrations.map(({ clientId }) => clientId)).toEqual(["10", "9", "a", "b"]);
});

test("a customer without a name is called by its client id", () => {
  const { integrations } = accepted(withIntegrations({ a: ANNA, b: { organizationUser: "otto", name: "B & Co" } }));
  expect(integrations).toEqual([
    { clientId: "a", name: "a", organization: { user: "anna" }, retired: false, sharedOrganization: false },
    { clientId: "b", name: "B & Co", organization: { user: "otto" }, retired: false, sharedOrganization: false },
  ]);
});
