import * as pulumi from "@pulumi/pulumi";

import { explainPolicies, explainRefusal, explainingRefusals, isOfPolicy } from "../../components/refusals";
import { Integration, type IntegrationArgs } from "../../components/integration";
import { findResource, type Lookup, LOOKUPS, underMocks, valueOf } from "../mocks";

const CLIENT = "keycloak:openid/client:Client";

const declare = (args: Partial<IntegrationArgs> = {}, lookups: Record<string, Lookup> = {}, isPreview = false) =>
  underMocks(
    async () => {
      const options = explainingRefusals("test", () => new Date());
      const integration = new Integration(
        "acme",
        {
          realmId: "ScpCloud",
          clientId: "acme",
          name: "Acme Limited",
          organizationId: "c7834e89-74ff-42ae-a6d8-8693f24b1351",
          accessTokenLifespan: 1800,
          retired: false,
          protect: true,
          scopeNames: ["scpCloud", pulumi.output("scpCloud-account")],
          ...args,
        },
        options,
      );
      return {
        clientSecret: await valueOf(integration.clientSecret),
        serviceAccountUserId: await valueOf(integration.serviceAccountUserId),
      };
    },
    lookups,
    "test",
    isPreview,
  );

const ofCustomer = async () => (await declare()).resources.filter(({ parent }) => parent === "acme");

describe("Integration", () => {
  it("declares four resources a customer, no more", async () => {
    expect((await ofCustomer()).map(({ name }) => name).sort()).toEqual([
      "acme-client",
      "acme-default-scopes",
      "acme-optional-scopes",
      "acme-organization-id",
    ]);
  });

  it.each([
    [
      { protect: true, retired: false },
      { enabled: true, isProtected: true },
    ],
    [
      { protect: true, retired: true },
      { enabled: false, isProtected: false },
    ],
    [
      { protect: false, retired: false },
      { enabled: true, isProtected: false },
    ],
  ])(
    "keeps what the customer has from being deleted unless its customer is retired: %j",
    async (args, { enabled, isProtected }) => {
      const { resources } = await declare(args);

      expect(findResource(resources, CLIENT, "acme-client").inputs).toMatchObject({ enabled });
      const declared = resources.filter(({ parent, protect }) => parent === "acme" && protect).map(({ name }) => name);
      expect(declared).toHaveLength(isProtected ? 4 : 0);
    },
  );

  it("takes away what a client has before it is given anew, not afterwards; only the client itself is made first", async () => {
    const first = (await ofCustomer()).filter(({ deleteBeforeReplace }) => !deleteBeforeReplace);
    expect(first.map(({ name }) => name)).toEqual(["acme-client"]);
  });

  it("declares a client that can do nothing but fetch tokens for its service account", async () => {
    const client = findResource(await ofCustomer(), CLIENT, "acme-client");

    expect(client.inputs).toEqual({
      realmId: "ScpCloud",
      clientId: "acme",
      name: "Acme Limited",
      enabled: true,
      accessType: "CONFIDENTIAL",
      serviceAccountsEnabled: true,
      standardFlowEnabled: false,
      implicitFlowEnabled: false,
      directAccessGrantsEnabled: false,
      oauth2DeviceAuthorizationGrantEnabled: false,
      fullScopeAllowed: false,
      consentRequired: false,
      accessTokenLifespan: "1800",
      useRefreshTokens: false,
      useRefreshTokensClientCredentials: false,
      frontchannelLogoutEnabled: false,
      backchannelLogoutSessionRequired: false,
      validRedirectUris: [],
      webOrigins: [],
      requireDpopBoundTokens: false,
      clientSessionMaxLifespan: "0",
    });
  });

  it("marks the client for the client policy where secrets overlap", async () => {
    const { resources } = await declare({ overlapDays: 14 });

    expect(findResource(resources, CLIENT, "acme-client").inputs["extraConfig"]).toEqual({
      "scpcloud.rotation": "true",
    });
  });

  it("leaves the secret to Keycloak", async () => {
    const client = findResource(await ofCustomer(), CLIENT, "acme-client");

    expect(Object.keys(client.inputs).filter((key) => /secret/i.test(key))).toEqual([]);
  });

  it("gives the client complete scope lists, service_account and basic among them, and no optional scope", async () => {
    const resources = await ofCustomer();

    expect(
      findResource(resources, "keycloak:openid/clientDefaultScopes:ClientDefaultScopes", "acme-default-scopes").inputs,
    ).toEqual({
      realmId: "ScpCloud",
      clientId: "id-of-acme-client",
      defaultScopes: ["basic", "roles", "service_account", "scpCloud", "scpCloud-account"],
    });
    expect(
      findResource(resources, "keycloak:openid/clientOptionalScopes:ClientOptionalScopes", "acme-optional-scopes")
        .inputs,
    ).toEqual({ realmId: "ScpCloud", clientId: "id-of-acme-client", optionalScopes: [] });
  });

  it("maps organizationId as text into access tokens only", async () => {
    expect(
      findResource(
        await ofCustomer(),
        "keycloak:openid/hardcodedClaimProtocolMapper:HardcodedClaimProtocolMapper",
        "acme-organization-id",
      ).inputs,
    ).toEqual({
      realmId: "ScpCloud",
      clientId: "id-of-acme-client",
      name: "organizationId",
      claimName: "organizationId",
      claimValue: "c7834e89-74ff-42ae-a6d8-8693f24b1351",
      claimValueType: "String",
      addToAccessToken: true,
      addToIdToken: false,
      addToUserinfo: false,
    });
  });

  it("hands on what Keycloak made", async () => {
    expect((await declare()).result).toEqual({
      clientSecret: "secret-of-acme-client",
      serviceAccountUserId: "service-account-of-acme-client",
    });
  });

  it("has the hook told whatever Keycloak refuses", async () => {
    expect((await ofCustomer()).map(({ errorHooks }) => errorHooks)).toEqual(Array(4).fill(["refusal"]));
  });
});

