import { lookUp } from "../../lookups/lookups";
import { SettingsError } from "../../settings/faults";
import type { IntegrationSettings, Settings } from "../../settings/settings";
import { type Lookup, LOOKUPS, underMocks } from "../mocks";
import { accepted, configuration } from "./configuration";

const customer = (clientId: string, user: string, sharedOrganization = false): IntegrationSettings => ({
  clientId,
  name: clientId,
  organization: { user },
  retired: false,
  sharedOrganization,
});

const SETTINGS: Settings = {
  ...accepted(
    configuration({
      "keycloak:realm": "ScpCloud",
      "scpcloud:accessTokenLifespan": 1800,
      "scpcloud:accountAccess": true,
    }),
  ),
  integrations: [customer("acme", "anna")],
};

const lookUpUnderMocks = async (settings: Partial<Settings> = {}, lookups: Record<string, Lookup> = {}) =>
  (await underMocks(() => lookUp({ ...SETTINGS, ...settings }), lookups)).result;

/** The message of the faults that a lookup ends with. */
async function faultsOf(settings: Partial<Settings>, lookups: Record<string, Lookup> = {}): Promise<string> {
  const error = await lookUpUnderMocks(settings, lookups).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SettingsError);
  return (error as SettingsError).message;
}

const fails =
  (message: string): Lookup =>
  () => {
    throw new Error(message);
  };

/** A server on which only these users can be seen. */
const usersVisible =
  (...names: string[]): Lookup =>
  (inputs) => {
    if (!names.includes(String(inputs["username"]))) {
      throw new Error(`1 error occurred:\n\t* user with username ${String(inputs["username"])} not found\n\n`);
    }
    return LOOKUPS["getUser"]?.(inputs) ?? {};
  };

describe("a stack of customers only", () => {
  const withoutScopes =
    (...names: string[]): Lookup =>
    (inputs) => {
      if (names.includes(String(inputs["name"]))) {
        throw new Error(`client scope with name ${String(inputs["name"])} does not exist`);
      }
      return { id: "scope", ...inputs };
    };

  it("is told to deploy its realm stack first, for each client scope that is not there", async () => {
    const getClientScope = withoutScopes("scpCloud", "scpCloud-account");

    const message = await faultsOf({ realmStack: "prod" }, { getClientScope });
    expect(message).toContain('must be a stack that has deployed the client scope "scpCloud",');
    expect(message).toContain('must be a stack that has deployed the client scope "scpCloud-account",');
    expect(message).toContain("Do: run first: pulumi up --stack prod; then this stack again");
  });

  it("needs no scope for account access where it gives none, nor the roles where it does", async () => {
    const getClientScope = withoutScopes("scpCloud-account");

    await lookUpUnderMocks({ realmStack: "prod", accountAccess: false }, { getClientScope });
    const { accountRoleIds } = await lookUpUnderMocks({ realmStack: "prod" }, { getRole: fails("is not asked") });
    expect(accountRoleIds).toEqual({});
  });

  it("is all that is asked for the scopes that others declare", async () => {
    await lookUpUnderMocks({}, { getClientScope: withoutScopes("scpCloud", "scpCloud-account") });
  });
});

describe("looking up what the settings name", () => {
  it("turns user names into ids and leaves given ids as they are", async () => {
    const found = await lookUpUnderMocks({
      integrations: [customer("acme", "anna"), { ...customer("other", ""), organization: { id: "given-id" } }],
    });

    expect(found.integrations.map(({ clientId, organizationId }) => [clientId, organizationId])).toEqual([
      ["acme", "id-of-anna"],
      ["other", "given-id"],
    ]);
  });

  it("finds the account roles only where the stack wants them", async () => {
    expect((await lookUpUnderMocks()).accountRoleIds).toEqual({
      "manage-account": "id-of-role-manage-account",
      "view-profile": "id-of-role-view-profile",
    });
    expect((await lookUpUnderMocks({ accountAccess: false })).accountRoleIds).toEqual({});
  });

  it("asks once for a user whom several customers name", async () => {
    const asked: unknown[] = [];
    await lookUpUnderMocks(
      { integrations: [customer("acme", "anna", true), customer("other", "anna", true)] },
      {
        getUser: (inputs) => {
          asked.push(inputs["username"]);
          return LOOKUPS["getUser"]?.(inputs) ?? {};
        },
      },
    );

    expect(asked).toEqual(["anna"]);
  });

  it("reports every user's fault at once", async () => {
    const message = await faultsOf(
      { integrations: [customer("acme", "nobody"), customer("other", "nobody-else")] },
      { getUser: usersVisible("service-account-deployer") },
    );

    expect(message).toContain("2 faults");
    expect(message).toContain("scpcloud:integrations.acme.organizationUser");
    expect(message).toContain("scpcloud:integrations.other.organizationUser");
  });
});

