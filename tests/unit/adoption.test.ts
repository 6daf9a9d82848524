import { refuseAdoption } from "../../commands/adopt/adoptCustomers.ts";
import { type AdoptionReview, reviewAdoption } from "../../commands/adopt/adoptionReview.ts";
import { adoptionText } from "../../commands/adopt/adoptionText.ts";
import { findCandidates } from "../../commands/adopt/candidates.ts";
import { furtherMappers, obstacles, whatCloses } from "../../commands/recovery/clientChanges.ts";
import { replaceMappers } from "../../commands/adopt/replaceMappers.ts";
import type { Preview } from "../../commands/pulumi/preview.ts";
import { accepted, ID, withIntegrations } from "./configuration.ts";
import { FakeKeycloak, newKeys, sign } from "./fakeKeycloak.ts";
import { fakeAdmin } from "./fakePulumi.ts";

const client = (fields: object = {}) => ({ id: "1", clientId: "acme", ...fields });
const mapper = (name: string, claim?: string) => ({
  id: `id-of-${name}`,
  name,
  config: claim === undefined ? {} : { "claim.name": claim },
});
describe("what an adoption closes", () => {
  test("is nothing of a client that is as the program makes it", () => {
    const hardened = {
      standardFlowEnabled: false,
      defaultClientScopes: ["basic", "scpCloud"],
      optionalClientScopes: [],
      redirectUris: [],
      attributes: { "oauth2.device.authorization.grant.enabled": "false" },
    };
    expect([...whatCloses(client(hardened), ["basic", "scpCloud"])]).toEqual([]);
  });

  // What the admin console's defaults leave open is in the end-to-end test of adoption.
  test.each([
    [{ implicitFlowEnabled: true }, /implicit flow/],
    [{ attributes: { "oauth2.device.authorization.grant.enabled": "true" } }, /device authorization/],
    [{ attributes: { "dpop.bound.access.tokens": "true" } }, /^DPoP/],
    [{ webOrigins: ["+"] }, /^web origins: `\+`$/],
    [{ optionalClientScopes: ["phone"] }, /^optional client scopes.*`phone`$/],
    [{ defaultClientScopes: ["basic", "email"] }, /^default client scopes: `email`$/],
    [{ publicClient: true }, /^use without a secret/],
  ])("is told of %j", (fields, sentence) => {
    expect([...whatCloses(client(fields), ["basic"])]).toEqual([expect.stringMatching(sentence)]);
  });
});

test.each([-2, 2])(
  "an adoption changes no iat and no exp where Keycloak's clock is %i days before this machine's",
  async (days) => {
    const settings = accepted(withIntegrations({ acme: { organizationId: ID } }));
    const [integration] = settings.integrations as [(typeof settings.integrations)[number]];
    const now = new Date(Date.now() + days * 86_400_000);
    const iat = Math.floor(now.getTime() / 1000);
    const keys = await newKeys();
    const token = await sign({ iat, exp: iat + settings.accessTokenLifespan }, keys);
    const tokens = () => Promise.resolve({ status: 200, body: { access_token: token } });
    const candidate = { integration, client: client({ secret: "made-by-keycloak-with-many-letters" }) };
    const keycloak = await FakeKeycloak.start({ issuer: "", tokens }, keys);
    const admin = { ...fakeAdmin({ "/clients/1/scope-mappings": {} }), now: () => now };
    const { claims } = await reviewAdoption(candidate, settings, keycloak, admin);
    const changes = Object.fromEntries(claims.map(({ claim, change }) => [claim, change]));
    expect(changes).toMatchObject({ iat: "stays", exp: "stays" });
  },
);

