import * as pulumi from "@pulumi/pulumi";

import { explainingRefusals } from "../../components/refusals";
import { RealmScopes, type RealmScopesArgs } from "../../components/realmScopes";
import { findResource, underMocks, valueOf } from "../mocks";

const MAPPER = "keycloak:openid/hardcodedClaimProtocolMapper:HardcodedClaimProtocolMapper";
const SCOPE = "keycloak:openid/clientScope:ClientScope";

const declare = (args: Partial<RealmScopesArgs> = {}, isPreview = false) =>
  underMocks(
    async () => {
      const scopes = new RealmScopes(
        "realm",
        {
          realmId: "ScpCloud",
          audience: "scpCloud",
          allowedOrigins: ["/*"],
          accountRoleIds: { "manage-account": "role-1", "view-profile": "role-2" },
          protect: true,
          usedBy: [],
          rotation: undefined,
          ...args,
        },
        explainingRefusals("test", () => new Date()),
      );
      return Promise.all(scopes.scopeNames.map(valueOf));
    },
    {},
    "test",
    isPreview,
  );

describe("RealmScopes", () => {
  it("declares both scopes with everything that the original token needs, and nothing else", async () => {
    const { resources } = await declare();

    expect(resources.map(({ type, name }) => `${type} ${name}`).sort()).toEqual([
      "keycloak:index/genericRoleMapper:GenericRoleMapper realm-account-manage-account",
      "keycloak:index/genericRoleMapper:GenericRoleMapper realm-account-view-profile",
      "keycloak:openid/audienceProtocolMapper:AudienceProtocolMapper realm-audience",
      `${SCOPE} realm-account-scope`,
      `${SCOPE} realm-scope`,
      `${MAPPER} realm-allowed-origins`,
      "scpcloud:keycloak:RealmScopes realm",
    ]);
  });

  it.each([true, false])("protects the shared scope and its audience where the stack says so: %s", async (protect) => {
    const { resources } = await declare({ protect });

    expect(resources.filter((resource) => resource.protect).map(({ name }) => name)).toEqual(
      protect ? ["realm-scope", "realm-audience"] : [],
    );
  });

  it.each([
    [["prod-b"], "the stack prod-b needs the client scope scpCloud"],
    [["prod-b", "prod-c"], "the stacks prod-b, prod-c need the client scope scpCloud"],
  ])("protects the shared scope in any case while other stacks use it, and tells which: %j", async (usedBy, words) => {
    const { resources } = await declare({ protect: false, usedBy });

    expect(resources.filter((resource) => resource.protect).map(({ name }) => name)).toEqual([
      "realm-scope",
      "realm-audience",
    ]);
    expect(resources.flatMap(({ deleteHooks }) => deleteHooks)).toEqual([`${words}; see docs/many-customers.md`]);
  });

  it("has no such hook where no other stack uses it, since `destroy` refuses any", async () => {
    const { resources } = await declare();

    expect(resources.flatMap(({ deleteHooks }) => deleteHooks)).toEqual([]);
  });

  it("never declares the realm, which destroy would take along", async () => {
    const { resources } = await declare();

    expect(resources.filter(({ type }) => /realm:Realm$/.test(type))).toEqual([]);
  });

  it("declares a client profile and policy where secrets overlap, both named by the days", async () => {
    const { resources } = await declare({ overlapDays: 14 });

    const name = "scpcloud-secret-rotation-14-days";
    const { inputs: profile } = findResource(
      resources,
      "keycloak:index/realmClientPolicyProfile:RealmClientPolicyProfile",
      "realm-rotation-profile",
    );
    expect(profile).toMatchObject({ realmId: "ScpCloud", name });
    const [{ configuration }] = profile["executors"] as [{ configuration: Record<string, string> }];
    expect(configuration["rotated-expiration-period"]).toBe("1209600");
    // What old servers add to the present time must not pass 2038.
    const soon = Date.UTC(2028, 0) / 1000;
    expect(soon + Number(configuration["expiration-period"])).toBeLessThan(2 ** 31);

    const { inputs: policy } = findResource(
      resources,
      "keycloak:index/realmClientPolicyProfilePolicy:RealmClientPolicyProfilePolicy",
      "realm-rotation-policy",
    );
    expect(policy).toMatchObject({ realmId: "ScpCloud", name, profiles: [name] });
    const [condition] = policy["conditions"] as [{ configuration: Record<string, string> }];
    const { attributes = "" } = condition.configuration;
    expect(JSON.parse(attributes)).toEqual([{ key: "scpcloud.rotation", value: "true" }]);
    // A provider that took it for a list would stop all logins of the realm.
    expect(attributes).toMatch(/^ \[/);
  });

  it.each(["client profile", "client policy"])(
    "does not make a %s of whose name Keycloak has another one; who has deployed it can still change it",
    async (kind) => {
      const words = `${kind} scpcloud-secret-rotation-14-days`;
      const { resources } = await declare({ overlapDays: 14, rotation: { others: [words], missing: [] } });

      const refused = resources.filter(({ createHooks }) => createHooks.length > 0);
      const [, what = ""] = kind.split(" ");
      expect(refused.map(({ createHooks, name }) => [name, createHooks])).toEqual([
        [`realm-rotation-${what}`, [`no other ${words}`]],
      ]);
    },
  );

  it("warns in a preview where the state has a client profile that somebody deleted in Keycloak", async () => {
    const warn = jest.spyOn(pulumi.log, "warn").mockResolvedValue();
    const missing = ["client profile scpcloud-secret-rotation-14-days"];
    const asked = { overlapDays: 14, rotation: { others: [], missing } };
    await declare(asked);
    expect(warn).not.toHaveBeenCalled();

    await declare(asked, true);
    expect(warn.mock.calls.flat()).toEqual([expect.stringMatching(/^Somebody deleted the client profile .* recover/)]);
  });

  it("makes every resource a child of the component", async () => {
    const { resources } = await declare();

    const children = resources.filter(({ isComponent }) => !isComponent);
    expect(children.map(({ parent }) => parent)).toEqual(children.map(() => "realm"));
  });

  it("keeps both scopes out of the claim scope", async () => {
    const { resources } = await declare();

    expect(findResource(resources, SCOPE, "realm-scope").inputs).toEqual({
      realmId: "ScpCloud",
      name: "scpCloud",
      description: "Audience and claims common to the tokens of all customers",
      includeInTokenScope: false,
    });
    expect(findResource(resources, SCOPE, "realm-account-scope").inputs).toMatchObject({
      name: "scpCloud-account",
      includeInTokenScope: false,
    });
  });

  it("puts the audience into access tokens only, as a custom one", async () => {
    const { resources } = await declare({ audience: "another" });

    expect(
      findResource(resources, "keycloak:openid/audienceProtocolMapper:AudienceProtocolMapper", "realm-audience").inputs,
    ).toEqual({
      realmId: "ScpCloud",
      clientScopeId: "id-of-realm-scope",
      name: "audience",
      includedCustomAudience: "another",
      addToAccessToken: true,
      addToIdToken: false,
    });
  });

  it("writes allowed-origins as JSON into access tokens only", async () => {
    const { resources } = await declare({ allowedOrigins: ["https://a.example", "/*"] });

    expect(findResource(resources, MAPPER, "realm-allowed-origins").inputs).toEqual({
      realmId: "ScpCloud",
      clientScopeId: "id-of-realm-scope",
      name: "allowed-origins",
      claimName: "allowed-origins",
      claimValue: '["https://a.example","/*"]',
      claimValueType: "JSON",
      addToAccessToken: true,
      addToIdToken: false,
      addToUserinfo: false,
    });
  });

  it("leaves allowed-origins out where the stack allows none", async () => {
    const { resources } = await declare({ allowedOrigins: [] });

    expect(resources.filter(({ type }) => type === MAPPER)).toEqual([]);
  });

  it("maps the account roles on the scope that carries nothing else", async () => {
    const { resources } = await declare();

    const mappings = resources.filter(({ type }) => type.endsWith(":GenericRoleMapper"));
    expect(mappings.map(({ inputs }) => inputs)).toEqual([
      { realmId: "ScpCloud", clientScopeId: "id-of-realm-account-scope", roleId: "role-1" },
      { realmId: "ScpCloud", clientScopeId: "id-of-realm-account-scope", roleId: "role-2" },
    ]);
  });

  it("declares no account scope where the stack wants no account access", async () => {
    const { resources, result } = await declare({ accountRoleIds: {} });

    expect(resources.map(({ name }) => name).filter((name) => name.includes("account"))).toEqual([]);
    expect(result).toEqual(["scpCloud"]);
  });

  it("names the scopes for the customers' clients", async () => {
    const { result } = await declare();

    expect(result).toEqual(["scpCloud", "scpCloud-account"]);
  });

  it("has the hook told whatever Keycloak refuses", async () => {
    const { resources } = await declare();

    const children = resources.filter(({ isComponent }) => !isComponent);
    expect(children.map(({ errorHooks }) => errorHooks)).toEqual(children.map(() => ["refusal"]));
  });
});
