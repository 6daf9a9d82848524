import * as pulumi from "@pulumi/pulumi";

import program from "../../index";
import { findResource, type RegisteredResource, underMocks, valueOf } from "../mocks";
import { BOTH, linesOf, secrets, withApps } from "./appsConfiguration";
import { configuration, SECRET } from "./configuration";

/** How often Docker's SDK was loaded. Not a variable, which would not be there yet while imports are loaded. */
const loads = () => (globalThis as { dockerLoads?: number }).dockerLoads ?? 0;
jest.mock("@pulumi/docker", () => {
  const counting = globalThis as { dockerLoads?: number };
  counting.dockerLoads = (counting.dockerLoads ?? 0) + 1;
  return jest.requireActual<object>("@pulumi/docker");
});
jest.mock("../../components/engine/containerHealth", () => ({ awaitHealthy: () => Promise.resolve(undefined) }));

const SECRET_VALUE = "hunter2-hunter2";

// Not the helper's, which loads what must not be loaded here.
const envsOf = (resources: readonly RegisteredResource[], service: string) =>
  findResource(resources, "docker:index/container:Container", `${service}-container`).inputs["envs"];

type Outputs = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** A run of the whole program. */
async function run(source: ReturnType<typeof configuration>) {
  pulumi.runtime.setAllConfig({ ...source.values });
  process.env["KEYCLOAK_CLIENT_SECRET"] = SECRET;
  process.env["PULUMI_CONFIG_SECRET_KEYS"] = JSON.stringify([...source.secretKeys]);
  const { result, resources } = await underMocks(
    async () => (await valueOf(pulumi.output(await program()))) as Outputs,
    {},
    "prod",
  );
  return { outputs: result, resources };
}

test("Docker's SDK is loaded only for a stack with containers", async () => {
  const { outputs, resources } = await run(configuration());
  expect(loads()).toBe(0);
  expect(outputs).not.toHaveProperty("apps");
  expect(resources.filter(({ type }) => /docker|apps/.test(type))).toEqual([]);

  await run(withApps(BOTH));
  expect(loads()).toBe(1);
});

describe("the program, in a stack with containers", () => {
  test("names them in its outputs, beside all others", async () => {
    const without = await run(configuration());
    const { outputs } = await run(withApps(BOTH));
    const { apps, ...others } = outputs;
    expect(apps).toEqual({ api: "scpcloud-prod-production-api", bff: "scpcloud-prod-web-production-bff" });
    expect(others).toEqual(without.outputs);
  });

  test("gives each the very variables of its outputs", async () => {
    const { outputs, resources } = await run(withApps({ ...BOTH, bff: { ...BOTH.bff, environment: { A: "b" } } }));
    const lines = (name: string) => linesOf(outputs[name] ?? {});
    expect(lines("bffEnvironment")).toHaveLength(2);
    expect(envsOf(resources, "bff")).toEqual(["A=b", ...lines("bffEnvironment")]);
    expect(envsOf(resources, "api")).toEqual(lines("apiEnvironment"));
  });

  test("shows a secret variable in no output", async () => {
    const { outputs, resources } = await run(withApps(BOTH, secrets({ api: { Token: SECRET_VALUE } })));
    expect(JSON.stringify(resources)).toContain(SECRET_VALUE);
    expect(JSON.stringify(outputs)).not.toContain(SECRET_VALUE);
  });
});
