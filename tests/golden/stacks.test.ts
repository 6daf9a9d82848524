import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import * as pulumi from "@pulumi/pulumi";

import program from "../../index.ts";
import services from "../../services/index.ts";
import { type RegisteredResource, underMocks, valueOf } from "../mocks.ts";
import { stackValues } from "../stackFile.ts";

/**
 * What each committed stack file declares, as one file per stack: its diff is what a reviewer reads. After a wanted
 * change: npm run golden:update
 */
describe.each(["dev", "prod"])("the stack %s", (stack) => {
  it("declares what its golden file says", async () => {
    const { values } = stackValues(stack);
    pulumi.runtime.setAllConfig({ ...values });
    process.env["KEYCLOAK_CLIENT_SECRET"] = "the deployer's secret of the tests";
    const { result, resources } = await underMocks(runProgram, {}, stack);
    expectGolden(stack, { resources: byName(resources), outputs: result });
  });
});

test("the containers of prod are what their golden file says", async () => {
  const { values } = stackValues("prod", "services");
  pulumi.runtime.setAllConfig({ ...values });
  const home = process.cwd();
  process.chdir(join(home, "services"));
  try {
    const { result, resources } = await underMocks(() => valueOf(pulumi.output(services())), {}, "prod", true);
    expectGolden("services-prod", { resources: byName(resources), outputs: result });
  } finally {
    process.chdir(home);
  }
});

function expectGolden(name: string, found: object): void {
  const path = join(import.meta.dirname, `${name}.json`);
  const text = `${JSON.stringify(found, undefined, 2)}\n`;
  if (process.env["UPDATE_GOLDEN"] === "true") {
    writeFileSync(path, text);
  }
  expect(existsSync(path)).toBe(true);
  expect(text).toBe(readFileSync(path, "utf8"));
}

async function runProgram(): Promise<unknown> {
  const outputs = await program();
  const credentials = outputs["credentials"] as pulumi.Output<unknown>;
  expect(await pulumi.isSecret(credentials)).toBe(true);
  const { credentials: shown, ...rest } = (await valueOf(pulumi.output(outputs))) as Record<string, unknown>;
  return { ...rest, credentials: mask(shown) };
}

/** No two are of one type and name, which Pulumi would refuse. */
function byName(resources: readonly RegisteredResource[]): Record<string, unknown> {
  const entries = resources
    .map(({ type, name, parent, inputs, protect }): [string, unknown] => [
      `${type} ${name}`,
      { parent, ...(protect ? { protect } : {}), inputs },
    ])
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const byName = Object.fromEntries(entries);
  expect(Object.keys(byName)).toHaveLength(resources.length);
  return byName;
}

function mask(value: unknown): unknown {
  return typeof value === "object" && value !== null
    ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mask(item)]))
    : "[secret]";
}
