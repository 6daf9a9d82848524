import {
  accepted,
  configuration,
  faultsOf,
  keysOfFaults,
  onlyFault,
  refusal,
  withIntegrations,
  keyAndRule,
} from "./configuration";

const ANNA = { organizationUser: "anna" };

describe("the access token's lifespan", () => {
  test.each([60, 300, 3600])("may be %i seconds", (seconds) => {
    expect(accepted(configuration({ "scpcloud:accessTokenLifespan": seconds })).accessTokenLifespan).toBe(seconds);
  });

  test.each([59, 3601, 0, -60, 1e9])("cannot be %d seconds", (seconds) => {
    expect(keyAndRule(configuration({ "scpcloud:accessTokenLifespan": seconds }))).toEqual([
      "scpcloud:accessTokenLifespan",
      "must be a whole number of seconds from 60 to 3600",
    ]);
  });

  test.each(["abc", "", "30m", "1800.5", "300.0", "3e2", "0x12C", "0300", "+300", " 300", "1_800", "NaN", "[300]"])(
    "cannot be the text %j",
    (text) => {
      expect(keyAndRule(configuration({ "scpcloud:accessTokenLifespan": text }))).toEqual([
        "scpcloud:accessTokenLifespan",
        "must be a whole number of seconds from 60 to 3600",
      ]);
    },
  );
});

describe("the days for which a previous secret works", () => {
  const withDays = (overlapDays: unknown) => configuration({ "scpcloud:secretRotation": { overlapDays } });

  test.each([1, 14, 365])("may be %i", (days) => {
    expect(accepted(withDays(days)).overlapDays).toBe(days);
  });

  test("are none by default", () => {
    expect(accepted(configuration({}))).not.toHaveProperty("overlapDays");
  });

  test.each([0, -1, 366, 1.5, "14"])("cannot be %j", (days) => {
    expect(keyAndRule(withDays(days))).toEqual([
      "scpcloud:secretRotation.overlapDays",
      "must be a whole number of days from 1 to 365",
    ]);
  });
});

describe("the audience", () => {
  test.each(["", " ", "scp cloud", "scpCloud ", "scp\tCloud"])("cannot be %j", (audience) => {
    expect(keyAndRule(configuration({ "scpcloud:audience": audience }))).toEqual([
      "scpcloud:audience",
      "must be one word that names the API",
    ]);
  });

  test("cannot be account, which every token of the realm has", () => {
    expect(keyAndRule(configuration({ "scpcloud:audience": "account" }))).toEqual([
      "scpcloud:audience",
      'must not be "account"',
    ]);
  });
});

describe("text that YAML read as something else", () => {
  test("is refused where digits lost their quotes and their zeros", () => {
    expect(keyAndRule(withIntegrations({ acme: { organizationUser: 7 } }))).toEqual([
      "scpcloud:integrations.acme.organizationUser",
      "must be text",
    ]);
  });

  test.each([7, true, null, ["anna"], { name: "anna" }])("is refused as an id, a user and a name: %j", (value) => {
    const source = withIntegrations({
      a: { organizationId: value },
      b: { organizationUser: value },
      c: { organizationUser: "otto", name: value },
    });
    expect(faultsOf(source).map(({ key, rule }) => [key, rule])).toEqual([
      ["scpcloud:integrations.a.organizationId", "must be text"],
      ["scpcloud:integrations.b.organizationUser", "must be text"],
      ["scpcloud:integrations.c.name", "must be text"],
    ]);
  });

  test("is refused in lists, with its index", () => {
    const source = configuration({
      "scpcloud:allowedOrigins": ["/*", 7],
      "scpcloud:forbiddenOrganizationUsers": ["admin", true],
    });
    expect(keysOfFaults(source)).toEqual(["scpcloud:allowedOrigins[1]", "scpcloud:forbiddenOrganizationUsers[1]"]);
  });

  test.each(["yes", "TRUE", "1", "", '"true"'])("is refused as a switch: %j", (value) => {
    for (const key of ["scpcloud:accountAccess", "scpcloud:requireHttps"]) {
      expect(keyAndRule(configuration({ [key]: value }))).toEqual([key, "must be true or false"]);
    }
  });

  test("is refused as a customer's switch", () => {
    const source = withIntegrations({ acme: { organizationUser: "anna", sharedOrganization: "true" } });
    expect(keyAndRule(source)).toEqual(["scpcloud:integrations.acme.sharedOrganization", "must be true or false"]);
  });
});

