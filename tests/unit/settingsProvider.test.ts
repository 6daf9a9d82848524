import { readSettings } from "../../settings/read";
import { accepted, configuration, faultsOf, keysOfFaults, refusal, SECRET, keyAndRule } from "./configuration";

const PLAIN = "plain-text-secret-of-the-deployer";

describe("the connection to Keycloak", () => {
  test("comes from the stack file, with the secret from the environment", () => {
    expect(accepted(configuration({ "keycloak:realm": "ScpCloud" }))).toMatchObject({
      connection: { url: "https://keycloak.example.com" },
      deployer: { realm: "ScpCloud", clientId: "deployer" },
    });
  });

  test("comes wholly from the environment where the stack file says nothing", () => {
    const environment = {
      KEYCLOAK_URL: "https://keycloak.internal",
      KEYCLOAK_CLIENT_ID: "robot",
      KEYCLOAK_CLIENT_SECRET: SECRET,
      KEYCLOAK_REALM: "ScpCloud",
      KEYCLOAK_BASE_PATH: "/auth",
    };
    const source = configuration({ "keycloak:url": undefined, "keycloak:clientId": undefined }, environment);
    expect(accepted(source)).toMatchObject({
      connection: { url: "https://keycloak.internal/auth" },
      deployer: { realm: "ScpCloud", clientId: "robot" },
    });
  });

  test("comes from the stack file where both say something", () => {
    const environment = { KEYCLOAK_CLIENT_SECRET: SECRET, KEYCLOAK_URL: "https://other", KEYCLOAK_CLIENT_ID: "other" };
    expect(accepted(configuration({}, environment))).toMatchObject({
      connection: { url: "https://keycloak.example.com" },
      deployer: { realm: "master", clientId: "deployer" },
    });
  });

  test.each<[Readonly<Record<string, unknown>>, Readonly<Record<string, string>>]>([
    [{ "keycloak:realm": "Stage" }, {}],
    [{ "scpcloud:realm": "scpcloud", "keycloak:realm": "ScpCloud" }, {}],
    [{}, { KEYCLOAK_REALM: "Stage" }],
  ])("cannot be that of a deployer whom Keycloak lets administer another realm only: %j %j", (values, environment) => {
    const [fault, ...others] = faultsOf(configuration(values, { KEYCLOAK_CLIENT_SECRET: SECRET, ...environment }));
    expect(fault).toMatchObject({
      key: "scpcloud:realm",
      remedy: expect.stringContaining("write scpcloud:realm: S") as string,
    });
    expect(others).toEqual([]);
  });

  test("may have a base path", () => {
    const source = configuration({ "keycloak:url": "https://localhost:28443", "keycloak:basePath": "/auth" });
    expect(accepted(source).connection.url).toBe("https://localhost:28443/auth");
  });

  test.each([
    ["url", "KEYCLOAK_URL"],
    ["clientId", "KEYCLOAK_CLIENT_ID"],
  ])("must have %s, from the stack file or from %s", (key, variable) => {
    const missing = {
      key: `keycloak:${key}`,
      rule: "must be set",
      reason: "the deployer has to log in to Keycloak",
      remedy: `run: pulumi config set keycloak:${key} … (or export ${variable})`,
    };
    expect(faultsOf(configuration({ [`keycloak:${key}`]: undefined }))).toEqual([missing]);
    expect(faultsOf(configuration({ [`keycloak:${key}`]: "" }))).toContainEqual(missing);
    const environment = { KEYCLOAK_CLIENT_SECRET: SECRET, [variable]: "https://keycloak.example.com" };
    accepted(configuration({ [`keycloak:${key}`]: undefined }, environment));
    expect(faultsOf(configuration({ [`keycloak:${key}`]: undefined }, { ...environment, [variable]: "" }))).toEqual([
      missing,
    ]);
  });

  test("must have a client secret, for which the stack file and the environment are named", () => {
    expect(keyAndRule(configuration({}, {}))).toEqual(["keycloak:clientSecret", "must be set"]);
  });

  test.each([
    "keycloak.example.com",
    "ftp://keycloak.example.com",
    "https://a b",
    "https://a?x",
    "HTTPS://a",
    "https://",
  ])("cannot be at %s", (url) => {
    expect(keyAndRule(configuration({ "keycloak:url": url }))).toEqual([
      "keycloak:url",
      "must be an absolute http(s) URL",
    ]);
  });
});

describe("a secret of a stack file", () => {
  test("in plain text is refused and never printed", () => {
    const { faults, message } = refusal(configuration({ "keycloak:clientSecret": PLAIN, "scpcloud:realm": "" }));
    expect(faults).toHaveLength(2);
    expect(message).toContain(
      [
        "keycloak:clientSecret",
        "  must be stored as a secret,",
        "  because the stack file goes into git, and Pulumi's state keeps everything that is not marked secret in plain text.",
        "  Do: run: pulumi config set --secret keycloak:clientSecret (and renew the value: it has been readable)",
      ].join("\n"),
    );
    expect(message).not.toContain(PLAIN);
  });

  test.each(["accessToken", "jwtSigningKey", "jwtToken", "password", "tlsClientPrivateKey"])(
    "in plain text is refused as %s too",
    (key) => {
      const { message } = refusal(configuration({ [`keycloak:${key}`]: PLAIN }));
      expect(message).toContain(`keycloak:${key}\n  must be stored as a secret,`);
      expect(message).not.toContain(PLAIN);
    },
  );

  test("is not what a key of this project may be", () => {
    expect(keyAndRule(configuration({ "scpcloud:audience": { secure: "scpCloud" } }))).toEqual([
      "scpcloud:audience",
      "must not be stored as a secret",
    ]);
  });

  test("anywhere in a map makes the whole key secret", () => {
    const source = configuration({ "scpcloud:integrations": { acme: { organizationUser: { secure: "anna" } } } });
    expect(keysOfFaults(source)).toEqual(["scpcloud:integrations"]);
  });

  test("is not printed where it should not have been one and is malformed besides", () => {
    const { message } = refusal(
      configuration({
        "scpcloud:audience": { secure: `${PLAIN} with a space` },
        "scpcloud:api": { secure: `{${PLAIN}` },
        "scpcloud:bff": { section: { secure: `:${PLAIN}` } },
        "scpcloud:integrations": { acme: { organizationId: { secure: PLAIN } } },
        "keycloak:url": { secure: PLAIN },
      }),
    );
    for (const key of ["scpcloud:audience", "scpcloud:api", "scpcloud:bff.section", "keycloak:url"]) {
      expect(message).toContain(key);
    }
    expect(message).not.toContain(PLAIN);
  });
});

test("nobody needs the deployer's secret who does not log in", () => {
  const source = configuration({ "keycloak:clientId": undefined }, {});

  expect(readSettings(source, { login: false }).audience).toBe("scpCloud");
  expect(keysOfFaults(source)).toEqual(["keycloak:clientId", "keycloak:clientSecret"]);
});
