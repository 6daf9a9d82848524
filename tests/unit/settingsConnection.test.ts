import { isFollowed, proxyFor } from "../../settings/provider/proxy.ts";
import { accepted, configuration, keysOfFaults, refusal, SECRET, keyAndRule } from "./configuration.ts";

const secure = (value: string) => ({ secure: value });
/** Without any credential. */
const credentialsOf = (values: Readonly<Record<string, unknown>>, environment: Readonly<Record<string, string>> = {}) =>
  accepted(configuration(values, environment)).deployer.credentials;

describe("the deployer logs in with", () => {
  test.each([
    [{ "keycloak:clientSecret": secure("s") }, { kind: "clientSecret", clientSecret: "s" }],
    [{ "keycloak:accessToken": secure("t") }, { kind: "accessToken", accessToken: "t" }],
    [{ "keycloak:jwtToken": secure("a") }, { kind: "assertion", assertion: "a" }],
    [{ "keycloak:jwtTokenFile": "/run/token" }, { kind: "assertionFile", path: "/run/token" }],
  ])("what the stack file says: %j", (values, credentials) => {
    expect(credentialsOf(values)).toEqual(credentials);
  });

  test.each([
    [{ KEYCLOAK_ACCESS_TOKEN: "t" }, { kind: "accessToken", accessToken: "t" }],
    [{ KEYCLOAK_JWT_TOKEN: "a" }, { kind: "assertion", assertion: "a" }],
    [{ KEYCLOAK_JWT_TOKEN_FILE: "/run/token" }, { kind: "assertionFile", path: "/run/token" }],
  ])("what the environment says: %j", (environment, credentials) => {
    expect(credentialsOf({}, environment)).toEqual(credentials);
  });

  test.each([
    [{ KEYCLOAK_USER: "robot" }, "keycloak:username"],
    [{ KEYCLOAK_PASSWORD: "pw" }, "keycloak:password"],
    [{ KEYCLOAK_JWT_SIGNING_KEY: "k" }, "keycloak:jwtSigningKey"],
  ])("nothing that the commands do not follow: %j", (environment, key) => {
    expect(keyAndRule(configuration({}, { KEYCLOAK_CLIENT_SECRET: SECRET, ...environment }))).toEqual([
      key,
      "must not be set",
    ]);
  });

  test("an assertion alone, by whose subject Keycloak finds the client; with anything else the client has to be named", () => {
    const unnamed = (values: Readonly<Record<string, unknown>>, environment: Readonly<Record<string, string>> = {}) =>
      configuration({ "keycloak:clientId": undefined, ...values }, environment);
    expect(accepted(unnamed({}, { KEYCLOAK_JWT_TOKEN_FILE: "/run/token" })).deployer.clientId).toBeUndefined();
    expect(accepted(unnamed({ "keycloak:jwtToken": secure("a") })).deployer.clientId).toBeUndefined();
    expect(keysOfFaults(unnamed({ "keycloak:clientSecret": secure("s") }))).toEqual(["keycloak:clientId"]);
    expect(keysOfFaults(unnamed({ "keycloak:accessToken": secure("t") }))).toEqual(["keycloak:clientId"]);
  });

  test("not an access token beside another credential, with which the provider sends neither", () => {
    expect(keyAndRule(configuration({}, { KEYCLOAK_ACCESS_TOKEN: "t", KEYCLOAK_CLIENT_SECRET: SECRET }))).toEqual([
      "keycloak:accessToken",
      "must not be set beside another credential",
    ]);
  });
});

describe("the way to Keycloak", () => {
  const connectionOf = (
    values: Readonly<Record<string, unknown>>,
    environment: Readonly<Record<string, string>> = {},
  ) => accepted(configuration(values, { KEYCLOAK_CLIENT_SECRET: SECRET, ...environment })).connection;

  test("is by default nothing but the URL", () => {
    const url = "https://keycloak.example.com";
    expect(connectionOf({})).toEqual({ url, admin: { url } });
  });

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
    expect(connectionOf(values, environment)).toEqual({
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
    expect(connectionOf({}, environment)).toMatchObject({ admin: { url: "https://a" }, timeout: 7 });
  });

  test.each([
    ["KEYCLOAK_URL", "keycloak:url"],
    ["KEYCLOAK_ADMIN_URL", "keycloak:adminUrl"],
    ["KEYCLOAK_BASE_PATH", "keycloak:basePath"],
  ])("cannot have a trailing slash by %s either", (variable, key) => {
    const environment = { KEYCLOAK_CLIENT_SECRET: SECRET, [variable]: "https://keycloak.example.com/" };
    expect(
      keysOfFaults(
        configuration(
          { "keycloak:url": undefined, ...(variable === "KEYCLOAK_URL" ? {} : { "keycloak:url": "https://a" }) },
          environment,
        ),
      ),
    ).toEqual([key]);
  });

  test("may have a header that is a secret, which no fault prints", () => {
    const header = { "X-Api-Key": secure("hunter2") };
    expect(connectionOf({ "keycloak:additionalHeaders": header }).headers).toEqual({ "X-Api-Key": "hunter2" });
    const { message } = refusal(configuration({ "keycloak:additionalHeaders": { ...header, "X A": "hunter3" } }));
    expect(message).not.toMatch(/hunter/);
  });
});