describe("lists and maps of a stack file", () => {
  test.each([
    ["scpcloud:allowedOrigins", {}, "must be a list"],
    ["scpcloud:allowedOrigins", null, "must be a list"],
    ["scpcloud:forbiddenOrganizationIds", 7, "must be a list"],
    ["scpcloud:forbiddenOrganizationUsers", true, "must be a list"],
    ["scpcloud:api", [], "must be a map"],
    ["scpcloud:api", null, "must be a map"],
    ["scpcloud:bff", 7, "must be a map"],
    ["scpcloud:integrations", [], "must be a map of client ids with at least one customer"],
    ["scpcloud:integrations", null, "must be a map of client ids with at least one customer"],
    ["scpcloud:integrations", {}, "must be a map of client ids with at least one customer"],
  ])("%s cannot be %j", (key, value, rule) => {
    const [fault, ...others] = faultsOf(configuration({ [key]: value }));
    expect(others).toEqual([]);
    expect(fault).toMatchObject({ key, rule, value: JSON.stringify(value) });
  });

  test.each([null, [], ["organizationUser"], "anna", 7])("a customer's entry cannot be %j", (entry) => {
    expect(keyAndRule(withIntegrations({ acme: entry }))).toEqual([
      "scpcloud:integrations.acme",
      "must be a map with organizationUser or organizationId",
    ]);
  });

  test.each([
    ["scpcloud:integrations", "must be a map of client ids with at least one customer"],
    ["scpcloud:api", "must be a map"],
    ["scpcloud:allowedOrigins", "must be a list"],
  ])("%s cannot be text", (key, rule) => {
    expect(keyAndRule(configuration({ [key]: '{"acme": {organizationUser: anna' }))).toEqual([key, rule]);
  });

  test("have long values cut to a line's length", () => {
    const [fault] = faultsOf(configuration({ "scpcloud:api": `{${"x".repeat(1000)}` }));
    expect(fault?.value).toHaveLength(100);
    expect(fault?.value).toMatch(/x\.\.\.$/);
  });
});

describe("names in a stack file:", () => {
  test.each(["", "Scp Cloud", "a/b", "ä"])("the realm cannot be called %j", (realm) => {
    expect(keyAndRule(configuration({ "scpcloud:realm": realm }))).toEqual([
      "scpcloud:realm",
      "must consist of letters, digits, dots, underscores and hyphens",
    ]);
  });

  test.each(["", " ", "\u3000", "a".repeat(256)])("a customer's name cannot be %j", (name) => {
    expect(onlyFault(withIntegrations({ acme: { organizationUser: "anna", name } }))).toContain(
      "scpcloud:integrations.acme.name\n  must have 1 to 255 characters, not all of them blank,",
    );
  });

  describe.each(["name", "organizationUser"])("a customer's %s", (setting) => {
    const withText = (text: string) => withIntegrations({ acme: { organizationUser: "anna", [setting]: text } });

    test.each([
      ["a line end", "two\nlines", "two\\nlines"],
      ["another line end", "two\u2028lines", "two\\u{2028}lines"],
      ["an escape sequence", "a\u001b[31mb", "a\\u001b[31mb"],
      ["a control character of C1", "a\u009b31mb", "a\\u{9b}31mb"],
      ["an override of direction", "acme\u202egpj", "acme\\u{202e}gpj"],
      ["a mark of direction", "acme\u200fx", "acme\\u{200f}x"],
      ["half a character", "a\ud800b", "a\\ud800b"],
      ["nothing that can be seen", "\u200b\u2060", "\\u{200b}\\u{2060}"],
    ])("cannot have %s, which is shown", (_, text, shown) => {
      const fault = onlyFault(withText(text));
      expect(fault).toContain(`scpcloud:integrations.acme.${setting}\n  must be visible text,`);
      expect(fault).toContain(`  Found: "${shown}"\n`);
    });

    test.each(["علی‌رضا", "👩‍💻", "Łódź 東京", "O'Neil & Söhne"])("may be %s", (text) => {
      expect(accepted(withText(text)).integrations).toHaveLength(1);
    });
  });

  test.each(["", "https://a.example https://b.example"])("an allowed origin cannot be %j", (origin) => {
    expect(onlyFault(configuration({ "scpcloud:allowedOrigins": ["/*", origin] }))).toContain(
      "scpcloud:allowedOrigins[1]\n  must be text without spaces,",
    );
  });
});

describe("a fault", () => {
  test("shows what a reader would not see", () => {
    expect(onlyFault(configuration({ "scpcloud:requireHttps": "tru\u200be" }))).toContain('  Found: "tru\\u{200b}e"\n');
  });

  test.each([
    ["a client id", withIntegrations({ "a\n::error::b": { organizationUser: "anna" } })],
    ["the twin of a client id", withIntegrations({ "a\n::error::b": ANNA, c: ANNA, d: ANNA })],
    ["a setting", withIntegrations({ acme: { organizationUser: "anna", "x\r\n::error::": 1 } })],
    ["a key", configuration({ "scpcloud:x\n::error::": 1 })],
    ["a namespace", configuration({ "::error::x": 1 })],
    ["a header", configuration({ "keycloak:additionalHeaders": { "A\n::error::": "b" } })],
  ])("has no line of its own for the text of %s", (_, source) => {
    const { message } = refusal(source);
    expect(message).toContain("::error::");
    expect(message).not.toMatch(/[^\n -~‘-”…]|^\s*::/m);
  });
});
