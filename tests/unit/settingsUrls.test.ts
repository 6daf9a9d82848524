import { accepted, configuration, faultsOf, keysOfFaults, onlyFault, keyAndRule } from "./configuration";

const HTTP = "http://keycloak:8080";

describe("Keycloak's public URL", () => {
  test.each(["https://keycloak.example.com", "https://host.docker.internal:28443", "https://example.com/auth"])(
    "may be %s",
    (publicUrl) => {
      const settings = accepted(configuration({ "scpcloud:publicUrl": publicUrl }));
      expect(settings.publicUrl).toBe(publicUrl);
      expect(settings.backchannelUrl).toBe(publicUrl);
    },
  );

  test("must be spelt as the issuer is", () => {
    expect(keyAndRule(configuration({ "scpcloud:publicUrl": "https://Keycloak.example.com/" }))).toEqual([
      "scpcloud:publicUrl",
      "must be an absolute http(s) URL without query, credentials and trailing slash, in lower-case host letters",
    ]);
  });

  test.each([
    ["is empty", ""],
    ["is no URL", "keycloak.example.com"],
    ["is relative", "/auth"],
    ["has another scheme", "ftp://keycloak.example.com"],
    ["has an upper-case scheme", "HTTPS://keycloak.example.com"],
    ["has no host", "https://"],
    ["has a trailing slash", "https://keycloak.example.com/"],
    ["has a trailing slash in its path", "https://keycloak.example.com/auth/"],
    ["has a query", "https://keycloak.example.com?x=1"],
    ["has an empty query", "https://keycloak.example.com?"],
    ["has a fragment", "https://keycloak.example.com#top"],
    ["has a user", "https://anna@keycloak.example.com"],
    ["has upper-case letters in its host", "https://Keycloak.example.com"],
    ["has the default port", "https://keycloak.example.com:443"],
    ["has a space", "https://keycloak.example.com/a b"],
    ["has spaces around it", " https://keycloak.example.com"],
    ["has a path with dots", "https://keycloak.example.com/a/../b"],
  ])("is refused where it %s", (_, publicUrl) => {
    expect(onlyFault(configuration({ "scpcloud:publicUrl": publicUrl }))).toContain(
      "must be an absolute http(s) URL without query, credentials and trailing slash, in lower-case host letters",
    );
  });

  test.each(["https://keycloak.example.com/realms/ScpCloud", "https://keycloak.example.com/realms"])(
    "is refused where the realm's address was pasted: %s",
    (publicUrl) => {
      expect(keyAndRule(configuration({ "scpcloud:publicUrl": publicUrl }))).toEqual([
        "scpcloud:publicUrl",
        "must be Keycloak's base URL, without /realms/…",
      ]);
    },
  );
});

describe("the backchannel URL", () => {
  test("may differ from the public one", () => {
    const settings = accepted(configuration({ "scpcloud:backchannelUrl": "https://keycloak.internal:8443" }));
    expect(settings.backchannelUrl).toBe("https://keycloak.internal:8443");
  });

  test.each(["keycloak:8443", "https://keycloak/", "https://keycloak/realms/ScpCloud"])("cannot be %s", (url) => {
    expect(keysOfFaults(configuration({ "scpcloud:backchannelUrl": url }))).toEqual(["scpcloud:backchannelUrl"]);
  });
});

