import { readFileSync } from "node:fs";
import { join } from "node:path";

import { CLIENT_LISTS, CLIENT_WORDS } from "../../commands/drift/clientWords";
import { inOrder } from "../../commands/drift/finding";
import {
  AUDIENCE_MAPPER,
  CLIENT,
  CONTAINER,
  NETWORK,
  ROLE_MAPPING,
  SCOPE,
} from "../../commands/drift/managedResources";
import { tell } from "../../commands/drift/tell";
import { APPS, changed, clientOf, type Had, lost, mapperOf, SHARED } from "./driftPreviews";

const ACME = clientOf("acme");
const SCOPES: Had = { type: "keycloak:openid/clientDefaultScopes:ClientDefaultScopes", name: "s", of: "acme" };
const AUDIENCE: Had = { type: AUDIENCE_MAPPER, name: "realmScopes-audience", of: SHARED, inputs: { name: "audience" } };
const SHARED_SCOPE: Had = { type: SCOPE, name: "realmScopes-scope", of: SHARED, inputs: { name: "scpCloud" } };
const ROLE: Had = { type: ROLE_MAPPING, name: "realmScopes-account-view-profile", of: SHARED };
const API: Had = { type: CONTAINER, name: "api-container", of: APPS, inputs: { name: "scpcloud-dev-api" } };

const sentences = (...[had, property, stored, real]: Parameters<typeof changed>) =>
  tell(changed(had, property, stored, real)).map(({ sentence }) => sentence);

describe("a changed property", () => {
  it.each([
    [ACME, "directAccessGrantsEnabled", false, true, "switched on direct access grants on customer acme"],
    [ACME, "directAccessGrantsEnabled", true, false, "switched off direct access grants on customer acme"],
    [ACME, "fullScopeAllowed", false, true, "switched on full scope on customer acme"],
    [ACME, "standardFlowEnabled", false, true, "switched on logins by browser (the standard flow) on customer acme"],
    [ACME, "enabled", true, false, "disabled the client of customer acme, which gets no tokens any more"],
    [ACME, "enabled", false, true, "enabled the retired customer acme again"],
    [
      ACME,
      "accessTokenLifespan",
      "300",
      "3000",
      "changed the access token lifespan in seconds of customer acme from `300` to `3000`",
    ],
    [ACME, "clientId", "acme", "acme2", "renamed the client of customer acme from `acme` to `acme2`"],
    [
      ACME,
      "accessType",
      "CONFIDENTIAL",
      "PUBLIC",
      "made the client of customer acme public, by which its secret is lost",
    ],
    [
      ACME,
      "accessType",
      "CONFIDENTIAL",
      "BEARER-ONLY",
      "changed the access type of customer acme from `CONFIDENTIAL` to `BEARER-ONLY`",
    ],
    [
      ACME,
      "serviceAccountsEnabled",
      true,
      false,
      "switched off the service account of customer acme, which gets no tokens any more; the account that up makes instead has another id (sub)",
    ],
    [
      ACME,
      "loginTheme",
      undefined,
      "dark",
      "changed login theme of the client of customer acme from nothing to `dark`",
    ],
    [
      ACME,
      "clientSecret",
      "[secret]",
      "[secret]",
      "changed client secret of the client of customer acme from `[secret]` to `[secret]`",
    ],
    [mapperOf("acme"), "claimValue", "1", "2", "changed the claim organizationId of customer acme from `1` to `2`"],
    [
      mapperOf("acme"),
      "claimName",
      "organizationId",
      "sub",
      "renamed the claim organizationId of customer acme to `sub`",
    ],
    [
      mapperOf("acme"),
      "addToAccessToken",
      true,
      false,
      "took the claim organizationId of customer acme out of access tokens",
    ],
    [mapperOf("acme"), "addToIdToken", false, true, "put the claim organizationId of customer acme into id tokens"],
    [
      AUDIENCE,
      "includedCustomAudience",
      "scpCloud",
      "x",
      "changed the audience of all customers' tokens from `scpCloud` to `x`",
    ],
    [AUDIENCE, "addToAccessToken", true, false, "took the audience out of all customers' tokens"],
    [
      SHARED_SCOPE,
      "includeInTokenScope",
      false,
      true,
      "let the client scope scpCloud appear in the claim scope of all customers' tokens",
    ],
    [SHARED_SCOPE, "description", "a", "b", "changed description of the client scope scpCloud from `a` to `b`"],
    [API, "mustRun", true, false, "stopped the container scpcloud-dev-api, or it ended by itself"],
    [API, "memory", 512, 128, "changed memory of the container scpcloud-dev-api from `512` to `128`"],
    [
      API,
      "ports",
      [{ external: 1 }],
      undefined,
      "took the container scpcloud-dev-api off its network, so that it publishes no ports",
    ],
    [API, "ports", [1], [2], "changed the ports of the container scpcloud-dev-api from `[1]` to `[2]`"],
  ])("%#: %s", (had, property, stored, real, sentence) => {
    expect(sentences(had, property, stored, real)).toEqual([`someone ${sentence}`]);
  });

  it("of a list is a sentence for each entry", () => {
    expect(sentences(SCOPES, "defaultScopes", ["basic", "roles"], ["basic", "email", "profile"])).toEqual([
      "someone added the default client scope `email` to customer acme",
      "someone added the default client scope `profile` to customer acme",
      "someone took the default client scope `roles` from customer acme",
    ]);
    expect(sentences(SCOPES, "optionalScopes", undefined, ["phone"])).toEqual([
      "someone added the optional client scope `phone` to customer acme",
    ]);
    expect(sentences(ACME, "validRedirectUris", ["https://a"], undefined)).toEqual([
      "someone took the redirect URI `https://a` from customer acme",
    ]);
  });

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
    const clients = Object.entries(resources).filter(([name]) => name.startsWith(`${CLIENT} `));
    const declared = [...new Set(clients.flatMap(([, { inputs }]) => Object.keys(inputs)))];
    expect(declared.length).toBeGreaterThan(15);
    const told = [...Object.keys(CLIENT_WORDS), ...Object.keys(CLIENT_LISTS)];
    expect(declared.filter((property) => !told.includes(property))).toEqual(["realmId"]);
  });
});

describe("a lost resource", () => {
  it.each([
    [ACME, "deleted the client of customer acme, with its secret, its mapper and its client scopes"],
    [
      mapperOf("acme"),
      "deleted the mapper `organizationId` of customer acme: its tokens lack the claim `organizationId`",
    ],
    [AUDIENCE, "deleted the mapper `audience` of the client scope scpCloud"],
    [SHARED_SCOPE, "deleted the client scope scpCloud, with its mappers, and so from every customer"],
    [ROLE, "deleted the role mapping `view-profile` of the client scope scpCloud-account"],
    [API, "removed the container scpcloud-dev-api"],
    [
      { type: NETWORK, name: "network", of: APPS, inputs: { name: "scpcloud-dev" } },
      "removed the network scpcloud-dev, so that its containers publish no ports",
    ],
    [
      { type: "docker:index/volume:Volume", name: "v", of: APPS, inputs: { name: "certificates" } },
      "removed the volume `certificates`",
    ],
    [SCOPES, "deleted the client default scopes of customer acme"],
  ])("%#", (had, sentence) => {
    expect(tell(lost(had)).map((finding) => finding.sentence)).toEqual([`someone ${sentence}`]);
  });

  it("that was a client means a new secret; nothing else does", () => {
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
