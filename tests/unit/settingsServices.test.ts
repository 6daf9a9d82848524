import { accepted, configuration, faultsOf, keysOfFaults, onlyFault, keyAndRule } from "./configuration";

const API_NAMES = {
  authority: "Authority",
  mapInboundClaims: "MapInboundClaims",
  metadataAddress: "MetadataAddress",
  requireHttpsMetadata: "RequireHttpsMetadata",
  validAudiences: "ValidAudiences",
  validIssuers: "ValidIssuers",
};

describe("the services' configuration keys", () => {
  test("are by default what ASP.NET Core reads by itself", () => {
    const { api, bff } = accepted(configuration());
    expect(api).toEqual({
      additionalIssuers: [],
      environmentPrefix: "",
      names: API_NAMES,
      section: "Authentication:Schemes:Bearer",
    });
    expect(bff).toEqual({
      environmentPrefix: "",
      names: { baseUrl: "BaseUrl", tokenEndpoint: "TokenEndpoint" },
      section: "Keycloak",
    });
  });

  test("may be renamed one by one", () => {
    const { api } = accepted(
      configuration({ "scpcloud:api": { environmentPrefix: "SCP_", names: { authority: "My_Issuer" }, section: "A" } }),
    );
    expect(api).toMatchObject({ environmentPrefix: "SCP_", section: "A" });
    expect(api.names).toEqual({ ...API_NAMES, authority: "My_Issuer" });
  });

  test.each(["", "Valid Issuers", "Valid:Issuers", "Valid-Issuers", "Valid.Issuers", "ä"])(
    "cannot be called %j",
    (name) => {
      expect(keyAndRule(configuration({ "scpcloud:api": { names: { validIssuers: name } } }))).toEqual([
        "scpcloud:api.names.validIssuers",
        "must be a name of letters and digits, with single underscores between them",
      ]);
    },
  );

  // ASP.NET Core takes the first two underscores in a row for the separator of levels.
  test.each(["Base__Url", "_BaseUrl", "BaseUrl_", "_", "__"])(
    "cannot be called %s, which an environment variable would split",
    (name) => {
      expect(keysOfFaults(configuration({ "scpcloud:bff": { names: { baseUrl: name } } }))).toEqual([
        "scpcloud:bff.names.baseUrl",
      ]);
      expect(keysOfFaults(configuration({ "scpcloud:api": { section: `Jwt:${name}` } }))).toEqual([
        "scpcloud:api.section",
      ]);
    },
  );

  test.each(["", ":", "A:", ":A", "A::B", "A B", "A__B:é"])("cannot be in the section %j", (section) => {
    expect(keyAndRule(configuration({ "scpcloud:bff": { section } }))).toEqual([
      "scpcloud:bff.section",
      'must be names of letters and digits, with single underscores between them, joined by ":"',
    ]);
  });

  test.each(["SCP-", "SCP:", "SCP ", "="])("cannot have the prefix %j", (environmentPrefix) => {
    const text = onlyFault(configuration({ "scpcloud:bff": { environmentPrefix } }));
    expect(text).toContain("scpcloud:bff.environmentPrefix\n  must be empty or consist of letters, digits and");
    expect(text).toContain("because it begins the names of environment variables.");
  });

  test.each([
    ["each other", { authority: "Issuer", metadataAddress: "issuer" }, ["authority", "metadataAddress"]],
    ["a default", { validIssuers: "VALIDAUDIENCES" }, ["validAudiences", "validIssuers"]],
  ])("must differ from %s by more than upper and lower case", (_, names, keys) => {
    const faults = faultsOf(configuration({ "scpcloud:api": { names } }));
    expect(faults.map(({ key }) => key)).toEqual(keys.map((key) => `scpcloud:api.names.${key}`));
    expect(faults[0]).toMatchObject({
      rule: "must differ from the service's other names",
      reason: "one value would overwrite the other; ASP.NET Core does not tell upper from lower case",
      remedy: "give each key a name of its own",
    });
  });

  test("may be the same in both services", () => {
    accepted(configuration({ "scpcloud:api": { names: { authority: "BaseUrl" }, section: "Keycloak" } }));
  });

  test("are compared although something else is wrong with the service", () => {
    const source = configuration({ "scpcloud:bff": { environmentPrefix: "-", names: { baseUrl: "tokenendpoint" } } });
    expect([...keysOfFaults(source)].sort()).toEqual([
      "scpcloud:bff.environmentPrefix",
      "scpcloud:bff.names.baseUrl",
      "scpcloud:bff.names.tokenEndpoint",
    ]);
  });
});

describe("what customers are told", () => {
  test("is nothing by default", () => {
    const { bff, contact } = accepted(configuration());
    expect(bff.publicUrl).toBeUndefined();
    expect(contact).toBe("");
  });

  test("is where to call and whom to ask", () => {
    const { bff, contact } = accepted(
      configuration({
        "scpcloud:bff": { publicUrl: "https://api.example.com/v1" },
        "scpcloud:contact": "ScpCloud support, support@example.com",
      }),
    );
    expect(bff.publicUrl).toBe("https://api.example.com/v1");
    expect(contact).toBe("ScpCloud support, support@example.com");
  });

  test.each(["", "api.example.com", "https://api.example.com/", "https://anna@api.example.com"])(
    "cannot be to call %j",
    (publicUrl) => {
      expect(keyAndRule(configuration({ "scpcloud:bff": { publicUrl } }))).toEqual([
        "scpcloud:bff.publicUrl",
        "must be an absolute http(s) URL without query, credentials and trailing slash, in lower-case host letters",
      ]);
    },
  );

  test("is to call by https, unless the stack says that it need not", () => {
    const bff = { publicUrl: "http://api.example.com" };
    expect(onlyFault(configuration({ "scpcloud:bff": bff }))).toContain(
      "scpcloud:bff.publicUrl\n  must begin with https:",
    );
    expect(accepted(configuration({ "scpcloud:bff": bff, "scpcloud:requireHttps": false })).bff).toMatchObject(bff);
  });

  test.each(["two\nlines", "a".repeat(256)])(
    "does not name a contact of several lines, or a long one: %#",
    (contact) => {
      expect(onlyFault(configuration({ "scpcloud:contact": contact }))).toContain(
        "scpcloud:contact\n  must be one line of up to 255 characters",
      );
    },
  );
});