describe("plain HTTP", () => {
  test.each([
    ["scpcloud:publicUrl", "scpcloud:publicUrl", HTTP],
    ["scpcloud:backchannelUrl", "scpcloud:backchannelUrl", HTTP],
    ["keycloak:url", "keycloak:url", HTTP],
    ["scpcloud:api.additionalIssuers[1]", "scpcloud:api", { additionalIssuers: ["https://old.example.com", HTTP] }],
  ])("is refused in %s", (faultyKey, key, value) => {
    expect(onlyFault(configuration({ [key]: value }))).toBe(
      [
        faultyKey,
        "  must begin with https:,",
        "  because secrets and tokens would cross the network in the clear.",
        `  Found: "${HTTP}"`,
        "  Do: write https:, or set scpcloud:requireHttps: false where the network is private",
      ].join("\n"),
    );
  });

  test("is refused in the URL that the environment gives", () => {
    const source = configuration({ "keycloak:url": undefined }, { KEYCLOAK_URL: HTTP, KEYCLOAK_CLIENT_SECRET: "x" });
    expect(keysOfFaults(source)).toEqual(["keycloak:url"]);
  });

  test("is told by the issuer's own index where an entry before it is no text", () => {
    const source = configuration({ "scpcloud:api": { additionalIssuers: [7, HTTP] } });
    expect(keysOfFaults(source).sort()).toEqual([
      "scpcloud:api.additionalIssuers[0]",
      "scpcloud:api.additionalIssuers[1]",
    ]);
  });

  test("is refused where requireHttps is neither true nor false", () => {
    const source = configuration({ "keycloak:url": HTTP, "scpcloud:requireHttps": "no" });
    expect(keysOfFaults(source).sort()).toEqual(["keycloak:url", "scpcloud:requireHttps"]);
  });

  test("is accepted everywhere with requireHttps: false", () => {
    const settings = accepted(
      configuration({
        "keycloak:url": HTTP,
        "scpcloud:publicUrl": HTTP,
        "scpcloud:backchannelUrl": HTTP,
        "scpcloud:api": { additionalIssuers: ["http://old"] },
        "scpcloud:requireHttps": false,
      }),
    );
    expect(settings).toMatchObject({ connection: { url: HTTP }, publicUrl: HTTP, backchannelUrl: HTTP });
  });
});

describe("keycloak:tlsInsecureSkipVerify", () => {
  test("is refused", () => {
    expect(keyAndRule(configuration({ "keycloak:tlsInsecureSkipVerify": true }))).toEqual([
      "keycloak:tlsInsecureSkipVerify",
      "must not be true",
    ]);
  });

  // The provider decodes it weakly: a 1 passes for true.
  test.each([1, "1", '"true"', "TRUE"])("is refused as %j, since only false is certainly harmless", (value) => {
    expect(keysOfFaults(configuration({ "keycloak:tlsInsecureSkipVerify": value }))).toEqual([
      "keycloak:tlsInsecureSkipVerify",
    ]);
  });

  test("may be false, or true with requireHttps: false", () => {
    accepted(configuration({ "keycloak:tlsInsecureSkipVerify": false }));
    accepted(configuration({ "keycloak:tlsInsecureSkipVerify": true, "scpcloud:requireHttps": false }));
  });
});

describe("additional issuers", () => {
  const withIssuers = (...additionalIssuers: unknown[]) => configuration({ "scpcloud:api": { additionalIssuers } });
  const OLD = "https://old.example.com/realms/ScpCloud";

  test("are kept in their order", () => {
    const issuers = [OLD, "https://older.example.com"];
    expect(accepted(withIssuers(...issuers)).api.additionalIssuers).toEqual(issuers);
  });

  test.each([
    ["one another", [OLD, OLD], 1],
    ["the realm's own", [OLD, "https://keycloak.example.com/realms/ScpCloud"], 1],
  ])("must not repeat %s", (_, issuers, index) => {
    expect(keyAndRule(withIssuers(...issuers))).toEqual([
      `scpcloud:api.additionalIssuers[${index}]`,
      "must not repeat an issuer",
    ]);
  });

  test("that repeat are told by their own index where an entry before them is no text", () => {
    const repeated = faultsOf(withIssuers(null, OLD, OLD)).filter(({ rule }) => rule === "must not repeat an issuer");
    expect(repeated.map(({ key }) => key)).toEqual(["scpcloud:api.additionalIssuers[2]"]);
  });

  test("must be URLs", () => {
    expect(keysOfFaults(withIssuers("old.example.com"))).toEqual(["scpcloud:api.additionalIssuers[0]"]);
  });
});