describe("a user who does not stand for an organization", () => {
  it("is said to be absent, when the deployer sees users", async () => {
    const message = await faultsOf(
      { integrations: [customer("acme", "nobody")] },
      { getUser: usersVisible("service-account-deployer") },
    );

    expect(message).toContain("must be a user of realm ScpCloud");
    expect(message).toContain('Found: "nobody"');
    expect(message).not.toContain("view-users");
  });

  it("is said to be spelt in the wrong case, when the lower-case name exists", async () => {
    const message = await faultsOf({ integrations: [customer("acme", "Anna")] }, { getUser: usersVisible("anna") });

    expect(message).toContain("must be spelt in lower case");
    expect(message).toContain('Do: write "anna"');
  });

  it("is said to be spelt in the wrong case or absent, when the lower-case name is not among the first hundred", async () => {
    const message = await faultsOf({ integrations: [customer("acme", "Anna")] }, { getUser: usersVisible() });

    expect(message).toContain("must be a user of realm ScpCloud");
    expect(message).toContain("it comes later. Keycloak stores user names in lower case");
    expect(message).toContain('Do: write "anna", where that is the user; else compare');
  });

  it.each(["ScpCloud", "master"])(
    "is said to be invisible, when the deployer of realm %s may not see users",
    async (realm) => {
      const message = await faultsOf(
        { deployer: { realm, clientId: "deployer", credentials: { kind: "clientSecret", clientSecret: "" } } },
        {
          getUser: usersVisible(),
          getUserRealmRoles: fails(
            "error sending GET request to /admin/realms/ScpCloud/users/0/role-mappings: 403 Forbidden.",
          ),
        },
      );

      expect(message).toContain('must be visible to the deployer "deployer"');
      expect(message).toContain("the role view-users of the client realm-management");
    },
  );

  it("is refused when disabled", async () => {
    const message = await faultsOf({}, { getUser: () => ({ id: "id", enabled: false }) });

    expect(message).toContain("must not be a disabled user");
  });

  it("may be disabled when the customer is retired", async () => {
    const retired = { ...customer("acme", "anna"), retired: true };
    const { integrations } = await lookUpUnderMocks(
      { integrations: [retired] },
      { getUser: () => ({ id: "id", enabled: false }) },
    );

    expect(integrations).toMatchObject([{ clientId: "acme", organizationId: "id" }]);
  });

  it("is refused when it is a service account, without asking the server", async () => {
    const message = await faultsOf(
      { integrations: [customer("acme", "service-account-other")] },
      { getUser: fails("must not be asked") },
    );

    expect(message).toContain("must not be a service account");
    expect(message).not.toContain("must not be asked");
  });

  it("is refused when the stack forbids its id", async () => {
    const message = await faultsOf({ forbiddenOrganizationIds: ["id-of-anna"] });

    expect(message).toContain("must not be an organization that this stack forbids");
    expect(message).toContain('"anna" (id-of-anna)');
  });

  it("is refused when another customer gives the same organization by its id", async () => {
    const message = await faultsOf({
      integrations: [customer("acme", "anna"), { ...customer("other", ""), organization: { id: "id-of-anna" } }],
    });

    expect(message).toContain("must not have another customer's organization");
    expect(message).toContain("also of other");
  });

  it("may be shared when all customers say so", async () => {
    const found = await lookUpUnderMocks({
      integrations: [customer("acme", "anna", true), customer("b", "anna", true)],
    });

    expect(found.integrations).toHaveLength(2);
  });
});

