import type { StackOutputs } from "../../commands/cli/stack.ts";
import { unmanagedChanges } from "../../commands/drift/unmanaged.ts";
import { TYPES } from "../../contract/types.ts";
import type { KeycloakAdmin } from "../../keycloak/admin.ts";
import { clientOf, type Had, managed, mapperOf, SHARED } from "./driftPreviews.ts";

const stackWith = (clientSecret: string): StackOutputs => ({ credentials: { acme: { clientSecret, basic: "" } } });
const OUTPUTS = stackWith("s3cret");
const SCOPE_OF_ALL: Had = {
  type: TYPES.clientScope,
  name: "realmScopes-scope",
  of: SHARED,
  inputs: { name: "scpCloud" },
};
const NOW = new Date("2026-11-28T00:00:00Z");
const OWN_MAPPER = { id: "id of acme-organization-id", name: "organizationId" };

const adminOf = (answers: Record<string, unknown>): KeycloakAdmin => ({
  get: (path) => (path in answers ? Promise.resolve(answers[path]) : Promise.reject(new Error(`asked for ${path}`))),
});

const found = (client: object, lostOnes: readonly Had[] = [], outputs = OUTPUTS) => {
  const state = [clientOf("acme"), ...(lostOnes.length > 0 ? [] : [mapperOf("acme")])].map(managed);
  const representation = { id: "id of acme-client", clientId: "acme", ...client };
  const admin = adminOf({ "/clients?clientId=acme": [representation] });
  return unmanagedChanges(state, lostOnes.map(managed), outputs, admin, NOW);
};

const REGENERATED = { secret: "an0ther" };

it.each<[string, object, string[], StackOutputs]>([
  ["is the same", { secret: "s3cret" }, [], OUTPUTS],
  ["belongs to a public client", { ...REGENERATED, publicClient: true }, [], OUTPUTS],
  ["is not what the client logs in with", { ...REGENERATED, clientAuthenticatorType: "client-jwt" }, [], OUTPUTS],
  ["is missing, which is told as unknown", {}, ["acme"], OUTPUTS],
  ["is empty, which is told as unknown", { secret: "" }, ["acme"], OUTPUTS],
  ["is masked, which is told as unknown", { secret: "**********" }, ["acme"], OUTPUTS],
  ["is one that the stack itself has as empty", REGENERATED, [], stackWith("")],
  ["is one that the stack itself has masked", REGENERATED, [], stackWith("**********")],
  ["has not been handed over", REGENERATED, [], {}],
])("a client's secret is told as no change where it %s", async (_, client, hiddenSecrets, outputs) => {
  expect(await found(client, [], outputs)).toMatchObject({ findings: [], hiddenSecrets });
});

describe("a further mapper of a client", () => {
  it("is told, with its claim where it has one; the program's own is none", async () => {
    const further = { id: "1", name: "debug", config: { "claim.name": "sub" } };
    expect((await found({ protocolMappers: [OWN_MAPPER, further, { id: "2", name: "x" }] })).findings).toMatchObject([
      { sentence: "someone added the mapper `debug` (claim `sub`) to customer acme", remedy: "byHand" },
      { sentence: "someone added the mapper `x` to customer acme", remedy: "byHand" },
    ]);
  });

  it("is told of the scope that all customers have", async () => {
    const admin = adminOf({
      "/client-scopes/id of realmScopes-scope": { protocolMappers: [{ id: "1", name: "debug" }] },
    });
    expect((await unmanagedChanges([managed(SCOPE_OF_ALL)], [], OUTPUTS, admin, NOW)).findings).toMatchObject([
      { sentence: "someone added the mapper `debug` to the client scope scpCloud, which all customers have" },
    ]);
  });

  it("is told of a client that has another client id by now", async () => {
    const renamed = { protocolMappers: [OWN_MAPPER, { id: "1", name: "debug" }] };
    const admin = adminOf({ "/clients?clientId=acme": [], "/clients/id of acme-client": renamed });
    const state = [clientOf("acme"), mapperOf("acme")].map(managed);
    expect((await unmanagedChanges(state, [], OUTPUTS, admin, NOW)).findings).toMatchObject([
      { sentence: "someone added the mapper `debug` to customer acme" },
    ]);
  });

  it("is none where it only has the place of a lost one, which is told as that", async () => {
    const mapper = { id: "1", name: "organizationId" };
    expect((await found({ protocolMappers: [mapper] }, [mapperOf("acme")])).findings).toEqual([]);
  });
});

it("a client profile and a client policy that only the provider believes to be there are told, and that recover makes them", async () => {
  const ours = (type: string, name: string): Had => ({ type, name, of: SHARED, inputs: { name: "rotation" } });
  const state = [ours(TYPES.clientProfile, "profile"), ours(TYPES.clientPolicy, "policy")].map(managed);
  const findingsWhere = async (names: readonly string[]) => {
    const list = names.map((name) => ({ name }));
    const admin = adminOf({
      "/client-policies/profiles?include-global-profiles=true": { profiles: list, globalProfiles: [] },
      "/client-policies/policies": { policies: list },
    });
    return (await unmanagedChanges(state, [], {}, admin, NOW)).findings;
  };

  expect(await findingsWhere(["of others", "rotation"])).toEqual([]);
  expect((await findingsWhere(["of others"])).map(({ remedy, sentence }) => [remedy, sentence.split(":")[0]])).toEqual([
    ["recover", "someone deleted the client policy `rotation`"],
    ["recover", "someone deleted the client profile `rotation`"],
  ]);
});
