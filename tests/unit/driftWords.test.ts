import { readFileSync } from "node:fs";
import { join } from "node:path";

import { inOrder } from "../../commands/drift/finding";
import { TYPES } from "../../contract/types";
import { tell } from "../../commands/drift/tell";
import { CHANGED } from "../../commands/drift/words";
import { changed, clientOf, type Had, lost, mapperOf, SHARED } from "./driftPreviews";

const ACME = clientOf("acme");
const SCOPES: Had = { type: TYPES.defaultScopes, name: "s", of: "acme" };
const OPTIONAL: Had = { ...SCOPES, type: TYPES.optionalScopes };
const AUDIENCE: Had = { type: TYPES.audience, name: "realmScopes-audience", of: SHARED, inputs: { name: "audience" } };
const SHARED_SCOPE: Had = {
  type: TYPES.clientScope,
  name: "realmScopes-scope",
  of: SHARED,
  inputs: { name: "scpCloud" },
};
const ROLE: Had = { type: TYPES.roleMapping, name: "realmScopes-account-view-profile", of: SHARED };
const rotation = { of: SHARED, inputs: { name: "scpcloud-secret-rotation-14-days" } };
const PROFILE: Had = { type: TYPES.clientProfile, name: "realmScopes-rotation-profile", ...rotation };
const POLICY: Had = { type: TYPES.clientPolicy, name: "realmScopes-rotation-policy", ...rotation };

const sentences = (...[had, property, stored, real]: Parameters<typeof changed>) =>
  tell(changed(had, property, stored, real)).map(({ sentence }) => sentence);

it("tells every kind of change by hand in words", () => {
  const changes: readonly Parameters<typeof changed>[] = [
    [ACME, "directAccessGrantsEnabled", false, true],
    [ACME, "directAccessGrantsEnabled", true, false],
    [ACME, "fullScopeAllowed", false, true],
    [ACME, "standardFlowEnabled", false, true],
    [ACME, "oauth2JwtAuthorizationGrantEnabled", false, true],
    [ACME, "standardTokenExchangeEnabled", undefined, true],
    [ACME, "oauth2DeviceCodeLifespan", undefined, "600"],
    [ACME, "enabled", true, false],
    [ACME, "enabled", false, true],
    [ACME, "accessTokenLifespan", "300", "3000"],
    [ACME, "clientId", "acme", "acme2"],
    [ACME, "accessType", "CONFIDENTIAL", "PUBLIC"],
    [ACME, "accessType", "CONFIDENTIAL", "BEARER-ONLY"],
    [ACME, "serviceAccountsEnabled", true, false],
    [ACME, "loginTheme", undefined, "dark"],
    [ACME, "clientSecret", "[secret]", "[secret]"],
    [ACME, "validRedirectUris", ["https://a"], undefined],
    [SCOPES, "defaultScopes", ["basic", "roles"], ["basic", "email", "profile"]],
    [OPTIONAL, "optionalScopes", undefined, ["phone"]],
    [mapperOf("acme"), "claimValue", "1", "2"],
    [mapperOf("acme"), "claimName", "organizationId", "sub"],
    [mapperOf("acme"), "addToAccessToken", true, false],
    [mapperOf("acme"), "addToIdToken", false, true],
    [AUDIENCE, "includedCustomAudience", "scpCloud", "x"],
    [AUDIENCE, "addToAccessToken", true, false],
    [SHARED_SCOPE, "includeInTokenScope", false, true],
    [SHARED_SCOPE, "description", "a", "b"],
  ];
  const losses: readonly Had[] = [ACME, mapperOf("acme"), AUDIENCE, SHARED_SCOPE, ROLE, SCOPES];
  const told = [...changes.map((change) => changed(...change)), ...losses.map(lost)].flatMap(tell);
  expect(told.map(({ sentence }) => sentence).join("\n")).toMatchInlineSnapshot(`
   "someone switched on direct access grants on customer acme
   someone switched off direct access grants on customer acme
   someone switched on full scope on customer acme
   someone switched on logins by browser (the standard flow) on customer acme
   someone switched on the JWT authorization grant on customer acme
   someone switched on the standard token exchange on customer acme
   someone changed oauth2 device code lifespan of the client of customer acme from nothing to \`600\`
   someone disabled the client of customer acme, which gets no tokens any more
   someone enabled the retired customer acme again, or Keycloak refused to retire it
   someone changed the access token lifespan in seconds of customer acme from \`300\` to \`3000\`
   someone renamed the client of customer acme from \`acme\` to \`acme2\`
   someone made the client of customer acme public: its secret is lost
   someone changed the access type of customer acme from \`CONFIDENTIAL\` to \`BEARER-ONLY\`
   someone switched off the service account of customer acme, which gets no tokens any more; the account that up makes instead has another id (sub)
   someone changed login theme of the client of customer acme from nothing to \`dark\`
   someone changed client secret of the client of customer acme from \`[secret]\` to \`[secret]\`
   someone took the redirect URI \`https://a\` from customer acme
   someone added the default client scope \`email\` to customer acme
   someone added the default client scope \`profile\` to customer acme
   someone took the default client scope \`roles\` from customer acme
   someone added the optional client scope \`phone\` to customer acme
   someone changed the claim organizationId of customer acme from \`1\` to \`2\`
   someone renamed the claim organizationId of customer acme to \`sub\`
   someone took the claim organizationId of customer acme out of access tokens
   someone put the claim organizationId of customer acme into id tokens
   someone changed the audience of all customers' tokens from \`scpCloud\` to \`x\`
   someone took the audience out of all customers' tokens
   someone let the client scope scpCloud appear in the claim scope of all customers' tokens
   someone changed description of the client scope scpCloud from \`a\` to \`b\`
   someone deleted the client of customer acme, with its secret, its mapper and its client scopes
   someone deleted the mapper \`organizationId\` of customer acme: its tokens lack the claim \`organizationId\`
   someone deleted the mapper \`audience\` of the client scope scpCloud
   someone deleted the client scope scpCloud, with its mappers, and so from every customer
   someone deleted the role mapping \`view-profile\` of the client scope scpCloud-account
   someone deleted the client default scopes of customer acme"
  `);
});

