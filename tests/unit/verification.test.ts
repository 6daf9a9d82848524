import { createHmac } from "node:crypto";

import { exportSPKI } from "jose";

import type { StackOutputs } from "../../commands/cli/stack.ts";
import { differenceLines, type VerificationReport, verifyStack } from "../../commands/tokens/verification.ts";
import { verificationText } from "../../commands/verify/verificationText.ts";
import { tellOtherUser } from "../../commands/drift/unmanaged.ts";
import { refuseOtherUsers } from "../../commands/recovery/recoverStack.ts";
import { apiSettings, toEnvironment } from "../../components/serviceConfiguration.ts";
import type { Claims } from "../../contract/tokenContract.ts";
import { otherUsers } from "../../keycloak/users.ts";
import { describeOtherOrganization } from "../../components/warnings.ts";
import type { ResolvedIntegration } from "../../lookups/organizations.ts";
import { issuerOf } from "../../settings/settings.ts";
import { accepted, configuration, ID, OTHER_ID, withIntegrations } from "./configuration.ts";
import { FakeKeycloak, type FakeRealm, forge, newKeys, sign } from "./fakeKeycloak.ts";
import { fakeAdmin } from "./fakePulumi.ts";

const SETTINGS = accepted(withIntegrations({ acme: { organizationUser: "anna" } }));
const ISSUER = issuerOf(SETTINGS);
const BASIC = "Basic YWNtZTpzM2NyZXQ=";
const USER_ID = "1c9d8a70-2f61-4b0a-8a55-6d6a3a1f2b3c";

const OUTPUTS = {
  integrations: { acme: { organizationId: ID, serviceAccountUserId: USER_ID } },
  credentials: { acme: { clientSecret: "s3cret", basic: BASIC } },
  apiEnvironment: toEnvironment(apiSettings(SETTINGS), SETTINGS.api.environmentPrefix),
} satisfies StackOutputs;

const now = () => Math.floor(Date.now() / 1000);

const goodClaims = (iat = now()): Claims => ({
  aud: "scpCloud",
  azp: "acme",
  clientAddress: "172.18.0.1",
  clientHost: "172.18.0.1",
  client_id: "acme",
  exp: iat + 300,
  iat,
  iss: ISSUER,
  jti: "trrtcc:1",
  organizationId: ID,
  scope: "",
  sub: USER_ID,
  typ: "Bearer",
});

const keys = newKeys();

interface Case {
  readonly token?: string | Promise<string>;
  readonly realm?: Partial<FakeRealm>;
  readonly outputs?: StackOutputs;
  readonly settings?: typeof SETTINGS;
  readonly objects?: Readonly<Record<string, object>>;
}

const signed = async (claims: object) => sign(claims, await keys);
const REFUSED = { status: 401, body: { error: "invalid_client", error_description: "Invalid client credentials" } };
const usersOf = (username: string, id: string) => ({ [`/users?exact=true&username=${username}`]: [{ id, username }] });
const USERS = { ...usersOf("anna", ID), ...usersOf("bo", ID) };

async function verify({ token, realm = {}, outputs = OUTPUTS, settings = SETTINGS, objects = {} }: Case = {}) {
  const tokens: FakeRealm["tokens"] = async (authorization) =>
    authorization === BASIC ? { status: 200, body: { access_token: await (token ?? signed(goodClaims())) } } : REFUSED;
  const keycloak = await FakeKeycloak.start({ issuer: ISSUER, tokens, ...realm }, await keys);
  return verifyStack(settings, outputs, { admin: fakeAdmin({ ...USERS, ...objects }), keycloak });
}

const TWO = accepted(withIntegrations({ acme: { organizationUser: "anna" }, b: { organizationUser: "bo" } }));

