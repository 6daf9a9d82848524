import { SettingsError } from "../../faults/faults.ts";
import * as http from "../../keycloak/http.ts";
import { lookUp } from "../../lookups/lookups.ts";
import type { IntegrationSettings, Settings } from "../../settings/settings.ts";
import { answered, fakeRealm, type RealmAnswers } from "../fakeRealm.ts";
import { underMocks } from "../mocks.ts";
import { accepted, configuration } from "./configuration.ts";
import { forge } from "./fakeKeycloak.ts";

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

const lookUpIn = async (answers: RealmAnswers, settings: Partial<Settings> = {}, requests: string[] = []) => {
  const connect = jest.spyOn(http, "connect").mockReturnValue(fakeRealm(answers, requests));
  return lookUp({ ...SETTINGS, ...settings }).finally(() => connect.mockRestore());
};

/** The message of the faults that a lookup ends with. */
async function faultsOf(answers: RealmAnswers, settings: Partial<Settings> = {}): Promise<string> {
  const error: unknown = await lookUpIn(answers, settings).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(SettingsError);
  return (error as SettingsError).message;
}

/** A realm of these users; Keycloak's search does not look at the case. */
const usersOf =
  (...names: string[]) =>
  (asked: string) =>
    names.filter((name) => name === asked.toLowerCase()).map((username) => ({ id: `id-of-${username}`, username }));
const OWN = "service-account-deployer";
const scopes = (...names: string[]) => names.map((name) => ({ name }));
const BUILT_IN = ["basic", "roles", "service_account"];

describe("a stack of customers only", () => {
  it("is told to deploy its realm stack first, for each client scope that is not there", async () => {
    expect(await faultsOf({ scopes: scopes(...BUILT_IN) }, { realmStack: "prod" })).toMatchSnapshot();
  });

  it("needs no scope for account access where it gives none, nor the roles where it does", async () => {
    await lookUpIn({ scopes: scopes(...BUILT_IN, "scpCloud") }, { realmStack: "prod", accountAccess: false });
    expect((await lookUpIn({ roles: answered(500) }, { realmStack: "prod" })).accountRoleIds).toEqual({});
  });

  it("is all that is asked for the scopes that others declare", async () => {
    await lookUpIn({ scopes: scopes(...BUILT_IN) });
  });
});

describe("looking up what the settings name", () => {
  it("turns names into ids and leaves given ids as they are", async () => {
    const found = await lookUpIn(
      {},
      { integrations: [customer("acme", "anna"), { ...customer("other", ""), organization: { id: "given-id" } }] },
    );

    expect(found.integrations.map(({ clientId, organizationId }) => [clientId, organizationId])).toEqual([
      ["acme", "id-of-anna"],
      ["other", "given-id"],
    ]);
    expect(found.accountRoleIds).toEqual({
      "manage-account": "id-of-role-manage-account",
      "view-profile": "id-of-role-view-profile",
    });
  });

  it("asks once for a user whom several customers name", async () => {
    const requests: string[] = [];
    await lookUpIn({}, { integrations: [customer("acme", "anna", true), customer("other", "anna", true)] }, requests);

    expect(requests.filter((path) => path.endsWith("username=anna"))).toHaveLength(1);
  });

  it("reports every user's fault at once, with those of the realm", async () => {
    const integrations = [customer("acme", "nobody"), customer("other", "nobody-else")];
    const message = await faultsOf({ users: usersOf(OWN), scopes: scopes("basic", "roles") }, { integrations });

    expect(message).toContain("3 faults");
    expect(message).toContain("scpcloud:integrations.acme.organizationUser");
    expect(message).toContain("scpcloud:integrations.other.organizationUser");
    expect(message).toContain('client scope "service_account"');
  });
});