describe("a refusal of Keycloak", () => {
  const refusal = (error: string, type = CLIENT) => ({
    errors: [error],
    failedOperation: "create",
    name: "logical-name",
    newInputs: type === CLIENT ? { realmId: "ScpCloud", clientId: "acme" } : { realmId: "ScpCloud", name: "scpCloud" },
    type,
  });

  it("because it has the client already is told with the command that adopts it", () => {
    const explanation = explainRefusal(refusal("POST /admin/realms/ScpCloud/clients: 409 Conflict"), "prod");

    expect(explanation).toContain('Keycloak already has a client "acme"');
    expect(explanation).toContain("scpcloud recover --stack prod");
    expect(explanation).toContain("made it by hand, run: scpcloud adopt --stack prod");
    expect(explanation).toContain(
      "If this run was to replace it (--replace, --target-replace), the state does know it",
    );
  });

  it("of a client scope calls it so", () => {
    const type = "keycloak:openid/clientScope:ClientScope";

    expect(explainRefusal(refusal("409 Conflict", type), "prod")).toContain('client scope "scpCloud"');
  });

  it("of a mapper names the mapper, not the UUID of its client", () => {
    const type = "keycloak:openid/hardcodedClaimProtocolMapper:HardcodedClaimProtocolMapper";
    const newInputs = { realmId: "ScpCloud", clientId: "c7834e89-74ff-42ae-a6d8-8693f24b1351", name: "organizationId" };

    const explanation = explainRefusal(
      { ...refusal("mapper with name organizationId already exists", type), newInputs },
      "prod",
    );

    expect(explanation).toContain('Keycloak already has a hardcoded claim protocol mapper "organizationId"');
  });

  it("for lack of permission names the missing role", () => {
    const explanation = explainRefusal(refusal("POST /admin/realms/ScpCloud/clients: 403 Forbidden"), "prod");

    expect(explanation).toContain('forbids the deployer to create client "acme"');
    expect(explanation).toContain("manage-clients of the client realm-management in realm ScpCloud");
  });

  it("of a client policy names the role that it needs, or the feature that the server lacks", () => {
    const type = "keycloak:index/realmClientPolicyProfile:RealmClientPolicyProfile";
    const invalid =
      "400 Bad Request: proposed client profile contains the executor, which does not have valid provider";

    expect(explainRefusal(refusal("403 Forbidden", type), "prod")).toContain("the role manage-realm of the client");
    expect(explainRefusal(refusal(invalid, type), "prod")).toContain("feature client-secret-rotation is off");
    expect(explainRefusal(refusal("400: proposed client profile name duplicated.", type), "prod")).toContain(
      "run: scpcloud recover --stack prod. Declare secretRotation in one stack of a realm only.",
    );
  });

  it("by a client policy names the realm's policies, and Keycloak's own reason", () => {
    const said = '400 Bad Request. Response body: {"error":"invalid_client_metadata","error_description":"Invalid: x"}';
    const refused = refusal(said);

    expect(isOfPolicy(refused)).toBe(true);
    expect(isOfPolicy(refusal("400 Bad Request. Response body: {}"))).toBe(false);
    expect(explainPolicies(refused, ['"secure" (client profiles: fapi)'])).toBe(
      'A client policy of realm ScpCloud does not let the deployer create client "acme": Invalid: x. Nothing was changed ' +
        'in it. Enabled: "secure" (client profiles: fapi). Except the customers\' clients from that policy, in the admin ' +
        "console: Realm settings, Client policies.",
    );
    expect(explainPolicies(refused, [])).not.toContain("Enabled");
  });

  it("for another reason is left to the provider's words", () => {
    expect(explainRefusal(refusal("500 Internal Server Error"), "prod")).toBeUndefined();
  });

  it("of an update is no matter of adoption", () => {
    expect(explainRefusal({ ...refusal("409 Conflict"), failedOperation: "update" }, "prod")).toBeUndefined();
  });
});

