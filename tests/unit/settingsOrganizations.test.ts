import {
  accepted,
  faultsOf,
  ID,
  keysOfFaults,
  onlyFault,
  OTHER_ID,
  withIntegrations,
  keyAndRule,
} from "./configuration";

describe("a customer's organization", () => {
  test("may be given by user name or by id", () => {
    const { integrations } = accepted(
      withIntegrations({ a: { organizationUser: "anna@example.com" }, b: { organizationId: ID } }),
    );
    expect(integrations.map(({ organization }) => organization)).toEqual([{ user: "anna@example.com" }, { id: ID }]);
  });

  test("must be given", () => {
    expect(keyAndRule(withIntegrations({ acme: { name: "Acme" } }))).toEqual([
      "scpcloud:integrations.acme",
      "must have organizationUser or organizationId",
    ]);
  });

  test("must not be given in both ways", () => {
    expect(keyAndRule(withIntegrations({ acme: { organizationUser: "anna", organizationId: ID } }))).toEqual([
      "scpcloud:integrations.acme",
      "must have one of organizationUser and organizationId only",
    ]);
  });

  test("as an id in upper case is refused, since the API compares letter by letter", () => {
    expect(keyAndRule(withIntegrations({ acme: { organizationId: ID.toUpperCase() } }))).toEqual([
      "scpcloud:integrations.acme.organizationId",
      "must be a UUID in lower case, such as c7834e89-74ff-42ae-a6d8-8693f24b1351, or a federated user's f:STORAGE:USER",
    ]);
  });

  test.each([
    ["empty", ""],
    ["a user name", "anna"],
    ["too short", ID.slice(0, -1)],
    ["too long", `${ID}0`],
    ["without hyphens", ID.replaceAll("-", "")],
    ["in braces", `{${ID}}`],
    ["with a space", `${ID} `],
    ["with a line break", `${ID}\n`],
    ["not hexadecimal", ID.replace("a", "g")],
  ])("as an id that is %s is refused", (_, organizationId) => {
    expect(onlyFault(withIntegrations({ acme: { organizationId } }))).toContain("must be a UUID in lower case");
  });

  it("as the empty UUID is refused, which .NET may take for no filter", () => {
    expect(onlyFault(withIntegrations({ acme: { organizationId: "00000000-0000-0000-0000-000000000000" } }))).toContain(
      "must not be the empty UUID",
    );
  });

  it.each(["f:8b0f4b86-7d2b-4e0f-9c0a-0c3b6a4f2d11:anna", "f:ldap:ORG-4711"])(
    "may be that of a user from a federated storage: %s",
    (organizationId) => {
      const { integrations } = accepted(withIntegrations({ acme: { organizationId } }));
      expect(integrations[0]?.organization).toEqual({ id: organizationId });
    },
  );

  test.each(["", " ", " anna", "anna ", "anna\n", "a".repeat(256)])(
    "cannot be the user name %j",
    (organizationUser) => {
      expect(onlyFault(withIntegrations({ acme: { organizationUser } }))).toContain(
        "must be a user name of 1 to 255 characters without spaces around it",
      );
    },
  );
});

describe("a forbidden organization", () => {
  test.each(["admin", "Admin", "ADMIN"])("is refused by the user name %s", (organizationUser) => {
    const source = withIntegrations(
      { acme: { organizationUser } },
      { "scpcloud:forbiddenOrganizationUsers": ["root", "aDmin"] },
    );
    expect(keyAndRule(source)).toEqual([
      "scpcloud:integrations.acme.organizationUser",
      "must not be an organization that this stack forbids",
    ]);
  });

  test("is refused by id", () => {
    const source = withIntegrations(
      { acme: { organizationId: ID } },
      { "scpcloud:forbiddenOrganizationIds": [OTHER_ID, ID] },
    );
    const text = onlyFault(source);
    expect(text).toContain("scpcloud:integrations.acme.organizationId\n  must not be an organization that this stack");
    expect(text).toContain(`Found: "${ID}"`);
  });

  test("does not hinder the others", () => {
    const source = withIntegrations(
      { a: { organizationId: ID }, b: { organizationUser: "administrator" } },
      { "scpcloud:forbiddenOrganizationIds": [OTHER_ID], "scpcloud:forbiddenOrganizationUsers": ["admin"] },
    );
    expect(accepted(source).forbiddenOrganizationIds).toEqual([OTHER_ID]);
  });

  test("cannot be listed by a malformed id, which would never match", () => {
    const source = withIntegrations(
      { a: { organizationUser: "anna" } },
      { "scpcloud:forbiddenOrganizationIds": [ID, OTHER_ID.toUpperCase()] },
    );
    expect(onlyFault(source)).toContain("scpcloud:forbiddenOrganizationIds[1]\n  must be a UUID in lower case");
  });
});

describe("an organization of several customers", () => {
  test("is refused on each of them, which name one another", () => {
    const source = withIntegrations({
      a: { organizationId: ID },
      b: { organizationId: OTHER_ID },
      c: { organizationId: ID },
      d: { organizationId: ID },
    });
    expect(faultsOf(source).map(({ key, value }) => [key, value])).toEqual([
      ["scpcloud:integrations.a", `"${ID}", also of c, d`],
      ["scpcloud:integrations.c", `"${ID}", also of a, d`],
      ["scpcloud:integrations.d", `"${ID}", also of a, c`],
    ]);
  });

  test("is refused by user name too, in whatever case", () => {
    const source = withIntegrations({ a: { organizationUser: "anna" }, b: { organizationUser: "Anna" } });
    expect(keysOfFaults(source)).toEqual(["scpcloud:integrations.a", "scpcloud:integrations.b"]);
  });

  test("is refused where only one of them says that it is meant", () => {
    const source = withIntegrations({
      a: { organizationUser: "anna", sharedOrganization: true },
      b: { organizationUser: "anna" },
    });
    expect(keyAndRule(source)).toEqual(["scpcloud:integrations.b", "must not have another customer's organization"]);
  });

  test("is accepted where each of them says that it is meant", () => {
    const { integrations } = accepted(
      withIntegrations({
        a: { organizationUser: "anna", sharedOrganization: true },
        b: { organizationUser: "anna", sharedOrganization: true },
      }),
    );
    expect(integrations.map(({ sharedOrganization }) => sharedOrganization)).toEqual([true, true]);
  });
});
