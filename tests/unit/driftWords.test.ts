import { readFileSync } from "node:fs";
import { join } from "node:path";

import { inOrder } from "../../commands/drift/finding.ts";
import { TYPES } from "../../contract/types.ts";
import { CHANGED, tell } from "../../commands/drift/words.ts";
import { changed, clientOf, type Had, lost, mapperOf, SHARED } from "./driftPreviews.ts";

const ACME = clientOf("acme");
const SCOPES: Had = { type: TYPES.defaultScopes, name: "s", of: "acme" };
const AUDIENCE: Had = { type: TYPES.audience, name: "realmScopes-audience", of: SHARED, inputs: { name: "audience" } };
const SCOPE: Had = { type: TYPES.clientScope, name: "realmScopes-scope", of: SHARED, inputs: { name: "scpCloud" } };
const ROLE: Had = { type: TYPES.roleMapping, name: "realmScopes-account-view-profile", of: SHARED };
const rotation = { of: SHARED, inputs: { name: "scpcloud-secret-rotation-14-days" } };
const PROFILE: Had = { type: TYPES.clientProfile, name: "realmScopes-rotation-profile", ...rotation };
const POLICY: Had = { type: TYPES.clientPolicy, name: "realmScopes-rotation-policy", ...rotation };

type Changed = Parameters<typeof changed>;
const tellAll = (changes: readonly Changed[], losses: readonly Had[]) =>
  [...changes.map((change) => changed(...change)), ...losses.map(lost)].flatMap(tell);
const sentencesOf = (told: ReturnType<typeof tell>) => told.map(({ sentence }) => sentence).join("\n");

/** What a stranger has written is code: nothing of it becomes a link, a mention or another line. */
const FOREIGN = "`@team`\n- [x](https://evil.example)";

it("tells every kind of change by hand in words, besides those of tests/end-to-end/drift.test.ts", () => {
  const changes: readonly Changed[] = [
    [ACME, "directAccessGrantsEnabled", true, false],
    [ACME, "standardTokenExchangeEnabled", undefined, true],
    [ACME, "oauth2DeviceCodeLifespan", undefined, "600"],
    [ACME, "clientId", "acme", "acme2"],
    [ACME, "accessType", "CONFIDENTIAL", "BEARER-ONLY"],
    [ACME, "serviceAccountsEnabled", true, false],
    [ACME, "loginTheme", undefined, "dark"],
    [ACME, "clientSecret", "[secret]", "[secret]"],
    [ACME, "validRedirectUris", ["https://a"], undefined],
    [SCOPES, "defaultScopes", ["basic", "roles"], ["basic", "email"]],
    [mapperOf("acme"), "claimValue", "1", FOREIGN],
    [mapperOf("acme"), "claimName", "organizationId", "sub"],
    [mapperOf("acme"), "addToAccessToken", true, false],
    [mapperOf("acme"), "addToIdToken", false, true],
    [AUDIENCE, "addToAccessToken", true, false],
    [SCOPE, "includeInTokenScope", false, true],
    [SCOPE, "description", "a", "b"],
  ];
  expect(sentencesOf(tellAll(changes, [AUDIENCE, ROLE, SCOPES]))).toMatchInlineSnapshot(`
   "someone switched off direct access grants on customer acme
   someone switched on the standard token exchange on customer acme
   someone changed oauth2 device code lifespan of the client of customer acme from nothing to \`600\`
   someone renamed the client of customer acme from \`acme\` to \`acme2\`
   someone changed the access type of customer acme from \`CONFIDENTIAL\` to \`BEARER-ONLY\`
   someone switched off the service account of customer acme, which gets no tokens any more; the account that up makes instead has another id (sub)
   someone changed login theme of the client of customer acme from nothing to \`dark\`
   someone changed client secret of the client of customer acme from \`[secret]\` to \`[secret]\`
   someone took the redirect URI \`https://a\` from customer acme
   someone added the default client scope \`email\` to customer acme
   someone took the default client scope \`roles\` from customer acme
   someone changed the claim organizationId of customer acme from \`1\` to \`\` \`@team\`\\u{a}- [x](https://evil.example) \`\`
   someone renamed the claim organizationId of customer acme to \`sub\`
   someone took the claim organizationId of customer acme out of access tokens
   someone put the claim organizationId of customer acme into id tokens
   someone took the audience out of all customers' tokens
   someone let the client scope scpCloud appear in the claim scope of all customers' tokens
   someone changed description of the client scope scpCloud from \`a\` to \`b\`
   someone deleted the mapper \`audience\` of the client scope scpCloud
   someone deleted the role mapping \`view-profile\` of the client scope scpCloud-account
   someone deleted the client default scopes of customer acme"
  `);
});