describe("a secret that the state does not know", () => {
  const STATE = "stored secret of acme-client";
  const showing = (stored: string, shown: string) => ({
    [STATE]: () => ({ clientSecret: stored }),
    getClient: () => ({ id: "client", clientSecret: shown }),
  });

  it.each(["", "**********"])("is read anew where it stands there as %j", async (stored) => {
    expect((await declare({}, showing(stored, "s3cret"))).result.clientSecret).toBe("s3cret");
  });

  it.each([
    ["none", ""],
    ["asterisks, so that it lacks the role manage-clients", "**********"],
  ])("fails the run with the command that helps, where Keycloak shows %s", async (words, shown) => {
    const error = jest.spyOn(pulumi.log, "error").mockResolvedValue(undefined);

    expect((await declare({}, showing("", shown))).result.clientSecret).toBeUndefined();
    const [text] = error.mock.calls[0] ?? [];
    expect(text).toContain(
      `The secret of client "acme" is not known: the state has none, and Keycloak shows the deployer ${words}.`,
    );
    expect(text).toContain("scpcloud recover --stack test");
    expect(error).toHaveBeenCalledTimes(1);
    expect(process.exitCode).toBe(32);
    process.exitCode = undefined;
    error.mockRestore();
  });

  it("is only warned of in a preview, since an update may make Keycloak give one out", async () => {
    const warn = jest.spyOn(pulumi.log, "warn").mockResolvedValue(undefined);

    expect((await declare({}, showing("", ""), true)).result.clientSecret).toBeUndefined();
    expect(warn).toHaveBeenCalledTimes(1);
    warn.mockRestore();
  });

  it("costs those nothing whose secret it knows", async () => {
    const getClient = jest.fn(LOOKUPS["getClient"]);

    expect((await declare({}, { getClient })).result.clientSecret).toBe("secret-of-acme-client");
    expect(getClient).not.toHaveBeenCalled();
  });
});
