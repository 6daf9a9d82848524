import { lookUp } from "../../lookups/lookups.ts";
import { SettingsError } from "../../settings/faults.ts";
import type { IntegrationSettings, Settings } from "../../settings/settings.ts";
import { type Lookup, LOOKUPS, underMocks } from "../mocks.ts";
import { accepted, configuration } from "./configuration.ts";

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
  const error: unknown = await lookUpUnderMocks(settings, lookups).catch((reason: unknown) => reason);
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

    expect(await faultsOf({ realmStack: "prod" }, { getClientScope })).toMatchSnapshot();
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

  it("asks once for a user whom several customers name", async () => {
    const getUser = jest.fn(LOOKUPS["getUser"]);
    await lookUpUnderMocks(
      { integrations: [customer("acme", "anna", true), customer("other", "anna", true)] },
      { getUser },
    );

    expect(getUser).toHaveBeenCalledTimes(1);
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
  const named = (user: string) => ({ integrations: [customer("acme", user)] });
  const deployerOf = (realm: string): Partial<Settings> => ({
    deployer: { realm, clientId: "deployer", credentials: { kind: "clientSecret", clientSecret: "" } },
  });
  const noUsers = {
    getUser: usersVisible(),
    getUserRealmRoles: fails(
      "error sending GET request to /admin/realms/ScpCloud/users/0/role-mappings: 403 Forbidden.",
    ),
  };

  it.each<[string, Partial<Settings>, Record<string, Lookup>]>([
    ["absent, when the deployer sees users", named("nobody"), { getUser: usersVisible("service-account-deployer") }],
    ["spelt in the wrong case, when the lower-case name exists", named("Anna"), { getUser: usersVisible("anna") }],
    [
      "spelt in the wrong case or absent, when the lower-case name is not among the first hundred",
      named("Anna"),
      { getUser: usersVisible("service-account-deployer") },
    ],
    ["invisible, when the deployer of the realm may not see users", deployerOf("ScpCloud"), noUsers],
    ["invisible, when the deployer of another realm may not see users", deployerOf("master"), noUsers],
    ["disabled", {}, { getUser: () => ({ id: "id", enabled: false }) }],
    ["a service account, without asking the server", named("service-account-other"), { getUser: fails("not asked") }],
    ["forbidden by the stack, when its id is", { forbiddenOrganizationIds: ["id-of-anna"] }, {}],
    [
      "another customer's organization, when that customer gives it by its id",
      { integrations: [customer("acme", "anna"), { ...customer("other", ""), organization: { id: "id-of-anna" } }] },
      {},
    ],
  ])("is said to be %s", async (_, settings, lookups) => {
    expect(await faultsOf(settings, lookups)).toMatchSnapshot();
  });

  it("may be disabled when the customer is retired", async () => {
    const retired = { ...customer("acme", "anna"), retired: true };
    const { integrations } = await lookUpUnderMocks(
      { integrations: [retired] },
      { getUser: () => ({ id: "id", enabled: false }) },
    );

    expect(integrations).toMatchObject([{ clientId: "acme", organizationId: "id" }]);
  });

  it("who was deleted does not keep a retired customer in the stack: the remedy is another one", async () => {
    const remedyOf = async (retired: boolean) => {
      const integrations = [{ ...customer("acme", "nobody"), retired }];
      const message = await faultsOf({ integrations }, { getUser: usersVisible("service-account-deployer") });
      return message.split("Do: ").at(-1);
    };

    expect(await remedyOf(true)).toMatch(/write organizationId instead.* or remove the retired customer's entry/);
    expect(await remedyOf(false)).not.toContain("retired");
  });
});

describe("a server that does not do what it is asked", () => {
  const login = (cause: string) =>
    `error initializing keycloak provider: failed to perform initial login to Keycloak: ${cause}`;

  const forbids = (path: string) => `error sending GET request to ${path}: 403 Forbidden. Response body: {}`;
  const onRealm = (error: string): Record<string, Lookup> => ({ getRealm: fails(error) });

  it.each<[string, Record<string, Lookup>]>([
    ["refuses the login", onRealm(login("error sending POST request to https://x: 401 Unauthorized"))],
    ["does not have the deployer's realm", onRealm(login("error sending POST request to https://x: 404 Not Found"))],
    ["cannot be reached", onRealm(login('Post "https://x": dial tcp 127.0.0.1:1: connect: connection refused'))],
    ["has an untrusted certificate", onRealm(login("tls: x509: certificate signed by unknown authority"))],
    ["forbids the request", onRealm(forbids("/admin/realms/ScpCloud"))],
    ["does not have the realm", onRealm("error sending GET request to /admin/realms/x: 404 Not Found")],
    ["does not allow this login", onRealm(login("error sending POST request to https://x: 400 Bad Request"))],
    ["has the deployer's realm disabled", onRealm(login("error sending POST request to https://x: 403 Forbidden"))],
    [
      "is not ready behind its proxy",
      onRealm(login("error sending POST request to https://x: 503 Service Unavailable")),
    ],
    [
      "accepts the login, but not the token",
      onRealm(login("error sending GET request to /admin/serverinfo: 401 Unauthorized")),
    ],
    ["breaks the connection", onRealm('Get "https://x/admin/realms/y": read: connection reset by peer')],
    ["fails", onRealm("error sending GET request to /admin/realms/x: 500 Internal Server Error")],
    ["shows the realm but not the users", { getUser: fails(forbids("/admin/realms/ScpCloud/users")) }],
    ["has no account roles", { getRole: fails("error sending GET request: 404 Not Found") }],
    [
      "has no client scope service_account, which came with Keycloak 26.1",
      {
        getClientScope: (inputs) =>
          inputs["name"] === "service_account"
            ? fails("client scope with name service_account does not exist")(inputs)
            : { id: "id" },
      },
    ],
  ])("is told apart when it %s", async (_, lookups) => {
    expect(await faultsOf({}, lookups)).toMatchSnapshot();
  });
});

describe("a deployer to whom Keycloak shows empty lists", () => {
  const blind: Record<string, Lookup> = {
    getClient: fails("openid client with name realm-management not found"),
    getClientScope: (inputs) =>
      fails("expected provided client scope name to match 1 scope, but matched 0 scopes")(inputs),
  };

  it.each<[string, Partial<Settings>]>([
    ["a realm stack", { accountAccess: true }],
    ["a stack of customers", { realmStack: "prod" }],
  ])("is told the role that it lacks, and nothing of an absent client scope: %s", async (_, settings) => {
    const message = await faultsOf(settings, blind);
    expect(message).toContain("1 fault");
    expect(message).toContain("must be a client with the role view-clients or manage-clients of realm-management");
  });

  it("is told so of users, too, where Keycloak does not forbid the question", async () => {
    const message = await faultsOf({}, { getUser: usersVisible() });
    expect(message).toContain("it lacks the role view-users");
  });
});

it.each(["502 Bad Gateway", "403 Forbidden"])(
  "a client scope that cannot be asked for is not said to be absent: %s",
  async (answer) => {
    const getClientScope = fails(`error sending GET request to /admin/realms/ScpCloud/client-scopes: ${answer}.`);
    const message = await faultsOf({}, { getClientScope });
    expect(message).toContain(`${answer.slice(0, 3)}`);
    expect(message).not.toContain('client scope "');
  },
);

describe("several lookups that fail for one reason", () => {
  it("are asked at once, and the realm's fault is told alone", async () => {
    const absent = fails("error sending GET request to /admin/realms/ScpCloud: 404 Not Found. Response body: {}");
    const [getRealm, getUser, getClient, getClientScope] = Array.from({ length: 4 }, () => jest.fn(absent));
    const lookups = { getRealm, getUser, getClient, getClientScope } as Record<string, Lookup>;

    const message = await faultsOf({}, lookups);

    for (const lookup of Object.values(lookups)) {
      expect(lookup).toHaveBeenCalled();
    }
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
  it.each([
    ["of the SSO session", { ssoSessionMaxLifespan: "20m0s" }],
    ["of the client's session", { ssoSessionMaxLifespan: "10h0m0s", clientSessionMaxLifespan: "15m0s" }],
  ])("%s refuses a lifespan that it would cut", async (_, limits) => {
    const getRealm = () => ({ id: "ScpCloud", ...limits });
    expect(await faultsOf({ accessTokenLifespan: 1800 }, { getRealm })).toMatchSnapshot();
  });

  it.each([
    ["the client's session has none of its own", { ssoSessionMaxLifespan: "10h0m0s", clientSessionMaxLifespan: "0s" }],
    ["the server does not tell it", {}],
  ])("is no limit when %s", async (_, limits) => {
    const getRealm = () => ({ id: "ScpCloud", ...limits });
    await expect(lookUpUnderMocks({}, { getRealm })).resolves.toBeDefined();
  });
});
