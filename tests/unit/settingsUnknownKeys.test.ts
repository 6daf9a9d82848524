import { configuration, faultsOf, keysOfFaults, onlyFault, withIntegrations, keyAndRule } from "./configuration";

const SECRET_VALUE = "hunter2-hunter2";

describe("an unknown key", () => {
  test("is refused at top level, and the known one is suggested", () => {
    expect(keyAndRule(configuration({ "scpcloud:allowedOrigin": ["/*"] }))).toEqual([
      "scpcloud:allowedOrigin",
      "must be a known setting",
    ]);
  });

  test.each([
    ["bff.publicUrl", 'write "publicUrl:" further in, below "scpcloud:bff:"'],
    ["bff.names.baseUrl", 'write "names:" and "baseUrl:" further in, below "scpcloud:bff:"'],
    ["bbf.publicUrl", "remove it"],
  ])("that is written with dots is refused with the way that a stack file has it: %s", (key, remedy) => {
    expect(onlyFault(configuration({ [`scpcloud:${key}`]: "https://api.example.com" }))).toContain(`Do: ${remedy}`);
  });

  test("that is written with dots is refused so further in, too", () => {
    const text = onlyFault(configuration({ "scpcloud:bff": { "names.baseUrl": "Url" } }));
    expect(text).toContain("scpcloud:bff.names.baseUrl\n  must be a known setting,");
    expect(text).toContain('Do: write "baseUrl:" further in, below "names:"');
  });

  test("is refused in a customer's entry", () => {
    const text = onlyFault(withIntegrations({ acme: { organizationUser: "anna", sharedOrganisation: true } }));
    expect(text).toContain("scpcloud:integrations.acme.sharedOrganisation\n  must be a known setting,");
    expect(text).toContain('Do: write "sharedOrganization", or remove it');
  });

  test("is refused beside another one in the same entry", () => {
    const source = withIntegrations({ acme: { organizationUser: "anna", nmae: "Acme", organizationID: "x" } });
    expect(faultsOf(source).map(({ key, remedy }) => [key, remedy])).toEqual([
      ["scpcloud:integrations.acme.nmae", 'write "name", or remove it'],
      ["scpcloud:integrations.acme.organizationID", 'write "organizationId", or remove it'],
    ]);
  });

  test("is refused in a service, in its names too", () => {
    const source = configuration({
      "scpcloud:api": { sectoin: "A", names: { validIssuer: "B" } },
      "scpcloud:bff": { names: { baseURL: "C" }, additionalIssuers: [] },
    });
    expect(faultsOf(source).map(({ key, remedy }) => [key, remedy])).toEqual([
      ["scpcloud:api.names.validIssuer", 'write "validIssuers", or remove it'],
      ["scpcloud:api.sectoin", 'write "section", or remove it'],
      ["scpcloud:bff.names.baseURL", 'write "baseUrl", or remove it'],
      ["scpcloud:bff.additionalIssuers", "remove it, or write one of: environmentPrefix, names, publicUrl, section"],
    ]);
  });

  test("is refused in the provider's namespace", () => {
    expect(keyAndRule(configuration({ "keycloak:clientID": "deployer" }))).toEqual([
      "keycloak:clientID",
      "must be a known setting",
    ]);
  });

  test("is refused with a list of all where none is near", () => {
    expect(onlyFault(withIntegrations({ acme: { organizationUser: "anna", quota: 7 } }))).toContain(
      "Do: remove it, or write one of: organizationUser, organizationId, successorOf, name, sharedOrganization, retired",
    );
  });

  test.each(["REALM", "Audience", "API"])("is suggested whatever the case: %s", (key) => {
    expect(onlyFault(configuration({ [`scpcloud:${key}`]: "x" }))).toContain(`write "${key.toLowerCase()}", or remove`);
  });

  test.each(["constructor", "toString", "__proto__", "hasOwnProperty"])("is refused as %s too", (name) => {
    expect(keysOfFaults(configuration({ [`scpcloud:${name}`]: "x" }))).toEqual([`scpcloud:${name}`]);
    expect(keysOfFaults(configuration({ [`keycloak:${name}`]: "x" }))).toEqual([`keycloak:${name}`]);
    const entry = { organizationUser: "anna", [name]: "x" };
    expect(keysOfFaults(withIntegrations({ acme: entry }))).toEqual([`scpcloud:integrations.acme.${name}`]);
    expect(keysOfFaults(configuration({ "scpcloud:api": { [name]: "x" } }))).toEqual([`scpcloud:api.${name}`]);
  });

  test("is refused without its value, which may have been meant as a secret", () => {
    const source = configuration({
      "keycloak:clientSecrt": SECRET_VALUE,
      "scpcloud:clientSecret": SECRET_VALUE,
      "scpcloud:integrations": { acme: { organizationUser: "anna", clientSecret: SECRET_VALUE } },
    });
    expect(faultsOf(source)).toHaveLength(3);
    expect(JSON.stringify(faultsOf(source))).not.toContain(SECRET_VALUE);
  });
});

describe("an unknown namespace", () => {
  test("is refused, and the known one is suggested", () => {
    expect(keyAndRule(configuration({ "scpclud:realm": "ScpCloud" }))).toEqual([
      "scpclud:realm",
      "must be a known setting",
    ]);
  });

  test("is refused with the list of the known ones where none is near", () => {
    expect(onlyFault(configuration({ "aws:region": "eu" }))).toContain(
      "Do: remove it, or write one of: scpcloud, keycloak, pulumi",
    );
  });

  test("is not that of Pulumi's own settings", () => {
    expect(() => faultsOf(configuration({ "pulumi:tags": "x" }))).toThrow("The configuration was accepted.");
  });

  test.each(["docker:host", "scpcloud:apps", "scpcloud:secretEnvironment"])(
    "is told where %s has gone, without its value",
    (key) => {
      const [fault, ...others] = faultsOf(configuration({ [key]: SECRET_VALUE }));
      expect(fault).toMatchObject({ key, rule: "must stand in the stack file in services/" });
      expect(others).toEqual([]);
      expect(JSON.stringify(fault)).not.toContain(SECRET_VALUE);
    },
  );
});
