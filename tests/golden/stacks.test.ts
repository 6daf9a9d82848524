import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import * as pulumi from "@pulumi/pulumi";

import program from "../../index";
import { type RegisteredResource, underMocks, valueOf } from "../mocks";
import { stackValues } from "../stackFile";

/**
 * What each committed stack file declares, as one file per stack: its diff is what a reviewer reads. After a wanted
 * change: npm run golden:update
 */
describe.each(["dev", "prod"])("the stack %s", (stack) => {
  const path = join(__dirname, `${stack}.json`);

  it("declares what its golden file says", async () => {
    const text = await declared(stack);

    if (process.env["UPDATE_GOLDEN"] === "true") {
      writeFileSync(path, text);
    }
    expect(existsSync(path)).toBe(true);
    expect(text).toBe(readFileSync(path, "utf8"));
  });

  it("has no two resources of one type and name, which Pulumi would refuse", async () => {
    const { resources } = JSON.parse(await declared(stack)) as { resources: Record<string, unknown> };
    const { count } = await run(stack);

    expect(Object.keys(resources)).toHaveLength(count);
  });
});

async function declared(stack: string): Promise<string> {
  const { resources, outputs } = await run(stack);
  return `${JSON.stringify({ resources, outputs }, undefined, 2)}\n`;
}

async function run(stack: string) {
  const { values } = stackValues(stack);
  pulumi.runtime.setAllConfig({ ...values });
  process.env["KEYCLOAK_CLIENT_SECRET"] = "the deployer's secret of the tests";
  const { result, resources } = await underMocks(runProgram, {}, stack);
  return { count: resources.length, resources: byName(resources), outputs: result };
}

async function runProgram(): Promise<unknown> {
  const outputs = await program();
  const credentials = outputs["credentials"] as pulumi.Output<unknown>;
  expect(await pulumi.isSecret(credentials)).toBe(true);
  const { credentials: shown, ...rest } = (await valueOf(pulumi.output(outputs))) as Record<string, unknown>;
  return { ...rest, credentials: mask(shown) };
}

function byName(resources: readonly RegisteredResource[]): Record<string, unknown> {
  const entries = resources
    .map(({ type, name, parent, inputs, protect }): [string, unknown] => [
      `${type} ${name}`,
      { parent, ...(protect ? { protect } : {}), inputs },
    ])
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries);
}

function mask(value: unknown): unknown {
  return typeof value === "object" && value !== null
    ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mask(item)]))
    : "[secret]";
}