describe("a proxy that Node.js would go around, with the deployer's secret, is refused and not shown", () => {
  test.each([
    { HTTPS_PROXY: "socks5://robot:hunter2@proxy:1080" },
    { HTTPS_PROXY: "socks5h://proxy:1080" },
    { https_proxy: "SOCKS5://proxy:1080" },
    { HTTPS_PROXY: "socks4://proxy" },
    { HTTPS_PROXY: "ftp://proxy" },
    { HTTPS_PROXY: "http://robot:hunter2@proxy:port" },
    { HTTPS_PROXY: "http://robot:%ff@proxy:3128" },
    { HTTPS_PROXY: "http://" },
    { HTTPS_PROXY: "/run/proxy.sock" },
    { HTTPS_PROXY: "PROXY proxy:3128" },
  ])("%j", (environment: Record<string, string>) => {
    const { faults, message } = refusal(configuration({}, { KEYCLOAK_CLIENT_SECRET: SECRET, ...environment }));
    expect(faults.map(({ key }) => key)).toEqual(["HTTPS_PROXY"]);
    expect(message).not.toMatch(/hunter2/);
  });

  test("of the admin REST API alone, too", () => {
    const environment = { KEYCLOAK_CLIENT_SECRET: SECRET, HTTPS_PROXY: "socks5://proxy", NO_PROXY: "example.com" };
    expect(keysOfFaults(configuration({ "keycloak:adminUrl": "https://admin.example.org" }, environment))).toEqual([
      "HTTPS_PROXY",
    ]);
    expect(accepted(configuration({}, environment)).connection.proxy).toBeUndefined();
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
  const KEYCLOAK = "https://keycloak.example.com:8443/auth";
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
    ["*", true],
    ["keycloak.example.com", true],
    ["Keycloak.Example.com", true],
    ["other, keycloak.example.com", true],
    ["example.com", true],
    [".example.com", true],
    ["*.example.com", true],
    [".keycloak.example.com", false],
    ["ample.com", false],
    ["", false],
    [",", false],
  ])("but not for what NO_PROXY exempts: %j", (exemptions, isExempt) => {
    expect(proxyFor(KEYCLOAK, { HTTPS_PROXY: PROXY, NO_PROXY: exemptions })).toBe(isExempt ? undefined : PROXY);
  });

  test.each([
    ["https://10.1.2.3", "10.1.2.3", true],
    ["https://10.1.2.3", "10.1.2", false],
    ["https://[fe80::1]", "fe80::1", true],
    ["https://[fe80::1]", "fe80::2", false],
  ])("nor for an address that it exempts: %s by %s", (address, exemptions, isExempt) => {
    expect(proxyFor(address, { HTTPS_PROXY: PROXY, NO_PROXY: exemptions })).toBe(isExempt ? undefined : PROXY);
  });

  test.each([
    ["https://10.1.2.3", "a, 10.1.0.0/16", true],
    ["https://10.1.2.3", "10.1.2.3:443", true],
    ["https://[fe80::1]", "[fe80::1]:443", true],
    [KEYCLOAK.replace("/auth", ""), "example.com:8443", true],
    [KEYCLOAK.replace("/auth", ""), "10.1.0.0/16,example.org:8443", false],
    ["https://localhost:28443", "localhost:28443,127.0.0.0/8", false],
  ])(
    "an entry that only Go's rules tell the meaning of is refused where it matters: %s by %s",
    (url, entry, isRefused) => {
      const environment = { KEYCLOAK_CLIENT_SECRET: SECRET, HTTPS_PROXY: PROXY, NO_PROXY: entry };
      const source = configuration({ "keycloak:url": url }, environment);
      if (isRefused) {
        expect(keysOfFaults(source)).toEqual(["NO_PROXY"]);
      } else {
        accepted(source);
      }
    },
  );
});
