import { changesByHand } from "../../commands/drift/changes";
import { changingSteps } from "../../commands/pulumi/preview";
import { withoutConsequences } from "../../commands/drift/consequences";
import { TYPES } from "../../components/types";
import {
  APPS,
  changed,
  clientOf,
  createOf,
  type Had,
  lost,
  managed,
  mapperOf,
  previewOf,
  refreshOf,
  SHARED,
  updateOf,
  urnOf,
} from "./driftPreviews";

const ACME = clientOf("acme", { enabled: true, accessTokenLifespan: "300" });
const NOTHING = previewOf();

describe("a change by hand", () => {
  it("is a property that the server has otherwise than the last up left it", () => {
    const refreshed = previewOf(refreshOf(ACME), updateOf(ACME, { enabled: false }));
    expect(changesByHand(refreshed, NOTHING)).toEqual({
      changes: [changed(ACME, "enabled", true, false)],
      following: [],
    });
  });

  it("is not what the stack file says otherwise, and is its counterpart in the same step", () => {
    const said = { accessTokenLifespan: "600" };
    const refreshed = previewOf(refreshOf(ACME), updateOf(ACME, { enabled: false }, said));
    const plain = previewOf(updateOf(ACME, {}, said));
    expect(changesByHand(refreshed, plain).changes).toEqual([changed(ACME, "enabled", true, false)]);
    expect(changesByHand(previewOf(refreshOf(ACME), updateOf(ACME, {}, said)), plain)).toEqual({
      changes: [],
      following: [],
    });
  });

  it("is told from what the last up left, where the stack file says something else again", () => {
    const said = { accessTokenLifespan: "600" };
    const refreshed = previewOf(refreshOf(ACME), updateOf(ACME, { accessTokenLifespan: "900" }, said));
    expect(changesByHand(refreshed, previewOf(updateOf(ACME, {}, said))).changes).toEqual([
      changed(ACME, "accessTokenLifespan", "300", "900"),
    ]);
  });

  it("is a resource that the state has and the preview would create; one that it lacks is not deployed yet", () => {
    const refreshed = previewOf(refreshOf(ACME), createOf(ACME), createOf(clientOf("new")));
    expect(changesByHand(refreshed, previewOf(createOf(clientOf("new"))))).toEqual({
      changes: [lost(ACME)],
      following: [],
    });
  });

  it("is not a resource that the stack file has no more", () => {
    const deleted = { ...createOf(ACME), op: "delete" };
    expect(changesByHand(previewOf(refreshOf(ACME), deleted), previewOf(deleted)).changes).toEqual([]);
  });

  it.each([
    [null, []],
    [undefined, {}],
    ["", null],
  ])("is not another way to write nothing: %j, %j", (stored, real) => {
    const had = clientOf("acme", { validRedirectUris: stored });
    const refreshed = previewOf(refreshOf(had), updateOf(had, { validRedirectUris: real }));
    expect(changesByHand(refreshed, NOTHING)).toEqual({ changes: [], following: [managed(had)] });
  });

  it("is known of a secret, too, whose values look alike", () => {
    const had = clientOf("acme", { envs: ["[secret]"] });
    const refreshed = previewOf(refreshOf(had), updateOf(had, { envs: ["[secret]"] }));
    expect(changesByHand(refreshed, NOTHING).changes).toEqual([changed(had, "envs", ["[secret]"], ["[secret]"])]);
    expect(changesByHand(refreshed, previewOf(updateOf(had, {}, { envs: ["[secret]"] }))).changes).toEqual([]);
  });

  it("is masked where the property is a secret", () => {
    const had = clientOf("acme", { clientSecret: "old" });
    const refreshed = previewOf(refreshOf(had), updateOf(had, { clientSecret: "new" }));
    expect(changesByHand(refreshed, NOTHING).changes).toEqual([changed(had, "clientSecret", "[secret]", "[secret]")]);
  });

  it("is followed by what an up changes for no other reason", () => {
    const container: Had = { type: TYPES.container, name: "api-container", of: APPS, outputs: { volumes: ["v"] } };
    const refreshed = previewOf(refreshOf(container), updateOf(container, {}, { volumes: ["unknown"] }, "replace"));
    expect(changesByHand(refreshed, NOTHING)).toEqual({ changes: [], following: [managed(container)] });
  });
});

it("takes one step of each resource, that with the properties", () => {
  const steps = [updateOf(ACME, { enabled: false }, {}, "replace"), { ...createOf(ACME), op: "create-replacement" }];
  for (const order of [steps, [...steps].reverse()]) {
    expect(changingSteps(previewOf(...order)).get(urnOf(ACME))?.detailedDiff).toHaveProperty("enabled");
  }
});

describe("the consequences of a change", () => {
  const scope: Had = { type: TYPES.clientScope, name: "realmScopes-scope", of: SHARED, inputs: { name: "scpCloud" } };
  const accountScope: Had = { ...scope, name: "realmScopes-account-scope", inputs: { name: "scpCloud-account" } };
  const sharedMapper: Had = { type: TYPES.hardcodedClaim, name: "realmScopes-allowed-origins", of: SHARED };
  const role: Had = { type: TYPES.roleMapping, name: "realmScopes-account-view-profile", of: SHARED };
  const scopes = (customer: string): Had => ({ type: "scopes", name: `${customer}-default-scopes`, of: customer });
  const network: Had = { type: TYPES.network, name: "network", of: APPS };
  const container: Had = { type: TYPES.container, name: "api-container", of: APPS };

  it("of a deleted client are all else of that customer, and of no other", () => {
    const others = [lost(mapperOf("globex")), changed(scopes("globex"), "defaultScopes", ["basic"], [])];
    expect(
      withoutConsequences([lost(mapperOf("acme")), lost(scopes("acme")), lost(clientOf("acme")), ...others]),
    ).toEqual([lost(clientOf("acme")), ...others]);
  });

  it("of a deleted client scope are its mappers, not another one's, and that customers lack it", () => {
    const rest = changed(scopes("globex"), "defaultScopes", ["basic", "scpCloud", "roles"], ["basic", "email"]);
    expect(
      withoutConsequences([
        lost(sharedMapper),
        lost(role),
        lost(scope),
        changed(scopes("acme"), "defaultScopes", ["basic", "scpCloud"], ["basic"]),
        rest,
      ]),
    ).toEqual([lost(role), lost(scope), { ...rest, stored: ["basic", "roles"] }]);
    expect(withoutConsequences([lost(sharedMapper), lost(role), lost(accountScope)])).toEqual([
      lost(sharedMapper),
      lost(accountScope),
    ]);
  });

  it("of a service account that was switched off are its scope and its id", () => {
    const off = changed(clientOf("acme"), "serviceAccountsEnabled", true, false);
    const without = (customer: string) => [
      changed(clientOf(customer), "serviceAccountUserId", "id", undefined),
      changed(scopes(customer), "defaultScopes", ["basic", "service_account"], ["basic"]),
    ];
    expect(withoutConsequences([off, ...without("acme"), ...without("globex")])).toEqual([off, ...without("globex")]);
  });

  it("of a stopped container or a removed network are its ports", () => {
    const ports = changed(container, "ports", [{ external: 1 }], undefined);
    const stopped = changed(container, "mustRun", true, false);
    expect(withoutConsequences([ports])).toEqual([ports]);
    expect(withoutConsequences([ports, stopped])).toEqual([stopped]);
    expect(withoutConsequences([ports, lost(network)])).toEqual([lost(network)]);
  });
});
