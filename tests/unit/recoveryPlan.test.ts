import { readFileSync } from "node:fs";
import { join } from "node:path";

import { findExisting } from "../../commands/recovery/adoptable.ts";
import type { KeycloakAdmin } from "../../keycloak/admin.ts";
import { readPreview, UNKNOWN } from "../../commands/pulumi/preview.ts";
import { nameOf } from "../../commands/pulumi/owners.ts";
import { runPreview } from "../../commands/pulumi/pulumiCli.ts";
import { importFile, type PlannedResource, planOf } from "../../commands/pulumi/plan.ts";
import {
  AUDIENCE_MAPPER,
  CLAIM_MAPPER,
  CLIENT,
  customer,
  DEFAULT_SCOPES,
  fakeAdmin,
  FakePulumi,
  importedUrns,
  INTEGRATION,
  SCOPE,
  urnOf,
} from "./fakePulumi.ts";

describe("a plan", () => {
  test("lists what up would create, components too", () => {
    const urn = urnOf("acme-client", INTEGRATION, CLIENT);
    const parent = urnOf("acme", INTEGRATION);
    const steps = [
      { op: "same", urn: urnOf("other", INTEGRATION) },
      { op: "create", urn: parent, newState: {} },
      { op: "create", urn, newState: { custom: true, parent, inputs: { clientId: "acme" } } },
      { op: "update", urn: urnOf("other-client", INTEGRATION, CLIENT) },
    ];
    const creates = [
      { urn: parent, type: INTEGRATION, name: "acme", inputs: {}, isComponent: true },
      { urn, type: CLIENT, name: "acme-client", parent, inputs: { clientId: "acme" }, isComponent: false },
    ];
    expect(planOf({ steps })).toEqual({ creates, lostClients: [] });
  });

  test("names a client that would be lost once, however many steps that takes", () => {
    const urn = urnOf("acme-client", INTEGRATION, CLIENT);
    const steps = ["create-replacement", "replace", "delete-replaced"].map((op) => ({ op, urn }));
    expect(planOf({ steps }).lostClients).toEqual([{ urn, replacedFor: [] }]);
  });

  test("says for which property a client would be replaced, as a real preview tells it of another realm", () => {
    const preview = readFileSync(join(import.meta.dirname, "previews", "realmMoved.json"), "utf8");
    const lost = planOf(readPreview(preview)).lostClients.map(({ replacedFor, urn }) => [nameOf(urn), ...replacedFor]);
    expect(lost).toEqual(["acme", "globex", "initech"].map((customer) => [`${customer}-client`, "realmId"]));
  });

  test("does not count other resources as clients", () => {
    const urn = urnOf("acme-x", INTEGRATION, DEFAULT_SCOPES);
    expect(planOf({ steps: [{ op: "replace", urn }] }).lostClients).toEqual([]);
  });
});

describe("an import file", () => {
  const adopt = async (pulumi: FakePulumi, ...names: string[]) => {
    const plan = planOf(await runPreview(pulumi));
    const adopted = plan.creates
      .filter(({ name }) => names.includes(name))
      .map((resource) => ({ ...resource, importId: `id-of-${resource.name}` }));
    return importFile(adopted, plan, "6.13.0");
  };

  test("has the component too where the state lacks it", async () => {
    const file = await adopt(new FakePulumi(customer("acme")), "acme-client");
    expect([...importedUrns(file)]).toEqual([
      [urnOf("acme", INTEGRATION), ""],
      [urnOf("acme-client", INTEGRATION, CLIENT), "id-of-acme-client"],
    ]);
    expect(file.resources[0]).toMatchObject({ type: INTEGRATION, component: true });
    expect(file.resources[1]).toMatchObject({ type: CLIENT, id: "id-of-acme-client", version: "6.13.0" });
  });

  test("refers to a component that the state has by its URN", async () => {
    const pulumi = new FakePulumi(customer("acme"));
    pulumi.state.set(urnOf("acme", INTEGRATION), "");
    const file = await adopt(pulumi, "acme-client", "acme-organization-id");
    expect([...importedUrns(file).keys()]).toEqual([
      urnOf("acme-client", INTEGRATION, CLIENT),
      urnOf("acme-organization-id", INTEGRATION, CLAIM_MAPPER),
    ]);
    expect(Object.values(file.nameTable)).toEqual([urnOf("acme", INTEGRATION)]);
  });

  test("needs no parent for what stands alone", () => {
    const scope: PlannedResource = { urn: urnOf("s", SCOPE), type: SCOPE, name: "s", inputs: {}, isComponent: false };
    const file = importFile([{ ...scope, importId: "ScpCloud/1" }], { creates: [scope], lostClients: [] }, "6.13.0");
    const resource = { type: SCOPE, name: "s", id: "ScpCloud/1", version: "6.13.0" };
    expect(file).toEqual({ nameTable: {}, resources: [resource] });
  });
});

describe("an object of Keycloak's", () => {
  const find = (type: string, inputs: Record<string, unknown>, admin: KeycloakAdmin) =>
    findExisting({ type, inputs: { realmId: "ScpCloud", ...inputs } }, admin);
  const REALM = {
    "/clients?clientId=a%26b": [{ id: "1", clientId: "a&b" }],
    "/clients?clientId=c": [{ id: "2", clientId: "c-2" }],
    "/client-scopes": [{ id: "3", name: "scpCloud" }],
    "/client-scopes/s/protocol-mappers/models": [{ id: "4", name: "audience" }],
    "/clients/c/protocol-mappers/models": [{ id: "5", name: "organizationId" }],
  };

  test.each<[string, string, Record<string, unknown>, string | undefined]>([
    ["a client, asked for by its id", CLIENT, { clientId: "a&b" }, "ScpCloud/1"],
    ["no client whose id merely resembles it", CLIENT, { clientId: "c" }, undefined],
    ["a client scope", SCOPE, { name: "scpCloud" }, "ScpCloud/3"],
    ["no client scope whose name merely resembles it", SCOPE, { name: "scpcloud" }, undefined],
    ["a mapper of a scope", AUDIENCE_MAPPER, { clientScopeId: "s", name: "audience" }, "ScpCloud/client-scope/s/4"],
    ["a mapper of a client", CLAIM_MAPPER, { clientId: "c", name: "organizationId" }, "ScpCloud/client/c/5"],
    ["no mapper of another name", CLAIM_MAPPER, { clientId: "c", name: "x" }, undefined],
  ])("is %s", async (_, type, inputs, importId) => {
    expect(await find(type, inputs, fakeAdmin(REALM))).toBe(importId);
  });

  test.each([
    [CLAIM_MAPPER, { clientId: UNKNOWN }],
    [AUDIENCE_MAPPER, {}],
    [DEFAULT_SCOPES, { clientId: "c" }],
    [INTEGRATION, {}],
  ])(
    "is not looked for where its owner is not known yet, or where making it again is harmless: %s %j",
    async (type, inputs) => {
      expect(await find(type, inputs, { get: () => Promise.reject(new Error("asked")) })).toBeUndefined();
    },
  );
});
