import { changesByHand, followingChanges, withoutConsequences } from "../../commands/drift/changesByHand.ts";
import { changingSteps, type Preview } from "../../commands/pulumi/preview.ts";
import { TYPES } from "../../contract/types.ts";
import {
  changed,
  clientOf,
  createOf,
  foundOf,
  goneOf,
  type Had,
  lost,
  managed,
  mapperOf,
  previewOf,
  refreshOf,
  SHARED,
  updateOf,
  urnOf,
} from "./driftPreviews.ts";

const ACME = clientOf("acme", { enabled: true, accessTokenLifespan: "300" });
const NOTHING = previewOf();

describe("a change by hand", () => {
  it("is not what the stack file says otherwise, and is its counterpart in the same resource", () => {
    const plain = previewOf(updateOf(ACME, { accessTokenLifespan: "600" }));
    const refreshed = previewOf(foundOf(ACME, { enabled: false }));
    expect(changesByHand(refreshed, plain)).toEqual([changed(ACME, "enabled", true, false)]);
    expect(changesByHand(previewOf(refreshOf(ACME)), plain)).toEqual([]);
  });

  it("is no switch that is off, and that an older plugin did not know", () => {
    expect(changesByHand(previewOf(foundOf(ACME, { aNewSwitch: false })), NOTHING)).toEqual([]);
    expect(changesByHand(previewOf(foundOf(ACME, { aNewSwitch: true })), NOTHING)).toEqual([
      changed(ACME, "aNewSwitch", undefined, true),
    ]);
  });

  it("is told from what the last up left, unless the stack file says the same by now", () => {
    const refreshed = previewOf(foundOf(ACME, { accessTokenLifespan: "900" }));
    const changesWhere = (accessTokenLifespan: string) =>
      changesByHand(refreshed, previewOf(updateOf(ACME, { accessTokenLifespan })));
    expect(changesWhere("600")).toEqual([changed(ACME, "accessTokenLifespan", "300", "900")]);
    expect(changesWhere("900")).toEqual([]);
  });

  it("is a resource that the state has and the server has not; one that the state lacks is not deployed yet", () => {
    const plain = previewOf(createOf(clientOf("new")));
    expect(changesByHand(previewOf(goneOf(ACME)), plain)).toEqual([lost(ACME)]);
  });

  it("is nothing of a resource that the stack file has no more", () => {
    const mapper = mapperOf("acme", { claimValue: "a" });
    const plain = previewOf(goneOf(ACME), goneOf(mapper));
    expect(changesByHand(previewOf(goneOf(ACME), foundOf(mapper, { claimValue: "b" })), plain)).toEqual([]);
  });

  it.each([
    [null, []],
    [undefined, {}],
    ["", null],
  ])("is not another way to write nothing, which an up changes all the same: %j, %j", (stored, real) => {
    const had = clientOf("acme", { validRedirectUris: stored });
    const refreshed = previewOf(foundOf(had, { validRedirectUris: real }));
    expect(changesByHand(refreshed, NOTHING)).toEqual([]);
    expect(followingChanges(refreshed, NOTHING, [])).toEqual([managed(had)]);
  });

  it.each([
    ["envs", ["[secret]"], ["[secret]"]],
    ["clientSecret", "old", "new"],
  ])("is known of a secret, too, whose values look alike: %s", (property, stored, real) => {
    const had = clientOf("acme", { [property]: stored });
    const masked = typeof stored === "string" ? "[secret]" : stored;
    expect(changesByHand(previewOf(foundOf(had, { [property]: real })), NOTHING)).toEqual([
      changed(had, property, masked, masked),
    ]);
    expect(changesByHand(previewOf(refreshOf(had)), previewOf(updateOf(had, { [property]: real })))).toEqual([]);
  });

  it("is followed by what an up changes for no other reason", () => {
    const scopes: Had = { type: "scopes", name: "acme-default-scopes", of: "acme", outputs: { defaultScopes: ["v"] } };
    const refreshed = previewOf(refreshOf(scopes), foundOf(ACME, { enabled: false }));
    const up = previewOf(
      updateOf(scopes, { defaultScopes: ["unknown"] }, "replace"),
      updateOf(ACME, {}),
      createOf(clientOf("new")),
    );
    const following = (plain: Preview) => followingChanges(up, plain, changesByHand(refreshed, plain));
    expect(following(NOTHING)).toEqual([managed(scopes)]);
    expect(following(previewOf(updateOf(scopes, { defaultScopes: ["w"] })))).toEqual([]);
  });
});

it("takes one step of each resource, that with the properties", () => {
  const steps = [updateOf(ACME, { enabled: false }, "replace"), { ...createOf(ACME), op: "create-replacement" }];
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

  it("of a deleted client scope are that customers lack it, and its mappers, not another scope's", () => {
    const rest = changed(scopes("globex"), "defaultScopes", ["basic", "scpCloud", "roles"], ["basic", "email"]);
    expect(withoutConsequences([lost(role), lost(scope), rest])).toEqual([
      lost(role),
      lost(scope),
      { ...rest, stored: ["basic", "roles"] },
    ]);
    const ofAnother = [lost(sharedMapper), lost(accountScope)];
    expect(withoutConsequences([lost(role), ...ofAnother])).toEqual(ofAnother);
  });

  it("of a service account that was switched off are its scope and its id", () => {
    const off = changed(clientOf("acme"), "serviceAccountsEnabled", true, false);
    const without = (customer: string) => [
      changed(clientOf(customer), "serviceAccountUserId", "id", undefined),
      changed(scopes(customer), "defaultScopes", ["basic", "service_account"], ["basic"]),
    ];
    expect(withoutConsequences([off, ...without("acme"), ...without("globex")])).toEqual([off, ...without("globex")]);
  });
});
