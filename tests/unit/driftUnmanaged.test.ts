import type { StackOutputs } from "../../commands/cli/stack.ts";
import { remade, unmanagedChanges } from "../../commands/drift/unmanaged.ts";
import { TYPES } from "../../contract/types.ts";
import type { KeycloakAdmin } from "../../keycloak/admin.ts";
import { clientOf, type Had, lost, managed, mapperOf, SHARED } from "./driftPreviews.ts";

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

let hidden: readonly string[];

const told = async (client: object, lostOnes: readonly Had[] = [], outputs = OUTPUTS) => {
  const state = [clientOf("acme"), ...(lostOnes.length > 0 ? [] : [mapperOf("acme")])].map(managed);
  const admin = adminOf({ "/clients/id of acme-client": client });
  const { findings, hiddenSecrets } = await unmanagedChanges(state, lostOnes.map(managed), outputs, admin, NOW);
  hidden = hiddenSecrets;
  return findings;
};

describe("a client's secret, as drift reads it,", () => {
  it("is told to be another one, and not which", async () => {
    const findings = await told({ secret: "an0ther" });
    expect(findings).toEqual([
      {
        owner: { kind: "customer", name: "acme" },
        danger: "credentials",
        sentence: "someone regenerated the secret of customer acme: the one that was handed over is refused",
        remedy: "up",
        newSecret: true,
      },
    ]);
    expect(JSON.stringify(findings)).not.toMatch(/an0ther|s3cret/);
  });

  it.each<[string, object, boolean, StackOutputs]>([
    ["is the same", { secret: "s3cret" }, false, OUTPUTS],
    ["belongs to a public client", { secret: "an0ther", publicClient: true }, false, OUTPUTS],
    [
      "is not what the client logs in with",
      { secret: "an0ther", clientAuthenticatorType: "client-jwt" },
      false,
      OUTPUTS,
    ],
    ["is missing, which is told as unknown", {}, true, OUTPUTS],
    ["is empty, which is told as unknown", { secret: "" }, true, OUTPUTS],
    ["is masked, which is told as unknown", { secret: "**********" }, true, OUTPUTS],
    ["is one that the stack itself has as empty", { secret: "an0ther" }, false, stackWith("")],
    ["is one that the stack itself has masked", { secret: "an0ther" }, false, stackWith("**********")],
    ["has not been handed over", { secret: "an0ther" }, false, {}],
  ])("is told as no change where it %s", async (_, client, isHidden, outputs) => {
    expect(await told(client, [], outputs)).toEqual([]);
    expect(hidden).toEqual(isHidden ? ["acme"] : []);
  });
});

describe("a further mapper of a client", () => {
  it("is told with its claim; the program's own is none", async () => {
    const further = { id: "1", name: "debug", config: { "claim.name": "sub" } };
    expect(await told({ protocolMappers: [OWN_MAPPER, further, { id: "2", name: "x" }] })).toMatchObject([
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

  it("is none where it only has the place of a lost one, which is told as that", async () => {
    expect(await told({ protocolMappers: [{ id: "1", name: "organizationId" }] }, [mapperOf("acme")])).toEqual([]);
  });
});

it("knows which of the lost resources somebody made anew", async () => {
  const globex = clientOf("globex");
  const mapper = { ...mapperOf("acme"), inputs: { ...mapperOf("acme").inputs, clientId: "1" } };
  const admin = adminOf({
    "/clients?clientId=acme": [],
    "/clients?clientId=globex": [{ id: "2", clientId: "globex" }],
    "/clients/1/protocol-mappers/models": [{ id: "3", name: "organizationId" }],
  });
  const urns = await remade([clientOf("acme"), globex, mapper].map(lost), admin);
  expect(urns).toEqual(new Set([managed(globex).urn, managed(mapper).urn]));
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