describe("a server that does not do what it is asked", () => {
  const login = (cause: string) =>
    `error initializing keycloak provider: failed to perform initial login to Keycloak: ${cause}`;

  it.each([
    ["refuses the login", login("error sending POST request to https://x: 401 Unauthorized"), "keycloak:clientSecret"],
    [
      "does not have the deployer's realm",
      login("error sending POST request to https://x: 404 Not Found"),
      "keycloak:realm",
    ],
    ["cannot be reached", login('Post "https://x": dial tcp 127.0.0.1:1: connect: connection refused'), "keycloak:url"],
    ["has an untrusted certificate", login("tls: x509: certificate signed by unknown authority"), "keycloak:url"],
    [
      "forbids the request",
      "error sending GET request to /admin/realms/ScpCloud: 403 Forbidden. Response",
      "keycloak:clientId",
    ],
    ["does not have the realm", "error sending GET request to /admin/realms/x: 404 Not Found", "scpcloud:realm"],
    [
      "does not allow this login",
      login("error sending POST request to https://x: 400 Bad Request"),
      "keycloak:clientId",
    ],
    [
      "has the deployer's realm disabled",
      login("error sending POST request to https://x: 403 Forbidden"),
      "keycloak:realm",
    ],
    [
      "is not ready behind its proxy",
      login("error sending POST request to https://x: 503 Service Unavailable"),
      "keycloak:url",
    ],
    [
      "accepts the login, but not the token",
      login("error sending GET request to /admin/serverinfo: 401 Unauthorized"),
      "keycloak:clientId",
    ],
    ["hides its version", login("Malformed version: "), "keycloak:keycloakVersion"],
    ["breaks the connection", 'Get "https://x/admin/realms/y": read: connection reset by peer', "keycloak:url"],
    ["fails", "error sending GET request to /admin/realms/x: 500 Internal Server Error", "keycloak:url"],
  ])("is told apart when it %s", async (_, error, key) => {
    const message = await faultsOf({}, { getRealm: fails(error) });

    expect(message).toContain(`1 fault in the stack's configuration; nothing was changed.\n\n${key}\n`);
    expect(message).toMatchSnapshot();
  });

  it("is told apart when it shows the realm but not the users", async () => {
    const message = await faultsOf(
      {},
      { getUser: fails("error sending GET request to /admin/realms/ScpCloud/users: 403 Forbidden. Response body: {}") },
    );

    expect(message).toContain("manage-clients, view-users and view-realm");
    expect(message).toContain("forbade (403) /admin/realms/ScpCloud/users");
  });

  it("is told apart when it has no account roles", async () => {
    const message = await faultsOf({}, { getRole: fails("error sending GET request: 404 Not Found") });

    expect(message).toContain("scpcloud:accountAccess");
  });
});

describe("a realm without one of Keycloak's own client scopes", () => {
  it("is refused before anything is declared, with the version that has it", async () => {
    const message = await faultsOf(
      {},
      {
        getClientScope: (inputs) => {
          if (inputs["name"] === "service_account") {
            throw new Error("client scope with name service_account does not exist");
          }
          return { id: "id" };
        },
      },
    );

    expect(message).toContain("1 fault");
    expect(message).toContain('must be a realm with Keycloak\'s own client scope "service_account"');
    expect(message).toContain("from Keycloak 26.1 on");
  });
});

describe("several lookups that fail for one reason", () => {
  it("are asked at once, and the realm's fault is told alone", async () => {
    const asked = new Set<string>();
    const absent = (name: string): [string, Lookup] => [
      name,
      (inputs) => {
        asked.add(name);
        return fails("error sending GET request to /admin/realms/ScpCloud: 404 Not Found. Response body: {}")(inputs);
      },
    ];
    const names = ["getRealm", "getUser", "getClient", "getClientScope"];

    const message = await faultsOf({}, Object.fromEntries(names.map(absent)));

    expect([...asked].sort()).toEqual([...names].sort());
    expect(message).toContain("1 fault in the stack's configuration; nothing was changed.\n\nscpcloud:realm\n");
  });

  it("are told once", async () => {
    const forbidden = fails(
      "error sending GET request to /admin/realms/ScpCloud/client-scopes: 403 Forbidden. Response",
    );

    const message = await faultsOf({}, { getClientScope: forbidden });

    expect(message).toContain("1 fault");
    expect(message).toContain("must be a client with the roles manage-clients, view-users and view-realm");
  });
});

describe("the realm's own limit", () => {
  it("refuses a lifespan that Keycloak would cut", async () => {
    const message = await faultsOf(
      { accessTokenLifespan: 1800 },
      { getRealm: () => ({ id: "ScpCloud", ssoSessionMaxLifespan: "20m0s" }) },
    );

    expect(message).toContain('must not exceed the realm\'s "SSO Session Max" of 1200 seconds');
  });

  it("refuses a lifespan that the end of the client's session would cut", async () => {
    const message = await faultsOf(
      { accessTokenLifespan: 1800 },
      { getRealm: () => ({ id: "ScpCloud", ssoSessionMaxLifespan: "10h0m0s", clientSessionMaxLifespan: "15m0s" }) },
    );

    expect(message).toContain('must not exceed the realm\'s "Client Session Max" of 900 seconds');
  });

  it("is no limit when the client's session has none of its own", async () => {
    const getRealm = () => ({ id: "ScpCloud", ssoSessionMaxLifespan: "10h0m0s", clientSessionMaxLifespan: "0s" });
    await expect(lookUpUnderMocks({}, { getRealm })).resolves.toBeDefined();
  });

  it("is no limit when the server does not tell it", async () => {
    await expect(lookUpUnderMocks({}, { getRealm: () => ({ id: "ScpCloud" }) })).resolves.toBeDefined();
  });
});
