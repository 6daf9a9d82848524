import * as clients from "../../policy-pack/rules/clientRules.ts";
import type { Properties } from "../../policy-pack/rules/declaredResources.ts";

/** What a customer's client is declared as, as far as the rules look at it. */
const GOOD = {
  accessType: "CONFIDENTIAL",
  serviceAccountsEnabled: true,
  standardFlowEnabled: false,
  implicitFlowEnabled: false,
  directAccessGrantsEnabled: false,
  oauth2DeviceAuthorizationGrantEnabled: false,
  fullScopeAllowed: false,
  accessTokenLifespan: "300",
  validRedirectUris: [],
  webOrigins: [],
};
const BOUNDS = { minimum: 60, maximum: 3600 };

const RULES = {
  confidential: clients.confidential,
  flows: clients.flows,
  serviceAccount: clients.serviceAccount,
  fullScope: clients.fullScope,
  wildcards: clients.wildcards,
  lifespan: (client: Properties) => clients.lifespan(BOUNDS, client),
  advisedLifespan: (client: Properties) => clients.advisedLifespan({ maximum: 1800 }, client),
};

describe("the rules for clients", () => {
  it.each(Object.entries(RULES))("%s: nothing to say of a client as it should be", (_name, rule) => {
    expect([...rule(GOOD)]).toEqual([]);
  });

  it.each<[keyof typeof RULES, object, RegExp]>([
    ["confidential", { accessType: "PUBLIC" }, /^accessType is "PUBLIC"\. Write accessType: "CONFIDENTIAL"/],
    ["confidential", { accessType: "BEARER-ONLY" }, /^accessType is "BEARER-ONLY"/],
    ["confidential", { accessType: undefined }, /^accessType is undefined/],
    ["flows", { standardFlowEnabled: true }, /^standardFlowEnabled is true\. Set it to false.*login by browser/],
    ["flows", { implicitFlowEnabled: true }, /^implicitFlowEnabled is true/],
    ["flows", { directAccessGrantsEnabled: true }, /^directAccessGrantsEnabled is true.*password/],
    ["flows", { oauth2DeviceAuthorizationGrantEnabled: true }, /^oauth2DeviceAuthorizationGrantEnabled is true/],
    ["flows", { extraConfig: { "oidc.ciba.grant.enabled": "true" } }, /^oidc\.ciba\.grant\.enabled is true/],
    ["serviceAccount", { serviceAccountsEnabled: false }, /^serviceAccountsEnabled is not true/],
    ["serviceAccount", { serviceAccountsEnabled: undefined }, /^serviceAccountsEnabled is not true/],
    ["fullScope", { fullScopeAllowed: true }, /^fullScopeAllowed is not false/],
    // The provider's default is true.
    ["fullScope", { fullScopeAllowed: undefined }, /^fullScopeAllowed is not false/],
    ["wildcards", { validRedirectUris: ["https://a.example", "https://*"] }, /^validRedirectUris has "https:\/\/\*"/],
    ["wildcards", { validPostLogoutRedirectUris: ["*"] }, /^validPostLogoutRedirectUris has "\*"/],
    ["wildcards", { webOrigins: ["*"] }, /^webOrigins has "\*"/],
    ["lifespan", { accessTokenLifespan: "59" }, /^accessTokenLifespan is 59 seconds\. Write 60 to 3600/],
    ["lifespan", { accessTokenLifespan: "3601" }, /^accessTokenLifespan is 3601 seconds/],
    ["lifespan", { accessTokenLifespan: "soon" }, /^accessTokenLifespan is soon seconds/],
    ["lifespan", { accessTokenLifespan: undefined }, /^accessTokenLifespan is not set/],
    [
      "advisedLifespan",
      { accessTokenLifespan: "1801" },
      /^accessTokenLifespan is 1801 seconds\. Consider 1800 or less/,
    ],
  ])("%s: %j", (name, change, message) => {
    expect([...RULES[name]({ ...GOOD, ...change })]).toEqual([expect.stringMatching(message)]);
  });

  it.each(["60", "3600"])("a lifespan of %s seconds is within the bounds", (accessTokenLifespan) => {
    expect([...RULES.lifespan({ ...GOOD, accessTokenLifespan })]).toEqual([]);
  });

  it("tells each flow", () => {
    const client = { ...GOOD, standardFlowEnabled: true, implicitFlowEnabled: true };
    expect([...RULES.flows(client)]).toHaveLength(2);
  });
});

describe("the rule for protection", () => {
  const urn = "urn:pulumi:prod::scpcloud::scpcloud:keycloak:Integration$keycloak:openid/client:Client::acme-client";

  it.each<[string, string[], boolean, boolean | undefined, number]>([
    ["asks for it in the stacks that are named", ["prod"], false, undefined, 1],
    ["is met by it", ["prod"], true, undefined, 0],
    ["asks nothing of other stacks", ["dev"], false, undefined, 0],
    ["lets the client of a customer who is retired go", ["prod"], false, false, 0],
    ["does not let that of another customer go", ["prod"], false, true, 1],
  ])("%s", (_, stacks, protect, enabled, count) => {
    const said = [...clients.protection(stacks, { urn, protect, enabled })];
    expect(said).toEqual(
      Array.from({ length: count }, () => expect.stringMatching(/^The stack prod does not protect/) as string),
    );
  });
});
