import * as pulumi from "@pulumi/pulumi";

import { explainPolicies, explainRefusal, explainingRefusals, isOfPolicy } from "../../components/refusals.ts";
import { Integration, type IntegrationArgs } from "../../components/integration.ts";
import { findResource, type Lookup, underMocks, valueOf } from "../mocks.ts";

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
      return valueOf(integration.clientSecret);
    },
    lookups,
    "test",
    isPreview,
  );

const ofCustomer = async () => (await declare()).resources.filter(({ parent }) => parent === "acme");

describe("Integration", () => {
  it.each([
    [true, false, "enabled and protected", true, 4],
    [true, true, "neither", false, 0],
    [false, false, "enabled", true, 0],
  ])(
    "keeps what the customer has from being deleted unless it is retired: protect %s and retired %s make it %s",
    async (protect, retired, _, enabled, count) => {
      const { resources } = await declare({ protect, retired });

      expect(findResource(resources, CLIENT, "acme-client").inputs).toMatchObject({ enabled });
      expect(resources.filter((one) => one.parent === "acme" && one.protect)).toHaveLength(count);
    },
  );

  it("takes away what a client has before it is given anew, not afterwards; only the client itself is made first", async () => {
    const first = (await ofCustomer()).filter(({ deleteBeforeReplace }) => !deleteBeforeReplace);
    expect(first.map(({ name }) => name)).toEqual(["acme-client"]);
  });

  it("marks the client for the client policy where secrets overlap", async () => {
    const { resources } = await declare({ overlapDays: 14 });

    expect(findResource(resources, CLIENT, "acme-client").inputs["extraConfig"]).toEqual({
      "scpcloud.rotation": "true",
    });
  });

  it("has the hook told whatever Keycloak refuses", async () => {
    expect((await ofCustomer()).map(({ errorHooks }) => errorHooks)).toEqual(Array(4).fill(["refusal"]));
  });
});

describe("a refusal of Keycloak", () => {
  const SCOPE = "keycloak:openid/clientScope:ClientScope";
  const MAPPER = "keycloak:openid/hardcodedClaimProtocolMapper:HardcodedClaimProtocolMapper";
  const PROFILE = "keycloak:index/realmClientPolicyProfile:RealmClientPolicyProfile";
  const INPUTS: Readonly<Record<string, object>> = {
    [CLIENT]: { clientId: "acme" },
    [MAPPER]: { clientId: "c7834e89-74ff-42ae-a6d8-8693f24b1351", name: "organizationId" },
  };
  const refusal = (error: string, type = CLIENT) => ({
    errors: [error],
    failedOperation: "create",
    name: "logical-name",
    newInputs: { realmId: "ScpCloud", ...(INPUTS[type] ?? { name: "scpCloud" }) },
    type,
  });

  it.each([
    [CLIENT, "POST /admin/realms/ScpCloud/clients: 409 Conflict", 'Keycloak already has a client "acme"'],
    [CLIENT, "409 Conflict", "scpcloud recover --stack prod"],
    [CLIENT, "409 Conflict", "made it by hand, run: scpcloud adopt --stack prod"],
    [CLIENT, "409 Conflict", "If this run was to replace it (--replace, --target-replace), the state does know it"],
    [SCOPE, "409 Conflict", 'client scope "scpCloud"'],
    [MAPPER, "mapper with name x already exists", 'already has a hardcoded claim protocol mapper "organizationId"'],
    [CLIENT, "403 Forbidden", 'forbids the deployer to create client "acme"'],
    [CLIENT, "403 Forbidden", "the role manage-clients of the client realm-management in realm ScpCloud"],
    [MAPPER, "403 Forbidden", "manage-clients and, from Keycloak 26.8.2 on, manage-realm"],
    [PROFILE, "403 Forbidden", "the role manage-realm of the client"],
    [PROFILE, "400: executor, which does not have valid provider", "feature client-secret-rotation is off"],
    [PROFILE, "400: name duplicated.", "Declare secretRotation in one stack of a realm only."],
  ])("of a %s, %s, is told: %s", (type, error, words) => {
    expect(explainRefusal(refusal(error, type), "prod")).toContain(words);
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

  it.each([
    ["500 Internal Server Error", "create"],
    ["409 Conflict", "update"],
  ])("is left to the provider's words where adoption would not help: %s of an %s", (error, failedOperation) => {
    expect(explainRefusal({ ...refusal(error), failedOperation }, "prod")).toBeUndefined();
  });
});

describe("a secret that the state does not know", () => {
  const STATE = "stored secret of acme-client";
  const showing = (stored: string, shown: string) => ({
    [STATE]: () => ({ clientSecret: stored }),
    getClient: () => ({ id: "client", clientSecret: shown }),
  });

  it.each(["", "**********"])("is read anew where it stands there as %j", async (stored) => {
    expect((await declare({}, showing(stored, "s3cret"))).result).toBe("s3cret");
  });

  it.each([
    ["none", ""],
    ["asterisks, so that it lacks the role manage-clients", "**********"],
  ])("fails the run with the command that helps, where Keycloak shows %s", async (words, shown) => {
    const error = jest.spyOn(pulumi.log, "error").mockResolvedValue(undefined);

    expect((await declare({}, showing("", shown))).result).toBeUndefined();
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

    expect((await declare({}, showing("", ""), true)).result).toBeUndefined();
    expect(warn).toHaveBeenCalledTimes(1);
    warn.mockRestore();
  });

  it("costs those nothing whose secret it knows", async () => {
    const getClient = jest.fn(() => ({}));

    expect((await declare({}, { getClient })).result).toBe("secret-of-acme-client");
    expect(getClient).not.toHaveBeenCalled();
  });
});