it("tells what somebody changed in the pair of secret rotation, besides what tests/end-to-end/rotation.test.ts has", () => {
  const executor = (ends: string, overlaps: string, more?: object) => [
    {
      name: "secret-rotation",
      configuration: { "expiration-period": ends, "rotated-expiration-period": overlaps, ...more },
    },
  ];
  const kept = executor("300000000", "1209600");
  const condition = (attributes: string, negative = "false") => [
    { name: "client-attributes", configuration: { "is-negative-logic": negative, attributes } },
  ];
  const ours = ' [{"key":"scpcloud.rotation","value":"true"}]';
  const changes: readonly Changed[] = [
    [PROFILE, "executors", kept, executor("86400", "90")],
    [PROFILE, "executors", kept, executor("300000000", "soon", { more: "1" })],
    [PROFILE, "executors", kept, [{ name: "secure-session", configuration: {} }]],
    [PROFILE, "description", "a", "b"],
    [POLICY, "enabled", false, true],
    [POLICY, "profiles", ["scpcloud-secret-rotation-14-days"], ["of-others"]],
    [POLICY, "conditions", condition(ours), condition('[{"key":"a","value":"`b`"}]', "true")],
    [POLICY, "conditions", condition(ours), condition("[1, broken")],
  ];
  const told = tellAll(changes, [PROFILE, POLICY]);
  expect(sentencesOf(told)).toMatchInlineSnapshot(`
   "someone changed for how long a customer's secret works from 3472 days 5 hours 20 minutes to 1 day
   someone changed for how long a customer's previous secret works beside its new one from 14 days to 1 minute 30 seconds
   someone changed for how long a customer's previous secret works beside its new one from 14 days to \`soon\`
   someone changed \`more\` of the executor \`secret-rotation\` of the client profile \`scpcloud-secret-rotation-14-days\` from nothing to \`1\`
   someone took the executor \`secret-rotation\` from the client profile \`scpcloud-secret-rotation-14-days\`: a secret that is renewed stops at once
   someone added the executor \`secure-session\` to the client profile \`scpcloud-secret-rotation-14-days\`
   someone changed description of the client profile \`scpcloud-secret-rotation-14-days\` from \`a\` to \`b\`
   someone switched on the client policy \`scpcloud-secret-rotation-14-days\`
   someone added the client profile \`of-others\` to the client policy \`scpcloud-secret-rotation-14-days\`
   someone took the client profile \`scpcloud-secret-rotation-14-days\` from the client policy \`scpcloud-secret-rotation-14-days\`: a secret that is renewed stops at once
   someone changed whether the secrets of all other clients overlap instead from \`false\` to \`true\`
   someone changed the attributes of the clients whose secrets overlap from \`scpcloud.rotation=true\` to \`\` a=\`b\` \`\`
   someone changed the attributes of the clients whose secrets overlap from \`scpcloud.rotation=true\` to \`[1, broken\`
   someone deleted the client profile \`scpcloud-secret-rotation-14-days\`: a secret that is renewed stops at once
   someone deleted the client policy \`scpcloud-secret-rotation-14-days\`: a secret that is renewed stops at once"
  `);
  expect(told.filter(({ danger }) => danger !== "credentials").map(({ sentence }) => sentence)).toEqual([
    expect.stringContaining("changed description"),
  ]);
});

it("has a sentence of its own wherever the program says something of a customer's client", () => {
  const golden = readFileSync(join(import.meta.dirname, "..", "golden", "prod.json"), "utf8");
  const { resources } = JSON.parse(golden) as { resources: Record<string, { inputs: object }> };
  const clients = Object.entries(resources).filter(([name]) => name.startsWith(`${TYPES.client} `));
  const declared = [...new Set(clients.flatMap(([, { inputs }]) => Object.keys(inputs)))];
  expect(declared.length).toBeGreaterThan(15);
  const told = Object.keys(CHANGED[TYPES.client] ?? {});
  expect(declared.filter((property) => !told.includes(property))).toEqual(["realmId"]);
});

it("means a new secret where a client is lost, and nowhere else", () => {
  expect(tellAll([], [ACME, mapperOf("acme"), SCOPE]).map(({ newSecret }) => newSecret)).toEqual([true, false, false]);
});

it("tells the most dangerous first, whatever was asked first", () => {
  const told = tellAll(
    [
      [ACME, "name", "a", "b"],
      [mapperOf("acme"), "claimValue", "1", "2"],
      [ACME, "fullScopeAllowed", false, true],
      [ACME, "enabled", true, false],
    ],
    [ACME],
  );
  const dangers = ["existence", "credentials", "access", "claims", "other"];
  expect(inOrder(told).map(({ danger }) => danger)).toEqual(dangers);
  expect(inOrder([...told].reverse()).map(({ danger }) => danger)).toEqual(dangers);
});
