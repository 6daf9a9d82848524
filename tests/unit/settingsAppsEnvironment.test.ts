import { API_IMAGE, BFF_IMAGE, BOTH, secrets, withApps, withBff } from "./appsConfiguration";
import { accepted, faultsOf, keysOfFaults, onlyFault } from "./configuration";

const SECRET_VALUE = "hunter2-hunter2";
const EMITTED = "must not be a setting that the program itself hands over";
const REPEATED = "must not repeat the name of an environment variable";

/** Both containers, one of them with these variables. */
const withVariables = (app: "api" | "bff", environment: object, overrides: Readonly<Record<string, unknown>> = {}) =>
  withApps({ ...BOTH, [app]: { ...BOTH[app], environment } }, overrides);

describe("a container's own environment variables", () => {
  test("reach the settings as they are written, the secret ones apart", () => {
    const { apps } = accepted(
      withApps(
        {
          bff: { image: BFF_IMAGE, environment: { ASPNETCORE_ENVIRONMENT: "Production" } },
          api: { image: API_IMAGE },
        },
        secrets({ bff: { Bff__Key: " a=b\n" }, api: { ConnectionStrings__Main: SECRET_VALUE } }),
      ),
    );
    expect(apps?.bff).toMatchObject({
      environment: { ASPNETCORE_ENVIRONMENT: "Production" },
      secretEnvironment: { Bff__Key: " a=b\n" },
    });
    expect(apps?.api).toMatchObject({ environment: {}, secretEnvironment: { ConnectionStrings__Main: SECRET_VALUE } });
  });

  test.each(["", "1A", "A-B", "A B", "A:B", "A.B", "ä", "A="])("cannot be called %j", (name) => {
    expect(onlyFault(withBff({ environment: { [name]: "x" } }))).toBe(
      [
        `scpcloud:apps.bff.environment.${name}`,
        "  must be the name of an environment variable: letters, digits and underscores, no digit first,",
        "  because neither a shell nor ASP.NET Core could read it otherwise.",
        `  Found: ${JSON.stringify(name)}`,
        "  Do: write the levels of a section joined by two underscores, such as ProductionApi__BaseUrl",
      ].join("\n"),
    );
  });

  test.each([7, true, null, ["a"], { a: "b" }])("cannot be %j", (value) => {
    expect(faultsOf(withBff({ environment: { A: value } }))).toMatchObject([
      { key: "scpcloud:apps.bff.environment.A", rule: "must be text", value: JSON.stringify(value) },
    ]);
  });

  test.each(["constructor", "prototype", "__proto__"])("are not lost without a word when called %s", (name) => {
    const environment = JSON.parse(`{"${name}": "x"}`) as object;
    const read = () => accepted(withBff({ environment })).apps?.bff?.environment ?? {};
    // Refused or kept, but not dropped.
    expect(refused(read) || Object.hasOwn(read(), name)).toBe(true);
  });
});

describe("a variable that the program hands over itself", () => {
  test("may not be written besides", () => {
    expect(onlyFault(withVariables("bff", { Keycloak__BaseUrl: "https://other" }))).toBe(
      [
        "scpcloud:apps.bff.environment.Keycloak__BaseUrl",
        "  must not be a setting that the program itself hands over,",
        "  because it follows from the rest of the stack file, and one value would overwrite the other.",
        "  Do: remove it, or give it another name",
      ].join("\n"),
    );
  });

  test.each([
    ["bff", "Keycloak__TokenEndpoint"],
    ["bff", "KEYCLOAK__baseurl"],
    ["bff", "SSL_CERT_FILE"],
    ["api", "ssl_cert_file"],
    ["api", "Authentication__Schemes__Bearer__Authority"],
    ["api", "Authentication__Schemes__Bearer__ValidIssuers"],
    ["api", "Authentication__Schemes__Bearer__ValidIssuers__0"],
    ["api", "Authentication__Schemes__Bearer__ValidIssuers__7"],
    ["api", "AUTHENTICATION__SCHEMES__BEARER__VALIDAUDIENCES__1"],
  ] as const)("may not be written in any form: for %s %s", (app, name) => {
    expect(faultsOf(withVariables(app, { [name]: "x" }))).toMatchObject([
      { key: `scpcloud:apps.${app}.environment.${name}`, rule: EMITTED },
    ]);
    expect(faultsOf(withApps(BOTH, secrets({ [app]: { [name]: "x" } })))).toMatchObject([
      { key: `scpcloud:secretEnvironment.${app}.${name}`, rule: EMITTED },
    ]);
  });

  test.each([
    ["bff", "Authentication__Schemes__Bearer__Authority"],
    ["bff", "Keycloak__BaseUrls"],
    ["bff", "Keycloak_BaseUrl"],
    ["bff", "Keycloak__ClientId"],
    ["api", "Keycloak__BaseUrl"],
    ["api", "Authentication__Schemes__Bearer__ValidIssuers_0"],
    ["api", "Authentication__Schemes__Bearer__ValidIssuer"],
    ["api", "SSL_CERT_DIR"],
  ] as const)("is not for %s %s", (app, name) => {
    accepted(withVariables(app, { [name]: "x" }));
  });

  test("is known under the names that the stack file gives it", () => {
    const renamed = {
      "scpcloud:api": { environmentPrefix: "SCP_", names: { validIssuers: "Issuers" }, section: "Jwt:Main" },
    };
    const environment = (...names: string[]) => Object.fromEntries(names.map((name) => [name, "x"]));
    expect(
      keysOfFaults(withVariables("api", environment("scp_Jwt__Main__Issuers__3", "SCP_JWT__MAIN__AUTHORITY"), renamed)),
    ).toEqual([
      "scpcloud:apps.api.environment.scp_Jwt__Main__Issuers__3",
      "scpcloud:apps.api.environment.SCP_JWT__MAIN__AUTHORITY",
    ]);
    const others = [
      "Jwt__Main__Issuers__3",
      "SCP_Jwt__Main__ValidIssuers__0",
      "Authentication__Schemes__Bearer__Authority",
    ];
    accepted(withVariables("api", environment(...others), renamed));
  });
});

describe("one name of a variable twice", () => {
  test("is refused in environment and secretEnvironment", () => {
    const source = withVariables("bff", { Token: "x" }, secrets({ bff: { Token: SECRET_VALUE } }));
    expect(onlyFault(source)).toBe(
      [
        "scpcloud:secretEnvironment.bff.Token",
        "  must not repeat the name of an environment variable,",
        "  because one value would overwrite the other; ASP.NET Core does not tell upper from lower case.",
        "  Do: remove it, or give it another name",
      ].join("\n"),
    );
  });

  test("is refused in one map where only the case differs", () => {
    expect(faultsOf(withVariables("api", { a: "1", A: "2" }))).toMatchObject([
      { key: "scpcloud:apps.api.environment.A", rule: REPEATED },
    ]);
    expect(faultsOf(withApps(BOTH, secrets({ api: { a: "1", A: "2" } })))).toMatchObject([
      { key: "scpcloud:secretEnvironment.api.A", rule: REPEATED },
    ]);
  });

  test("is right in two containers", () => {
    accepted(withVariables("bff", { A: "x" }, secrets({ api: { A: "y" } })));
  });
});

function refused(read: () => unknown): boolean {
  try {
    read();
    return false;
  } catch {
    return true;
  }
}