/** The customers `acme` and `b`, with these claims but for what names the customer. */
function verifyTwo(acme: Claims, b: Claims) {
  const integrations = { acme: OUTPUTS.integrations.acme, b: OUTPUTS.integrations.acme };
  const credentials = { ...OUTPUTS.credentials, b: { clientSecret: "s3cret", basic: "Basic YjpzM2NyZXQ=" } };
  const tokens: FakeRealm["tokens"] = async (authorization) => {
    const claims = authorization === BASIC ? acme : { ...b, azp: "b", client_id: "b" };
    return { status: 200, body: { access_token: await signed(claims) } };
  };
  return verify({ settings: TWO, outputs: { ...OUTPUTS, integrations, credentials }, realm: { tokens } });
}

const allDifferences = ({ clocks, differences, customers }: VerificationReport) => [
  ...clocks,
  ...differences,
  ...customers.flatMap(differenceLines),
];

const differencesOf = async (one: Case) => allDifferences(await verify(one));
const answering = (status: number): Case => ({ realm: { tokens: () => Promise.resolve({ status, body: {} }) } });

describe("verification", () => {
  test("finds nothing to complain of in the token that the settings promise", async () => {
    const report = await verify();
    expect(allDifferences(report)).toEqual([]);
    expect(report.issuer).toBe(ISSUER);
    expect(report.customers[0]?.claims.map(({ claim }) => claim)).toEqual(Object.keys(goodClaims()).sort());
    expect(verificationText(report, "prod").text).toMatch(/│ acme +│ token[^]*│ ✓ aud +│ "scpCloud"[^]*\n✓ prod: /);
  });

  test.each([
    ["is missing", { organizationId: undefined }, `is missing; the contract says "${ID}"`],
    ["that nobody promised", { email: "a@x" }, 'claim email is "a@x", but the contract does not have it'],
    ["of another value", { organizationId: OTHER_ID }, `is "${OTHER_ID}"; the contract says "${ID}"`],
  ])("names a claim %s", async (_, claims, told) => {
    const report = await verify({ token: signed({ ...goodClaims(), ...claims }) });
    expect(allDifferences(report)).toEqual([expect.stringMatching(/^acme: claim /)]);
    expect(allDifferences(report)[0]).toContain(told);
    expect(verificationText(report, "prod").text).toMatch(/│ ✗ [^]*promised: [^]*\n✗ prod: 1 customer, 1 difference$/);
  });

  test("holds the token to the id in the settings, not to what was deployed earlier", async () => {
    const settings = accepted(withIntegrations({ acme: { organizationId: OTHER_ID } }));
    expect(await differencesOf({ settings })).toEqual([
      `acme: claim organizationId is "${ID}"; the contract says "${OTHER_ID}"`,
    ]);
  });

  test("names an expired token among good ones", async () => {
    expect(allDifferences(await verifyTwo(goodClaims(), goodClaims(now() - 400)))).toEqual([
      expect.stringMatching(/^b: claim exp is \d+; the contract says iat \+ 300 s.*past/),
    ]);
  });
});

describe("a clock of the server that differs from this machine's", () => {
  test.each([
    ["an hour ahead", 3600, [/^Keycloak's clock, .*, is (3599|3600) s ahead of this machine's\./]],
    ["an hour behind", -3600, [/^Keycloak's clock, .*, is (3600|3601) s behind this machine's\./]],
    ["20 s ahead", 20, []],
    ["20 s behind", -20, []],
  ])("is told once beyond half a minute, and no iat or exp, where it is %s", async (_, seconds, told) => {
    const report = await verifyTwo(goodClaims(now() + seconds), goodClaims(now() + seconds));
    expect(allDifferences(report)).toEqual(told.map((words) => expect.stringMatching(words) as unknown));
  });

  test("is no reason to believe a lifespan that is another", async () => {
    const iat = now() + 3600;
    expect(await differencesOf({ token: signed({ ...goodClaims(iat), exp: iat + 301 + 30 }) })).toEqual([
      expect.stringContaining("Keycloak's clock"),
      expect.stringMatching(/^acme: claim exp is \d+; the contract says iat \+ 300 s/),
    ]);
  });
});

