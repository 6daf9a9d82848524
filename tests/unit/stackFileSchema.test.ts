import { readFileSync } from "node:fs";
import { join } from "node:path";

import { Ajv } from "ajv";
import fc from "fast-check";
import { parse } from "yaml";

import { DOCUMENT, SCHEMA_FILE, stackFileSchema, withKeys } from "../../development/stackFileSchema.ts";
import { validConfiguration } from "./arbitraries.ts";
import { configuration, ID, keysOfFaults } from "./configuration.ts";
import { mutationsOf } from "./mutations.ts";

describe("the schema that editors hold a stack file to", () => {
  const isAccepted = new Ajv({ allowUnionTypes: true }).compile(JSON.parse(stackFileSchema()) as object);

  test("is in its file as the program's own schema makes it: npm run configuration:write", () => {
    expect(readFileSync(SCHEMA_FILE, "utf8")).toBe(stackFileSchema());
  });

  test.each(["dev", "prod"])("accepts the committed file of %s, which names it in its first line", (stack) => {
    const text = readFileSync(join(import.meta.dirname, "..", "..", `Pulumi.${stack}.yaml`), "utf8");
    expect(text).toMatch(/^# yaml-language-server: \$schema=docs\/stack-file\.schema\.json\n/);
    expect(isAccepted(parse(text))).toBe(true);
  });

  test("accepts what the program accepts, and refuses any value of another type, as the program does", () => {
    const withMutation = validConfiguration.chain(({ values }) =>
      fc.tuple(fc.constant(values), fc.constantFrom(...mutationsOf(values))),
    );
    fc.assert(
      fc.property(withMutation, ([config, mutated]) => {
        expect([isAccepted({ config }), isAccepted.errors]).toEqual([true, null]);
        expect(isAccepted({ config: mutated.values })).toBe(false);
      }),
    );
  });

  test.each([
    ["scpcloud:accessTokenLifespan", 59],
    ["scpcloud:audience", "account"],
    ["scpcloud:publicUrl", "https://keycloak.example.com/realms/ScpCloud"],
    ["scpcloud:publicUrl", ""],
    ["scpcloud:integrations", { Acme: { organizationUser: "anna" } }],
    ["scpcloud:integrations", { account: { organizationUser: "anna" } }],
    ["scpcloud:integrations", { acme: { organizationId: "00000000-0000-0000-0000-000000000000" } }],
    ["scpcloud:integrations", { acme: { organizationId: ID.toUpperCase() } }],
    ["scpcloud:integrations", { acme: { organizationUser: "anna", nmae: "Acme" } }],
    ["scpcloud:api", { names: { Authority: "a" } }],
    ["scpcloud:realms", "ScpCloud"],
    ["keycloak:clientID", "deployer"],
    ["scpcloud:secretRotation", { overlapDays: 366 }],
    ["keycloak:url", "https://keycloak.example.com/"],
    ["keycloak:username", "robot"],
    ["docker:host", "unix:///"],
    ["scpcloud:apps", {}],
  ])("refuses as the program does: %s as %j", (key, value) => {
    expect(keysOfFaults(configuration({ [key]: value }))).not.toEqual([]);
    expect(isAccepted({ config: { [key]: value } })).toBe(false);
  });

  test.each([
    [{ config: { "keycloak:clientSecret": { secure: "v1:x" } } }, true],
    [{ config: { "scpcloud:realm": { secure: "v1:x" } } }, false],
    [{ config: { realm: "ScpCloud" } }, true],
    [{ config: { realm: 7 } }, false],
    [{ config: { "scpcloud:config:realm": "ScpCloud", "keycloak:config:clientId": "a" } }, true],
    [{ config: { "scpcloud:config:realm": 7 } }, false],
    [{ config: { "keycloak:config:username": "robot" } }, false],
    [{ config: {}, environment: ["team"] }, false],
  ])("knows encrypted values, each spelling of a key, and no environment of Pulumi ESC: %j: %s", (file, isRight) => {
    expect(isAccepted(file)).toBe(isRight);
  });
});

test("the document lists the keys with defaults and descriptions: npm run configuration:write", () => {
  const document = readFileSync(DOCUMENT, "utf8");
  expect(withKeys(document)).toBe(document);
  expect(document).toContain("- `organizationUser`: ");
});
