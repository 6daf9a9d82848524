import { isFollowed, proxyFor } from "../../settings/provider/proxy.ts";
import { accepted, configuration, keysOfFaults, refusal, SECRET, keyAndRule } from "./configuration.ts";

const secure = (value: string) => ({ secure: value });
const withSecret = (values: Readonly<Record<string, unknown>>, environment: Readonly<Record<string, string>> = {}) =>
  configuration(values, { KEYCLOAK_CLIENT_SECRET: SECRET, ...environment });

describe("the deployer logs in with", () => {
  test.each<[object, Readonly<Record<string, string>>, object]>([
    [{ "keycloak:clientSecret": secure("s") }, {}, { kind: "clientSecret", clientSecret: "s" }],
    [{ "keycloak:accessToken": secure("t") }, {}, { kind: "accessToken", accessToken: "t" }],
    [{ "keycloak:jwtToken": secure("a") }, {}, { kind: "assertion", assertion: "a" }],
    [{ "keycloak:jwtTokenFile": "/run/token" }, {}, { kind: "assertionFile", path: "/run/token" }],
    [{}, { KEYCLOAK_ACCESS_TOKEN: "t" }, { kind: "accessToken", accessToken: "t" }],
    [{}, { KEYCLOAK_JWT_TOKEN: "a" }, { kind: "assertion", assertion: "a" }],
    [{}, { KEYCLOAK_JWT_TOKEN_FILE: "/run/token" }, { kind: "assertionFile", path: "/run/token" }],
  ])("what the stack file or the environment says: %j, %j", (values, environment, credentials) => {
    expect(accepted(configuration({ ...values }, environment)).deployer.credentials).toEqual(credentials);
  });

  test.each([
    [{ KEYCLOAK_USER: "robot" }, "keycloak:username", "must not be set"],
    [{ KEYCLOAK_PASSWORD: "pw" }, "keycloak:password", "must not be set"],
    [{ KEYCLOAK_JWT_SIGNING_KEY: "k" }, "keycloak:jwtSigningKey", "must not be set"],
    // The provider would send neither of the two.
    [{ KEYCLOAK_ACCESS_TOKEN: "t" }, "keycloak:accessToken", "must not be set beside another credential"],
  ])("nothing that the commands do not follow: %j", (environment, key, rule) => {
    expect(keyAndRule(withSecret({}, environment))).toEqual([key, rule]);
  });

  test("an assertion alone, by whose subject Keycloak finds the client; with anything else the client has to be named", () => {
    const unnamed = (values: object, environment: Readonly<Record<string, string>> = {}) =>
      configuration({ "keycloak:clientId": undefined, ...values }, environment);
    expect(accepted(unnamed({}, { KEYCLOAK_JWT_TOKEN_FILE: "/run/token" })).deployer.clientId).toBeUndefined();
    expect(accepted(unnamed({ "keycloak:jwtToken": secure("a") })).deployer.clientId).toBeUndefined();
    expect(keysOfFaults(unnamed({ "keycloak:clientSecret": secure("s") }))).toEqual(["keycloak:clientId"]);
    expect(keysOfFaults(unnamed({ "keycloak:accessToken": secure("t") }))).toEqual(["keycloak:clientId"]);
  });
});

describe("the way to Keycloak", () => {
  test("is all that the provider is told of it", () => {
    const values = {
      "keycloak:additionalHeaders": { "X-Gateway": "one" },
      "keycloak:adminUrl": "https://admin.example.com",
      "keycloak:basePath": "/auth",
      "keycloak:clientTimeout": 30,
      "keycloak:rootCaCertificate": "PEM",
      "keycloak:tlsClientCertificate": "certificate",
      "keycloak:tlsClientPrivateKey": secure("key"),
      "keycloak:tlsInsecureSkipVerify": true,
      "scpcloud:requireHttps": false,
    };
    const environment = { HTTPS_PROXY: "proxy.example.com:3128", NO_PROXY: "admin.example.com" };
    expect(accepted(withSecret(values, environment)).connection).toEqual({
      url: "https://keycloak.example.com/auth",
      proxy: "http://proxy.example.com:3128",
      admin: { url: "https://admin.example.com/auth" },
      headers: { "X-Gateway": "one" },
      timeout: 30,
      caCertificate: "PEM",
      clientCertificate: { certificate: "certificate", privateKey: "key" },
      insecure: true,
    });
  });

  test("is told by the environment, too", () => {
    const environment = { KEYCLOAK_ADMIN_URL: "https://a", KEYCLOAK_CLIENT_TIMEOUT: "7", KEYCLOAK_VERSION: "26.7.3" };
    const { connection } = accepted(withSecret({}, environment));
    expect(connection).toMatchObject({ admin: { url: "https://a" }, timeout: 7 });
  });

  test.each([
    ["KEYCLOAK_URL", "keycloak:url", undefined],
    ["KEYCLOAK_ADMIN_URL", "keycloak:adminUrl", "https://a"],
    ["KEYCLOAK_BASE_PATH", "keycloak:basePath", "https://a"],
  ])("cannot have a trailing slash by %s either", (variable, key, url) => {
    const source = withSecret({ "keycloak:url": url }, { [variable]: "https://keycloak.example.com/" });
    expect(keysOfFaults(source)).toEqual([key]);
  });

  test("may have a header that is a secret, which no fault prints", () => {
    const header = { "X-Api-Key": secure("hunter2") };
    const { connection } = accepted(configuration({ "keycloak:additionalHeaders": header }));
    expect(connection.headers).toEqual({ "X-Api-Key": "hunter2" });
    const { message } = refusal(configuration({ "keycloak:additionalHeaders": { ...header, "X A": "hunter3" } }));
    expect(message).not.toMatch(/hunter/);
  });
});

