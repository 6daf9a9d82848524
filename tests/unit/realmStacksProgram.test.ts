import { writeFileSync } from "node:fs";

import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";

import program from "../../index.ts";
import { findResource, underMocks } from "../mocks.ts";
import { stackValues } from "../stackFile.ts";
import { MINIMAL, SECRET } from "./configuration.ts";
import { useTemporaryFolder } from "./temporaryFolder.ts";

type Config = Readonly<Record<string, unknown>>;

const PROD: Config = { ...MINIMAL, "scpcloud:accountAccess": true, "scpcloud:protect": false };
const PROD_B: Config = {
  "keycloak:url": "https://keycloak.example.com",
  "keycloak:clientId": "deployer",
  "scpcloud:realmStack": "prod",
  "scpcloud:integrations": { globex: { organizationUser: "bo" } },
};

useTemporaryFolder();

/** A run of the whole program in a folder with the stack files prod and prod-b. */
async function run(stack: string, config: Config, isPreview = false) {
  for (const [name, one] of Object.entries({ prod: PROD, "prod-b": PROD_B, [stack]: config })) {
    writeFileSync(`Pulumi.${name}.yaml`, stringify({ config: one }, { aliasDuplicateObjects: false }));
  }
  pulumi.runtime.setAllConfig({ ...stackValues(config).values });
  process.env["KEYCLOAK_CLIENT_SECRET"] = SECRET;
  const { result, resources } = await underMocks(() => program(), {}, stack, isPreview);
  return { outputs: Object.keys(result), resources };
}

test("a stack of customers only declares them with the realm's client scopes by name, and nothing else", async () => {
  const { outputs, resources } = await run("prod-b", PROD_B);

  expect(resources.map(({ name }) => name).sort()).toEqual([
    "globex",
    "globex-client",
    "globex-default-scopes",
    "globex-optional-scopes",
    "globex-organization-id",
  ]);
  const type = "keycloak:openid/clientDefaultScopes:ClientDefaultScopes";
  expect(findResource(resources, type, "globex-default-scopes").inputs["defaultScopes"]).toEqual([
    "basic",
    "roles",
    "service_account",
    "scpCloud",
    "scpCloud-account",
  ]);
  expect(outputs).toEqual(["issuer", "tokenEndpoint", "integrations", "credentials"]);
});

test("the stack that others name declares the client scopes, and tells who needs them before they are deleted", async () => {
  const { resources } = await run("prod", { ...PROD, "scpcloud:integrations": {} });

  expect(resources.flatMap(({ deleteHooks }) => deleteHooks)).toEqual([
    "the stack prod-b needs the client scope scpCloud; see docs/many-customers.md",
  ]);
});

test.each([
  ["a preview of 201 customers", 201, true, 1],
  ["a preview of 200 customers", 200, true, 0],
  ["an up of 201 customers", 201, false, 0],
])(
  "docs/many-customers.md is named once in a preview of more than 200 customers, else never: %s",
  async (_, count, isPreview, times) => {
    const info = jest.spyOn(pulumi.log, "info").mockResolvedValue(undefined);
    const customers = Array.from({ length: count }, (_, index) => ({
      [`c-${index}`]: { organizationUser: `user-${index}` },
    }));

    await run("prod", { ...PROD, "scpcloud:integrations": Object.assign({}, ...customers) as object }, isPreview);
    expect(
      info.mock.calls.filter(([text]: readonly unknown[]) => String(text).includes("docs/many-customers.md")),
    ).toHaveLength(times);
    info.mockRestore();
  },
);