it("tells what somebody changed in the client profile and the client policy of secret rotation", () => {
  const executor = (configuration: object, name = "secret-rotation") => [{ name, configuration }];
  const kept = { "expiration-period": "300000000", "rotated-expiration-period": "1209600" };
  const condition = (attributes: string, negative = "false") => [
    { name: "client-attributes", configuration: { "is-negative-logic": negative, attributes } },
  ];
  const ours = ' [{"key":"scpcloud.rotation","value":"true"}]';
  const changes: readonly Parameters<typeof changed>[] = [
    [
      PROFILE,
      "executors",
      executor(kept),
      executor({ "expiration-period": "86400", "rotated-expiration-period": "90" }),
    ],
    [PROFILE, "executors", executor(kept), executor({ ...kept, "rotated-expiration-period": "soon", more: "1" })],
    [PROFILE, "executors", executor(kept), executor({}, "secure-session")],
    [PROFILE, "description", "a", "b"],
    [POLICY, "enabled", true, false],
    [POLICY, "enabled", false, true],
    [POLICY, "profiles", ["scpcloud-secret-rotation-14-days"], ["of-others"]],
    [POLICY, "conditions", condition(ours), condition('[{"key":"a","value":"`b`"}]', "true")],
    [POLICY, "conditions", condition(ours), condition("[1, broken")],
    [POLICY, "conditions", condition(ours), [...condition(ours), { name: "any-client" }]],
    [POLICY, "conditions", condition(ours), undefined],
  ];
  const told = [...changes.map((change) => changed(...change)), lost(PROFILE), lost(POLICY)].flatMap(tell);
  expect(told.map(({ sentence }) => sentence).join("\n")).toMatchInlineSnapshot(`
   "someone changed for how long a customer's secret works from 3472 days 5 hours 20 minutes to 1 day
   someone changed for how long a customer's previous secret works beside its new one from 14 days to 1 minute 30 seconds
   someone changed for how long a customer's previous secret works beside its new one from 14 days to \`soon\`
   someone changed \`more\` of the executor \`secret-rotation\` of the client profile \`scpcloud-secret-rotation-14-days\` from nothing to \`1\`
   someone took the executor \`secret-rotation\` from the client profile \`scpcloud-secret-rotation-14-days\`: a secret that is renewed stops at once
   someone added the executor \`secure-session\` to the client profile \`scpcloud-secret-rotation-14-days\`
   someone changed description of the client profile \`scpcloud-secret-rotation-14-days\` from \`a\` to \`b\`
   someone switched off the client policy \`scpcloud-secret-rotation-14-days\`: a secret that is renewed stops at once
   someone switched on the client policy \`scpcloud-secret-rotation-14-days\`
   someone added the client profile \`of-others\` to the client policy \`scpcloud-secret-rotation-14-days\`
   someone took the client profile \`scpcloud-secret-rotation-14-days\` from the client policy \`scpcloud-secret-rotation-14-days\`: a secret that is renewed stops at once
   someone changed whether the secrets of all other clients overlap instead from \`false\` to \`true\`
   someone changed the attributes of the clients whose secrets overlap from \`scpcloud.rotation=true\` to \`\` a=\`b\` \`\`
   someone changed the attributes of the clients whose secrets overlap from \`scpcloud.rotation=true\` to \`[1, broken\`
   someone added the condition \`any-client\` to the client policy \`scpcloud-secret-rotation-14-days\`
   someone took the condition \`client-attributes\` from the client policy \`scpcloud-secret-rotation-14-days\`
   someone deleted the client profile \`scpcloud-secret-rotation-14-days\`: a secret that is renewed stops at once
   someone deleted the client policy \`scpcloud-secret-rotation-14-days\`: a secret that is renewed stops at once"
  `);
  expect(told.filter(({ danger }) => danger !== "credentials").map(({ sentence }) => sentence)).toEqual([
    expect.stringContaining("changed description"),
  ]);
});

