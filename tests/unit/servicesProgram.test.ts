import { cpSync, mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";

import main from "../../index.ts";
import services from "../../services/index.ts";
import { containerOf } from "./declaredServices.ts";
import { configuration, MINIMAL, SECRET } from "./configuration.ts";
import { underMocks, valueOf } from "../mocks.ts";
import { BOTH, linesOf, source } from "./servicesConfiguration.ts";

jest.mock("../../services/engine/containerHealth.ts", () => ({ awaitHealthy: () => Promise.resolve(undefined) }));

const REPOSITORY = resolve(import.meta.dirname, "..", "..");
const home = process.cwd();
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "scpcloud-services-"));
  mkdirSync(join(directory, "services"));
  cpSync(join(REPOSITORY, "Pulumi.yaml"), join(directory, "Pulumi.yaml"));
  process.chdir(join(directory, "services"));
});

afterEach(() => {
  process.chdir(home);
  rmSync(directory, { recursive: true });
});

const writeMain = (config: object, stack = "prod") =>
  writeFileSync(join(directory, `Pulumi.${stack}.yaml`), stringify({ config }, { aliasDuplicateObjects: false }));

/** A run of the whole program in the stack `prod`. */
async function run(config: object = BOTH) {
  const { values, secretKeys } = source({ ...config });
  pulumi.runtime.setAllConfig({ ...values });
  process.env["PULUMI_CONFIG_SECRET_KEYS"] = JSON.stringify([...secretKeys]);
  return underMocks(() => valueOf(pulumi.output(services())), {}, "prod");
}

const refusalOf = (config?: object) =>
  run(config).then(
    () => "accepted",
    (error: unknown) => {
      expect(pulumi.RunError.isInstance(error)).toBe(true);
      return (error as Error).message;
    },
  );

test("each container gets the very variables that the main program has for outputs", async () => {
  const config = { ...MINIMAL, "scpcloud:api": { additionalIssuers: ["https://old.example.com/realms/ScpCloud"] } };
  writeMain(config);
  const { result, resources } = await run();

  const { values } = configuration(config);
  pulumi.runtime.setAllConfig({ ...values });
  process.env["KEYCLOAK_CLIENT_SECRET"] = SECRET;
  const outputs = (await underMocks(async () => valueOf(pulumi.output(await main())), {}, "prod")).result;
  const { apiEnvironment, bffEnvironment } = outputs as Record<string, Record<string, string>>;
  expect(Object.keys(bffEnvironment ?? {})).toHaveLength(2);
  expect(containerOf(resources, "bff")["envs"]).toEqual(linesOf(bffEnvironment ?? {}));
  expect(containerOf(resources, "api")["envs"]).toEqual(linesOf(apiEnvironment ?? {}));
  expect(result).toEqual({
    containers: { api: "scpcloud-prod-production-api", bff: "scpcloud-prod-web-production-bff" },
  });
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
  writeFileSync(join(directory, "services", "Pulumi.prod.yaml"), text);

  expect(await refusalOf({ bff: { ...BOTH.bff, environment: { PIN: "7" } } })).toContain("bff.environment.PIN");
});
