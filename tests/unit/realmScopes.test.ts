import * as pulumi from "@pulumi/pulumi";

import { explainingRefusals } from "../../components/refusals.ts";
import { RealmScopes, type RealmScopesArgs } from "../../components/realmScopes.ts";
import { findResource, underMocks, valueOf } from "../mocks.ts";

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

  it("has the hook told whatever Keycloak refuses", async () => {
    const { resources } = await declare();

    const children = resources.filter(({ isComponent }) => !isComponent);
    expect(children.map(({ errorHooks }) => errorHooks)).toEqual(children.map(() => ["refusal"]));
  });
});
