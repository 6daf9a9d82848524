import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { POLICIES } from "../../policy-pack/policies.ts";

const REPOSITORY = resolve(import.meta.dirname, "..", "..");
const PACK = join(REPOSITORY, "policy-pack");

const packageIn = (directory: string) =>
  JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) as Record<string, unknown>;

const textOf = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

const readme = readFileSync(join(PACK, "README.md"), "utf8");

describe("the policy pack", () => {
  it("has its rules in the README, with their levels", () => {
    const rows = [...readme.matchAll(/^- `([a-z-]+)` \((advisory|mandatory)\): /gm)];
    expect(rows.map(([, name, level]) => [name, level])).toEqual(
      POLICIES.map(({ name, enforcementLevel }) => [name, enforcementLevel]),
    );
  });

  it("names the defaults of its configuration in the README", () => {
    const configurable = POLICIES.filter(({ configSchema }) => Object.keys(configSchema?.properties ?? {}).length > 0);
    expect(configurable.map(({ name }) => name)).toContain("client-lifespan");
    for (const { name, configSchema } of configurable) {
      // An item may go on in the next line.
      const items = readme.replaceAll(/\n {2}/g, " ").split("\n");
      const row = items.find((line) => line.startsWith(`- \`${name}\``)) ?? "";
      for (const [property, { default: value }] of Object.entries(configSchema?.properties ?? {})) {
        const values = Array.isArray(value) && value.length > 0 ? value : [value];
        const shown = values.map((item) => (typeof item === "number" ? String(item) : `\`${textOf(item)}\``));
        expect(row).toContain(`\`${property}\` (${shown.join(", ")})`);
      }
    }
  });

  it("asks for the versions that the repository has", () => {
    const { dependencies, devDependencies } = packageIn(REPOSITORY) as Record<string, object>;
    const asked = packageIn(PACK)["dependencies"] as object;
    expect(Object.keys(asked)).toContain("@pulumi/policy");
    expect({ ...dependencies, ...devDependencies }).toMatchObject(asked);
  });

  it("has one version", () => {
    const project = readFileSync(join(PACK, "PulumiPolicy.yaml"), "utf8");
    expect(project).toContain(`\nversion: ${String(packageIn(PACK)["version"])}\n`);
  });
});