test.each<[string, () => string | Promise<string>]>([
  ["another key signed it", async () => sign(goodClaims(), await newKeys())],
  [
    "it was changed afterwards",
    async () => {
      const [, payload] = forge({}, { ...goodClaims(), organizationId: OTHER_ID }).split(".");
      return (await signed(goodClaims())).replace(/\..*\./, `.${payload}.`);
    },
  ],
  ["its algorithm is none", () => forge({ alg: "none", kid: "one" }, goodClaims())],
  ["its algorithm is none, with a signature", () => forge({ alg: "none" }, goodClaims(), "c2lnbmF0dXJl")],
  [
    "the public key served as an HMAC secret",
    async () => {
      const input = forge({ alg: "HS256", kid: "one" }, goodClaims()).slice(0, -1);
      const mac = createHmac("sha256", await exportSPKI((await keys).publicKey)).update(input);
      return `${input}.${mac.digest("base64url")}`;
    },
  ],
  ["it is no token at all", () => "opaque"],
])("a token that the realm's key did not sign is refused where %s", async (_, token) => {
  const { customers } = await verify({ token: token() });
  expect(customers).toEqual([{ clientId: "acme", retired: false, claims: [], differences: [expect.anything()] }]);
  expect(customers.flatMap(differenceLines)[0]).toMatch(
    /^acme: the token's signature does not match the realm's keys \(.+\)$/,
  );
});

describe("a customer without a token", () => {
  const withCredentials = (...secrets: string[]) => ({
    outputs: {
      ...OUTPUTS,
      credentials: Object.fromEntries(secrets.map((clientSecret) => ["acme", { clientSecret, basic: "of before" }])),
    },
  });

  test.each<[string, Case, string]>([
    ["with the server's reason", withCredentials("old"), "no token: 401 invalid_client: Invalid client credentials"],
    ["also where the server gives no reason", answering(503), "no token: 503"],
    ["with what to do where it is not deployed yet", { outputs: {} }, "not deployed yet; run: pulumi up"],
  ])("is told %s", async (_, one, told) => {
    expect((await verify(one)).customers.flatMap(differenceLines)).toEqual([`acme: ${told}`]);
  });

  test.each([[[]], [[""]], [["**********"]]])(
    "is told, and nothing is sent, where the stack's secret is missing, empty or masked: %j",
    async (secrets) => {
      const realm = { tokens: () => Promise.reject(new Error("asked for a token")) };
      expect(await differencesOf({ ...withCredentials(...secrets), realm })).toEqual([
        "acme: the stack does not know its secret; run: pulumi up",
      ]);
    },
  );

  test("is none whose secret has other characters than Keycloak's own", async () => {
    const basic = `Basic ${Buffer.from("acme:a%2Bb").toString("base64")}`;
    const tokens: FakeRealm["tokens"] = async (authorization) =>
      authorization === basic ? { status: 200, body: { access_token: await signed(goodClaims()) } } : REFUSED;
    expect(await differencesOf({ ...withCredentials("a+b"), realm: { tokens } })).toEqual([]);
  });

  test("does not keep the others from being verified", async () => {
    const { customers } = await verify({ settings: TWO });
    expect(customers.map(differenceLines)).toEqual([[], ["b: not deployed yet; run: pulumi up"]]);
  });
});

