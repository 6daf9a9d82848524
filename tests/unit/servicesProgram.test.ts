import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";

import main from "../../index.ts";
import services from "../../services/index.ts";
import { containerOf } from "./declaredServices.ts";
import { configuration, MINIMAL, SECRET } from "./configuration.ts";
import { underMocks, valueOf } from "../mocks.ts";
import { useTemporaryFolder } from "./temporaryFolder.ts";
import { BOTH, linesOf, source } from "./servicesConfiguration.ts";

jest.mock("../../services/engine/containerHealth.ts", () => ({ awaitHealthy: () => Promise.resolve(undefined) }));

useTemporaryFolder();
beforeEach(() => {
  copyFileSync(join(import.meta.dirname, "..", "..", "Pulumi.yaml"), "Pulumi.yaml");
  mkdirSync("services");
  process.chdir("services");
});

const writeMain = (config: object, stack = "prod") => writeFileSync(`../Pulumi.${stack}.yaml`, stringify({ config }));

/** A run of the whole program in the stack `prod`. */
async function run(config: object = BOTH) {
  const { values, secretKeys } = source({ ...config });
  pulumi.runtime.setAllConfig({ ...values });
  process.env["PULUMI_CONFIG_SECRET_KEYS"] = JSON.stringify([...secretKeys]);
  return underMocks(() => valueOf(pulumi.output(services())), {}, "prod");
}

const refusalOf = async (config?: object) => {
  const error: unknown = await run(config).catch((thrown: unknown) => thrown);
  expect(pulumi.RunError.isInstance(error)).toBe(true);
  return (error as Error).message;
};

test("each container gets the very variables that the main program has for outputs", async () => {
  const config = { ...MINIMAL, "scpcloud:api": { additionalIssuers: ["https://old.example.com/realms/ScpCloud"] } };
  writeMain(config);
  const { resources } = await run();

  const { values } = configuration(config);
  pulumi.runtime.setAllConfig({ ...values });
  process.env["KEYCLOAK_CLIENT_SECRET"] = SECRET;
  const outputs = (await underMocks(async () => valueOf(pulumi.output(await main())), {}, "prod")).result;
  const { apiEnvironment, bffEnvironment } = outputs as Record<string, Record<string, string>>;
  expect(Object.keys(bffEnvironment ?? {})).toHaveLength(2);
  expect(containerOf(resources, "bff")["envs"]).toEqual(linesOf(bffEnvironment ?? {}));
  expect(containerOf(resources, "api")["envs"]).toEqual(linesOf(apiEnvironment ?? {}));
});

test("the CA by which the deployer trusts Keycloak is the containers' too, unless it is a secret", async () => {
  writeMain({ ...MINIMAL, "keycloak:rootCaCertificate": { secure: "v1:AAAA:BBBB" } });

  expect(await refusalOf()).toContain("keycloak:rootCaCertificate of Pulumi.prod.yaml\n  must not be a secret");
});

test("a stack without one of that name in the main project is refused, with the names that there are", async () => {
  writeMain(MINIMAL, "staging");

  expect(await refusalOf()).toMatch(
    /^1 fault .*\n\nstack\n {2}must be the name of a stack of the main project[^]*staging/,
  );
});

test("a stack of customers only is refused with its realm's stack", async () => {
  writeMain(MINIMAL, "realm");
  writeMain({ "scpcloud:realmStack": "realm", "scpcloud:integrations": { other: { organizationUser: "otto" } } });

  expect(await refusalOf()).toContain("Do: use the stack realm");
});

test("what is wrong with the main stack's file is told with its name", async () => {
  writeMain({ ...MINIMAL, "scpcloud:audience": "two words" });

  expect(await refusalOf()).toMatch(
    /^1 fault in Pulumi\.prod\.yaml of the main project; nothing was changed\.\n\nscpcloud:audience/,
  );
});

test("what YAML or Pulumi would change silently in the stack file is refused here, too", async () => {
  writeMain(MINIMAL);
  const text = "config:\n  scpcloud-services:bff:\n    environment:\n      PIN: 007\n";
  writeFileSync("Pulumi.prod.yaml", text);

  expect(await refusalOf({ bff: { ...BOTH.bff, environment: { PIN: "7" } } })).toContain("bff.environment.PIN");
});