describe("a user who does not stand for an organization", () => {
  const named = (user: string) => ({ integrations: [customer("acme", user)] });
  const ofMaster: Partial<Settings> = { deployer: { ...SETTINGS.deployer, realm: "master" } };
  const disabled = () => [{ id: "id", username: "anna", enabled: false }];

  it.each<[string, RealmAnswers, Partial<Settings>]>([
    ["absent, when the deployer sees users", { users: usersOf(OWN) }, named("nobody")],
    ["absent or invisible, when the deployer is of another realm", { users: [] }, ofMaster],
    ["spelt in the wrong case", { users: usersOf("anna") }, named("Anna")],
    ["invisible, when the deployer may not see users", { users: [] }, {}],
    ["disabled", { users: disabled }, {}],
    ["a service account, without asking the server", { users: answered(500) }, named("service-account-other")],
    ["forbidden by the stack, when its id is", {}, { forbiddenOrganizationIds: ["id-of-anna"] }],
    [
      "another customer's organization, when that customer gives it by its id",
      {},
      { integrations: [customer("acme", "anna"), { ...customer("other", ""), organization: { id: "id-of-anna" } }] },
    ],
  ])("is said to be %s", async (_, answers, settings) => {
    expect(await faultsOf(answers, settings)).toMatchSnapshot();
  });

  it("may be disabled when the customer is retired", async () => {
    const { integrations } = await lookUpIn(
      { users: disabled },
      { integrations: [{ ...customer("acme", "anna"), retired: true }] },
    );

    expect(integrations).toMatchObject([{ clientId: "acme", organizationId: "id" }]);
  });

  it("who was deleted does not keep a retired customer in the stack: the remedy is another one", async () => {
    const remedyOf = async (retired: boolean) => {
      const integrations = [{ ...customer("acme", "nobody"), retired }];
      return (await faultsOf({ users: usersOf(OWN) }, { integrations })).split("Do: ").at(-1);
    };

    expect(await remedyOf(true)).toMatch(/write organizationId instead.* or remove the retired customer's entry/);
    expect(await remedyOf(false)).not.toContain("retired");
  });
});

describe("a server that does not do what it is asked", () => {
  const noAnswer = (reason: string) => () => {
    throw new http.NoAnswerError("https://keycloak.example.com", reason);
  };

  it.each<[string, RealmAnswers]>([
    ["refuses the login", { token: answered(401) }],
    ["cannot be reached", { discovery: noAnswer("connect ECONNREFUSED 127.0.0.1:1") }],
    ["has an untrusted certificate", { discovery: noAnswer("self-signed certificate") }],
    ["forbids the request", { realm: answered(403) }],
    ["does not have the realm", { discovery: answered(404) }],
    ["accepts the login, but not the token", { realm: answered(401) }],
    ["breaks the connection", { users: noAnswer("read ECONNRESET") }],
    ["fails", { realm: answered(500) }],
    ["shows the realm but not the users", { users: answered(403) }],
    ["has no account roles", { roles: [] }],
    ["has no client scope service_account, which came with Keycloak 26.1", { scopes: scopes("basic", "roles") }],
  ])("is told apart when it %s", async (_, answers) => {
    expect(await faultsOf(answers)).toMatchSnapshot();
  });
});

it.each<[string, Partial<Settings>]>([
  ["a realm stack", { accountAccess: true }],
  ["a stack of customers", { realmStack: "prod" }],
])("a deployer to whom Keycloak shows empty lists is told the role that it lacks alone: %s", async (_, settings) => {
  const message = await faultsOf({ clients: [], scopes: [] }, settings);
  expect(message).toContain("1 fault");
  expect(message).toContain("must be a client with the role view-clients or manage-clients of realm-management");
});

describe("several lookups that fail for one reason", () => {
  it("are told as the realm's fault, without being asked", async () => {
    const requests: string[] = [];
    const realm = answered(404, { error: "Realm not found." });
    await expect(lookUpIn({ realm }, {}, requests)).rejects.toThrow(
      "1 fault in the stack's configuration; nothing was changed.\n\nscpcloud:realm\n",
    );
    expect(requests.at(-1)).toBe("/admin/realms/ScpCloud");
  });

  it.each([502, 403])(
    "are told once, and a client scope that cannot be asked for is not said to be absent: %i",
    async (status) => {
      const message = await faultsOf({ scopes: answered(status) });

      expect(message).toContain("1 fault");
      expect(message).toContain(String(status));
      expect(message).not.toContain('client scope "');
    },
  );
});

describe("the realm's own limit", () => {
  it.each([
    ["of the SSO session", { ssoSessionMaxLifespan: 1200 }],
    ["of the client's session", { ssoSessionMaxLifespan: 36_000, clientSessionMaxLifespan: 900 }],
  ])("%s refuses a lifespan that it would cut", async (_, realm) => {
    expect(await faultsOf({ realm }, { accessTokenLifespan: 1800 })).toMatchSnapshot();
  });

  it.each([
    ["the client's session has none of its own", { ssoSessionMaxLifespan: 36_000, clientSessionMaxLifespan: 0 }],
    ["the server does not tell it", {}],
  ])("is no limit when %s", async (_, realm) => {
    await expect(lookUpIn({ realm })).resolves.toBeDefined();
  });
});

describe("a deployer who logs in by an assertion", () => {
  const by = (claims: object): Partial<Settings> => ({
    deployer: { ...SETTINGS.deployer, credentials: { kind: "assertion", assertion: forge({}, claims) } },
  });
  const FEDERATED = by({ iss: "https://ci.example.com", sub: "repo:a" });
  const OWN_ASSERTION = by({ iss: "deployer", sub: "deployer" });

  it("is told before anything is declared that the provider could not use it again", async () => {
    let logins = 0;
    const token = () =>
      logins++ === 0
        ? { access_token: "t" }
        : answered(400, { error: "invalid_client", error_description: "Token reuse detected" });
    expect(await faultsOf({ token }, FEDERATED)).toContain("must be an assertion that works more than once");
    expect((await lookUpIn({}, FEDERATED)).integrations).toMatchObject([{ organizationId: "id-of-anna" }]);
  });

  it("that its client has signed itself, leaves it to the provider, and asks through it", async () => {
    const absent = (what: string) => () => {
      throw new Error(`${what} does not exist`);
    };
    const lookups = {
      getRealm: () => ({}),
      getUser: () => ({ id: "id", username: "anna", enabled: true }),
      getRole: (inputs: object) => ({ id: "role", ...inputs }),
      getClientScope: (inputs: object) => ({ ...inputs }),
    };
    const asked = (further: typeof lookups | object = {}) =>
      underMocks(() => lookUp({ ...SETTINGS, ...OWN_ASSERTION }), { ...lookups, ...further });

    const { result } = await asked();
    expect(result.integrations).toMatchObject([{ organizationId: "id" }]);
    expect(Object.keys(result.accountRoleIds)).toEqual(["manage-account", "view-profile"]);
    await expect(asked({ getUser: absent("user"), getClientScope: absent("scope") })).rejects.toThrow("4 faults");
    await expect(
      asked({
        getRealm: () => {
          throw new Error("failed to perform initial login to Keycloak: 401 Unauthorized");
        },
      }),
    ).rejects.toThrow(/keycloak:jwtToken\n.*\n.*401 Unauthorized/);
  });
});