describe("the mappers of a client", () => {
  test("stay, but for the program's own", () => {
    const protocolMappers = [mapper("organizationId", "organizationId"), mapper("x", "tenant"), mapper("y")];
    expect(furtherMappers(client({ protocolMappers }))).toEqual([
      { id: "id-of-x", name: "x", claim: "tenant" },
      { id: "id-of-y", name: "y" },
    ]);
    expect([...obstacles(client({ protocolMappers }), true)]).toEqual([]);
  });

  test.each([
    ["made", [], ["POST /clients/1/protocol-mappers/models"]],
    ["changed", [mapper("organizationId", "tenant")], ["PUT /clients/1/protocol-mappers/models/id-of-organizationId"]],
  ])("give way to the program's own of the same claim, which is %s before they go", async (_, own, [first]) => {
    const protocolMappers = [mapper("by hand", "organizationId"), mapper("x", "tenant"), ...own];
    const changes: string[] = [];
    const change = (method: string, path: string) => Promise.resolve(void changes.push(`${method} ${path}`));

    expect([...obstacles(client({ protocolMappers }), true)]).toEqual([]);
    await replaceMappers(client({ protocolMappers }), "id", { ...fakeAdmin({}), change }, () => undefined);

    expect(changes).toEqual([first, "DELETE /clients/1/protocol-mappers/models/id-of-by hand"]);
  });
});

test.each([{ clientAuthenticatorType: "client-jwt" }, { protocol: "saml" }])(
  "a client that logs in by something else than a secret is not adopted as it is: %j",
  (fields) => {
    const [value] = Object.values(fields);
    expect([...obstacles(client(fields), true)]).toEqual([expect.stringContaining(`\`${value}\``)]);
  },
);

describe("the clients that can be adopted", () => {
  const [acme, known] = [{ organizationUser: "anna" }, { organizationUser: "bo" }];
  const settings = accepted(withIntegrations({ acme, known, new: { organizationUser: "cy" } }));
  const find = async (acme: object, ...wanted: string[]) => {
    const admin = fakeAdmin({ "/clients?clientId=acme": [client(acme)], "/clients?clientId=known": [client()] });
    const found = await findCandidates(settings, new Set(["known"]), admin, wanted);
    return found.map(({ integration }) => integration.clientId);
  };

  test("are those of the stack file that Keycloak has and the state has not", async () => {
    expect(await find({})).toEqual(["acme"]);
    expect(await find({}, "acme")).toEqual(["acme"]);
  });

  test("are told from all others that are named, at once", async () => {
    await expect(find({}, "acme", "known", "new", "other")).rejects.toThrow(
      /known: the stack has it already.*\nother: the stack file has no such customer.*\nnew: Keycloak has no such client/,
    );
  });

  test("have a secret, as with an empty one anybody gets their tokens; or are public, and need none", async () => {
    await expect(find({ secret: "" })).rejects.toThrow(
      /acme: the client's secret is empty, .* Clients, Credentials, Regenerate/,
    );
    expect(await find({ secret: "", publicClient: true })).toEqual(["acme"]);
  });
});

describe("an adoption", () => {
  const REVIEW: AdoptionReview = { clientId: "acme", claims: [], closes: [], stays: [], obstacles: [] };
  const INTEGRATION = "urn:pulumi:dev::scpcloud::scpcloud:keycloak:Integration";
  const step = (op: string, customer: string) => {
    const urn = `${INTEGRATION}$keycloak:openid/client:Client::${customer}-client`;
    return [
      { op, urn, newState: { custom: true, parent: `${INTEGRATION}::${customer}` } },
      { op, urn: `${INTEGRATION}::${customer}`, newState: { custom: false } },
    ];
  };
  const SCOPES = "urn:pulumi:dev::scpcloud::scpcloud:keycloak:RealmScopes";
  const shared = (op: string) => {
    const urn = `${SCOPES}$keycloak:openid/clientScope:ClientScope::realmScopes-scope`;
    return { op, urn, newState: { custom: true } };
  };
  const preview = (...steps: Preview["steps"]): Preview => ({ steps, counts: {}, errors: [], warnings: [] });

  test("may make what all customers share, and nobody else's changes", () => {
    refuseAdoption([REVIEW], preview(...step("create", "acme"), shared("create")));
    expect(() => refuseAdoption([REVIEW], preview(...step("create", "acme"), ...step("update", "globex")))).toThrow(
      "`globex`: the stack file changes something here, too.",
    );
    expect(() => refuseAdoption([REVIEW], preview(shared("update")))).toThrow("the stack file changes something here");
  });

  test("says why there is no token to compare with", () => {
    const text = adoptionText([{ ...REVIEW, noToken: "no token: 401" }], "dev");
    expect(text).toContain("There is no token today to compare with: `no token: 401`.");
  });
});
