import type { StackOutputs } from "../../commands/cli/stack.ts";
import { apiSettings, toEnvironment } from "../../components/serviceConfiguration.ts";
import { tokenDifferences } from "../../commands/drift/tokenDrift.ts";
import type { Owner } from "../../commands/pulumi/owners.ts";
import { issuerOf } from "../../settings/settings.ts";
import { accepted, configuration, ID, OTHER_ID } from "./configuration.ts";
import { FakeKeycloak } from "./fakeKeycloak.ts";
import { fakeAdmin } from "./fakePulumi.ts";

const INTEGRATIONS = {
  acme: { organizationId: ID },
  globex: { organizationId: OTHER_ID },
  initech: { organizationId: "33333333-3333-4333-8333-333333333333" },
};
const SETTINGS = accepted(configuration({ "scpcloud:integrations": INTEGRATIONS }));
const credentialsOf = (customer: string) => ({ clientSecret: customer, basic: `Basic ${customer}` });
const OUTPUTS: StackOutputs = {
  integrations: Object.fromEntries(
    Object.entries(INTEGRATIONS).map(([customer, one]) => [customer, { ...one, serviceAccountUserId: customer }]),
  ),
  credentials: Object.fromEntries(Object.keys(INTEGRATIONS).map((customer) => [customer, credentialsOf(customer)])),
  apiEnvironment: toEnvironment(apiSettings(SETTINGS), SETTINGS.api.environmentPrefix),
};
const REFUSED = "no token: 401 invalid_client";

const REFUSAL: { status: number; body: object } = { status: 401, body: { error: "invalid_client" } };

/** By default at a Keycloak that refuses everyone. */
const look = async (
  pending: readonly Owner[] = [],
  { outputs = OUTPUTS, settings = SETTINGS, issuer = issuerOf(SETTINGS), answer = REFUSAL } = {},
) => {
  const keycloak = await FakeKeycloak.start({ issuer, tokens: () => Promise.resolve(answer) });
  return {
    ...(await tokenDifferences(settings, outputs, { admin: fakeAdmin({}), keycloak }, pending)),
    requests: keycloak.requests,
  };
};

it("tells once what is true of several customers", async () => {
  expect(await look()).toMatchObject({
    checked: 3,
    skipped: [],
    differences: [{ customers: ["acme", "globex", "initech"], difference: REFUSED }],
  });
});

it("tells what is about the stack as a whole, of no customer", async () => {
  const { differences } = await look([], { issuer: "https://elsewhere.example/realms/ScpCloud" });
  expect(differences.slice(0, -1).every(({ customers }) => customers.length === 0)).toBe(true);
  expect(differences[0]?.difference).toContain("https://elsewhere.example");
});

describe("a customer is not looked at", () => {
  it("whose own resources are not deployed yet", async () => {
    const pending: readonly Owner[] = [
      { kind: "customer", name: "acme" },
      { kind: "stack", name: "" },
    ];
    expect(await look(pending)).toMatchObject({
      checked: 2,
      skipped: ["acme"],
      differences: [{ customers: ["globex", "initech"] }],
    });
  });

  it("who has never been deployed, or is no longer in the stack file", async () => {
    const { acme, ...others } = OUTPUTS.integrations ?? {};
    const outputs = { ...OUTPUTS, integrations: { ...others, gone: acme as NonNullable<typeof acme> } };
    expect(await look([], { outputs })).toMatchObject({
      checked: 2,
      skipped: ["acme"],
      differences: [{ customers: ["globex", "initech"], difference: REFUSED }],
    });
  });

  it.each([
    ["while what all share is not deployed yet", [{ kind: "shared", name: "" }] as const, OUTPUTS],
    ["while the API's configuration is not deployed yet", [], { ...OUTPUTS, apiEnvironment: { A: "another" } }],
    ["while nothing is deployed", [], {}],
  ])("%s", async (_, pending, outputs) => {
    expect(await look(pending, { outputs })).toEqual({
      checked: 0,
      skipped: ["acme", "globex", "initech"],
      differences: [],
      requests: [],
    });
  });
});

it("says of a retired customer who gets tokens no more than that, since a plain up would not help, and counts no token of it", async () => {
  const retired = { ...INTEGRATIONS, acme: { ...INTEGRATIONS.acme, retired: true } };
  const settings = accepted(configuration({ "scpcloud:integrations": retired }));
  const answer = { status: 200, body: { access_token: "token" } };
  const { checked, differences } = await look([], { settings, answer });
  expect(checked).toBe(2);
  expect(differences).toContainEqual({
    customers: ["acme"],
    difference: "retired, but Keycloak shows no client of it and it gets tokens",
  });
});