describe("drift", () => {
  it("shows what a stranger has written as code, so that nothing of it becomes a link, a mention or another line", () => {
    expect(sentences(mapperOf("acme"), "claimValue", "1", "`@team`\n- [x](https://evil.example)")).toEqual([
      "someone changed the claim organizationId of customer acme from `1` to ``` `@team`\\u{a}- [x](https://evil.example) ```".replaceAll(
        "```",
        "``",
      ),
    ]);
  });

  it("has a sentence of its own wherever the program says something of a customer's client", () => {
    const golden = readFileSync(join(__dirname, "..", "golden", "prod.json"), "utf8");
    const { resources } = JSON.parse(golden) as { resources: Record<string, { inputs: object }> };
    const clients = Object.entries(resources).filter(([name]) => name.startsWith(`${TYPES.client} `));
    const declared = [...new Set(clients.flatMap(([, { inputs }]) => Object.keys(inputs)))];
    expect(declared.length).toBeGreaterThan(15);
    const told = Object.keys(CHANGED[TYPES.client] ?? {});
    expect(declared.filter((property) => !told.includes(property))).toEqual(["realmId"]);
  });

  it("means a new secret where a client is lost, and nowhere else", () => {
    expect([ACME, mapperOf("acme"), SHARED_SCOPE].map((had) => tell(lost(had))[0]?.newSecret)).toEqual([
      true,
      false,
      false,
    ]);
  });
});

it("tells the most dangerous first, whatever was asked first", () => {
  const findings = [
    changed(ACME, "name", "a", "b"),
    changed(mapperOf("acme"), "claimValue", "1", "2"),
    changed(ACME, "fullScopeAllowed", false, true),
    changed(ACME, "enabled", true, false),
    lost(clientOf("globex")),
  ].flatMap(tell);
  const inWords = (list: typeof findings) => inOrder(list).map(({ sentence }) => sentence.slice(0, 25));
  expect(inWords(findings)).toEqual([
    "someone deleted the clien",
    "someone disabled the clie",
    "someone switched on full ",
    "someone changed the claim",
    "someone changed the displ",
  ]);
  expect(inWords([...findings].reverse())).toEqual(inWords(findings));
});