describe("the stack as a whole", () => {
  const other = "https://localhost:8443/realms/ScpCloud";
  const api = { environmentPrefix: "SCP_", section: "Jwt:Main", names: { validIssuers: "Issuers" } };
  const settings = accepted(configuration({ "scpcloud:api": api }));
  const deployedFor = (apiEnvironment: Readonly<Record<string, string>>) => ({ ...OUTPUTS, apiEnvironment });
  const withOld = { ...OUTPUTS.integrations, old: OUTPUTS.integrations.acme };
  test.each<[string, Case, readonly string[]]>([
    [
      "an issuer that the settings and the API do not know",
      { realm: { issuer: other } },
      [
        `says issuer ${other}; the settings say ${ISSUER}`,
        `valid issuers ["${ISSUER}"], not with the server's ${other}`,
      ],
    ],
    [
      "an API that was deployed with another issuer",
      { outputs: deployedFor({ Authentication__Schemes__Bearer__ValidIssuers__0: "https://old" }) },
      [`the API is configured with the valid issuers ["https://old"], not with the server's ${ISSUER}`],
    ],
    [
      "nothing where the API's issuers have names of their own",
      { settings, outputs: deployedFor({ SCP_Jwt__Main__Issuers__0: ISSUER }) },
      [],
    ],
    [
      "a customer that is deployed, but no longer wanted",
      { outputs: { ...OUTPUTS, integrations: withOld } },
      ["old: deployed, but no longer in the stack file; run: pulumi up"],
    ],
  ])("is told of %s", async (_, one, told) => {
    const { differences } = await verify(one);
    expect(differences).toEqual(told.map((words) => expect.stringContaining(words) as unknown));
  });

  test("cannot be verified where the server has no such realm", async () => {
    const path = "/realms/ScpCloud/.well-known/openid-configuration";
    await expect(verify({ realm: { answers: { [path]: { status: 404, body: { error: "x" } } } } })).rejects.toThrow(
      `https://keycloak.example.com${path} answered 404: is there a realm "ScpCloud"?`,
    );
  });
});

describe("a retired customer", () => {
  const settings = accepted(withIntegrations({ acme: { organizationUser: "anna", retired: true } }));
  const clientOf = (enabled: boolean) => ({ "/clients?clientId=acme": [{ id: "1", clientId: "acme", enabled }] });
  const REFRESH = "run: pulumi up --refresh";

  // A refusal alone proves nothing: its secret may be another one, or its deployment refused.
  test.each<[string, Case, Case["objects"], ...string[]]>([
    ["is disabled, and its secret refused", answering(401), clientOf(false)],
    ["is enabled, though refused", answering(401), clientOf(true), `retired, but its client is enabled; ${REFRESH}`],
    ["is not shown", answering(401), {}, `retired, but Keycloak shows no client of it; ${REFRESH}`],
    ["is enabled", {}, clientOf(true), `retired, but its client is enabled and it gets tokens; ${REFRESH}`],
    ["gets tokens", {}, clientOf(false), `retired, but it gets tokens; ${REFRESH}`],
    ["is not proved to be so, as the server fails", answering(500), clientOf(false), "no token: 500"],
  ])("%s", async (_, answer, objects, ...told) => {
    const report = await verify({ ...answer, objects: objects ?? {}, settings });
    expect(allDifferences(report)).toEqual(told.map((words) => `acme: ${words}`));
    expect(report.customers[0]).toMatchObject({ retired: true, claims: [] });
  });
});

describe("a claim that is wrong is told with the mappers that write it", () => {
  const mapper = (name: string, claim: string) => ({ id: name, name, config: { "claim.name": claim } });
  const audience = { id: "a", name: "audience", protocolMapper: "oidc-audience-mapper", config: {} };
  const objectsWith = (...protocolMappers: object[]) => ({
    "/clients?clientId=acme": [
      { id: "1", clientId: "acme", protocolMappers, defaultClientScopes: ["basic", "scpCloud"] },
    ],
    "/client-scopes": [
      { name: "basic", protocolMappers: [mapper("aaa", "organizationId"), mapper("b", "resource_access.x")] },
      { name: "scpCloud", protocolMappers: [audience, mapper("c", "a\\.b")] },
      { name: "of others", protocolMappers: [mapper("d", "email")] },
    ],
  });
  const OURS = mapper("organizationId", "organizationId");

  const BOTH = 'the mapper "organizationId" of the client and the mapper "aaa" of the client scope basic';

  test.each([
    [{ organizationId: OTHER_ID }, BOTH],
    [{ email: "x" }, 'the mapper "mail" of the client'],
    [{ resource_access: {} }, 'the mapper "b" of the client scope basic'],
    [{ aud: "other" }, 'the mapper "audience" of the client scope scpCloud'],
    [{ "a.b": 1 }, 'the mapper "c" of the client scope scpCloud'],
  ])("%j", async (claims, told) => {
    const objects = objectsWith(...("organizationId" in claims ? [OURS] : []), mapper("mail", "email"));
    expect(await differencesOf({ token: signed({ ...goodClaims(), ...claims }), objects })).toEqual([
      expect.stringMatching(`It is written by ${told}$`),
    ]);
  });

  test("also where it is right by chance, of whose data the customer sees", async () => {
    expect(await differencesOf({ objects: objectsWith(OURS) })).toEqual([
      `acme: claim organizationId is written by ${BOTH}: it is chance which of them the next token has. Delete what is not ours`,
    ]);
  });
});