describe("a proxy that Node.js would go around, with the deployer's secret, is refused and not shown", () => {
  test.each([
    "socks5://robot:hunter2@proxy:1080",
    "SOCKS5://proxy:1080",
    "http://robot:hunter2@proxy:port",
    "http://robot:%ff@proxy:3128",
    "http://",
    "/run/proxy.sock",
    "PROXY proxy:3128",
  ])("%s", (proxy) => {
    const { faults, message } = refusal(withSecret({}, { HTTPS_PROXY: proxy }));
    expect(faults.map(({ key }) => key)).toEqual(["HTTPS_PROXY"]);
    expect(message).not.toMatch(/hunter2/);
  });

  test("of the admin REST API alone, too", () => {
    const environment = { HTTPS_PROXY: "socks5://proxy", NO_PROXY: "example.com" };
    expect(keysOfFaults(withSecret({ "keycloak:adminUrl": "https://admin.example.org" }, environment))).toEqual([
      "HTTPS_PROXY",
    ]);
    expect(accepted(withSecret({}, environment)).connection.proxy).toBeUndefined();
  });

  test.each([
    ["22.20.0", false],
    ["22.21.0", true],
    ["23.11.0", false],
    ["24.4.1", false],
    ["24.5.0", true],
    ["26.0.0", true],
  ])("by Node.js %s, which knows proxies or not: %s", (version, knows) => {
    expect(isFollowed("http://proxy:3128", version)).toBe(knows);
  });
});

describe("the proxy is chosen as Go chooses it", () => {
  const KEYCLOAK = "https://keycloak.example.com:8443";
  const PROXY = "http://proxy.example.com:3128";

  test.each([
    [KEYCLOAK, { HTTPS_PROXY: PROXY }, PROXY],
    [KEYCLOAK, { https_proxy: PROXY }, PROXY],
    [KEYCLOAK, { HTTPS_PROXY: PROXY, https_proxy: "http://other" }, PROXY],
    [KEYCLOAK, { HTTPS_PROXY: "proxy.example.com:3128" }, PROXY],
    [KEYCLOAK, { HTTPS_PROXY: "HTTP://proxy.example.com:3128" }, PROXY],
    [KEYCLOAK, { HTTP_PROXY: PROXY }, undefined],
    [KEYCLOAK, { HTTPS_PROXY: "" }, undefined],
    ["http://keycloak.example.com", { HTTP_PROXY: PROXY }, PROXY],
    ["http://keycloak.example.com", { HTTPS_PROXY: PROXY }, undefined],
    ["https://localhost:28443", { HTTPS_PROXY: PROXY }, undefined],
    ["https://127.0.0.5", { HTTPS_PROXY: PROXY }, undefined],
    ["https://[::1]:8443", { HTTPS_PROXY: PROXY }, undefined],
    ["https://[fe80::1]:8443", { HTTPS_PROXY: PROXY }, PROXY],
  ])("for %s with %j", (address, environment: Record<string, string>, proxy) => {
    expect(proxyFor(address, environment)).toBe(proxy);
  });

  test.each([
    [KEYCLOAK, "*", true],
    [KEYCLOAK, "Keycloak.Example.com", true],
    [KEYCLOAK, "other, keycloak.example.com", true],
    [KEYCLOAK, "example.com", true],
    [KEYCLOAK, ".example.com", true],
    [KEYCLOAK, "*.example.com", true],
    [KEYCLOAK, ".keycloak.example.com", false],
    [KEYCLOAK, "ample.com", false],
    [KEYCLOAK, ",", false],
    ["https://10.1.2.3", "10.1.2.3", true],
    ["https://10.1.2.3", "10.1.2", false],
    ["https://[fe80::1]", "fe80::1", true],
    ["https://[fe80::1]", "fe80::2", false],
  ])("but not for what NO_PROXY exempts: %s by %j: %s", (address, exemptions, isExempt) => {
    expect(proxyFor(address, { HTTPS_PROXY: PROXY, NO_PROXY: exemptions })).toBe(isExempt ? undefined : PROXY);
  });

  test.each([
    ["https://10.1.2.3", "a, 10.1.0.0/16", true],
    ["https://10.1.2.3", "10.1.2.3:443", true],
    ["https://[fe80::1]", "[fe80::1]:443", true],
    [KEYCLOAK, "example.com:8443", true],
    [KEYCLOAK, "10.1.0.0/16,example.org:8443", false],
    ["https://localhost:28443", "localhost:28443,127.0.0.0/8", false],
  ])(
    "an entry that only Go's rules tell the meaning of is refused where it matters: %s by %s",
    (url, entry, isRefused) => {
      const read = () => accepted(withSecret({ "keycloak:url": url }, { HTTPS_PROXY: PROXY, NO_PROXY: entry }));
      if (isRefused) {
        expect(read).toThrow("\nNO_PROXY\n");
      } else {
        read();
      }
    },
  );
});