describe("an organization whose user is another one than at the last up", () => {
  const NEW = "33333333-3333-4333-8333-333333333333";

  const path = "/users?exact=true&username=anna";
  const GONE = 'Keycloak shows the deployer no user "anna": it was deleted or renamed, or the deployer lacks the role';
  const before = { [`/users?briefRepresentation=true&search=id%3A${ID}`]: [{ id: ID, username: "bo" }] };

  test.each<[string, Case["objects"], string]>([
    [
      "the same name with another id, where the old id is nobody's",
      usersOf("anna", NEW),
      `SAME NAME, OTHER ID: the user "anna" has the id ${NEW}, and the tokens have ${ID}, which`,
    ],
    [
      "both names, where the stack file names another user by now",
      { ...usersOf("anna", NEW), ...before },
      `the stack file names the user "anna" (${NEW}), and the tokens have the id of "bo" (${ID})`,
    ],
    ["no such user", { [path]: [] }, GONE],
    ["none of just this name", { [path]: [{ id: ID, username: "Anna" }] }, GONE],
  ])("is told as %s", async (_, objects = {}, told) => {
    const isOther = JSON.stringify(objects).includes(NEW);
    const claim = `acme: claim organizationId is "${ID}"; the contract says "${NEW}"`;
    const differences = await differencesOf({ objects });
    expect(differences).toEqual([...(isOther ? [claim] : []), expect.stringContaining(`acme: ${told}`)]);
  });

  test("is told by drift as a finding, and refused by recover", async () => {
    const admin = fakeAdmin(usersOf("anna", NEW));
    const others = await otherUsers(admin, SETTINGS.integrations, OUTPUTS.integrations);
    expect(others.map(tellOtherUser)).toMatchObject([
      { danger: "access", sentence: expect.stringMatching("^customer acme: SAME NAME, OTHER ID: ") as string },
    ]);
    expect(() => refuseOtherUsers(others)).toThrow(
      /no customer another organization[^]*acme: SAME NAME[^]*write organizationId/,
    );
    expect(await otherUsers(fakeAdmin(USERS), SETTINGS.integrations, OUTPUTS.integrations)).toEqual([]);
  });

  test("is warned of by the program, in a preview too", () => {
    const told = (claimValue: string, name = "acme-organization-id") =>
      describeOtherOrganization({ name, oldInputs: { claimValue: ID }, newInputs: { claimValue } }, [
        { clientId: "acme", organization: { user: "anna" }, organizationId: NEW },
        { clientId: "b", organization: { id: NEW }, organizationId: NEW },
      ] as ResolvedIntegration[]);
    expect(told(NEW)).toBe(
      'acme: SAME NAME, OTHER ID, unless the stack file named another user than "anna" before: ' +
        `organizationId ${ID} becomes ${NEW}. See whose user that is.`,
    );
    expect(told(NEW, "b-organization-id")).toMatch(/^b: another organization, as the stack file says: /);
    expect([told(ID), told(NEW, "allowed-origins")]).toEqual([undefined, undefined]);
  });
});
