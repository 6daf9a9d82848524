import { STACK } from "../../settings/schema/stack.ts";
import { accepted, configuration, ID, keysOfFaults, OTHER_ID, refusal } from "./configuration.ts";
import { DECLARED_KEYS, stackValues } from "../stackFile.ts";

test("a configuration with many faults is refused with all of them at once, sorted by key, and their number", () => {
  const { message } = refusal(
    configuration({
      "keycloak:clientId": undefined,
      "keycloak:clientSecret": "plain",
      "keycloak:url": "http://keycloak",
      "scpcloud:accessTokenLifespan": 10,
      "scpcloud:api": { additionalIssuers: ["http://old/"], names: { authority: "a b" } },
      "scpcloud:audience": undefined,
      "scpcloud:integrations": {
        b: { organizationUser: "otto", user: "otto" },
        C: { organizationUser: "Otto" },
        a: { organizationId: ID.toUpperCase(), organizationUser: "anna", name: "" },
      },
      "scpcloud:publicURL": "https://keycloak",
    }),
  );
  const [summary, ...faults] = message.split("\n\n");
  expect(summary).toBe("16 faults in the stack's configuration; nothing was changed.");
  expect(faults.map((paragraph) => paragraph.split("\n")[0])).toEqual([
    "keycloak:clientId",
    "keycloak:clientSecret",
    "keycloak:url",
    "scpcloud:accessTokenLifespan",
    "scpcloud:api.additionalIssuers[0]",
    "scpcloud:api.additionalIssuers[0]",
    "scpcloud:api.names.authority",
    "scpcloud:audience",
    "scpcloud:integrations.a",
    "scpcloud:integrations.a.name",
    "scpcloud:integrations.a.organizationId",
    "scpcloud:integrations.b",
    "scpcloud:integrations.b.user",
    "scpcloud:integrations.C",
    "scpcloud:integrations.C",
    "scpcloud:publicURL",
  ]);
});

test("an empty configuration is refused with every key that has no default", () => {
  const { faults } = refusal({ values: {}, secretKeys: new Set<string>(), environment: {} });
  expect(faults.map(({ key }) => key).sort()).toEqual(
    [
      ...Object.keys(STACK.entries).map((key) => `scpcloud:${key}`),
      "keycloak:clientId",
      "keycloak:clientSecret",
      "keycloak:url",
    ].sort(),
  );
  expect(faults.filter(({ rule }) => rule !== "must be set")).toEqual([]);
});

describe("Pulumi.yaml", () => {
  test("declares the very keys that the program reads, each with a default, without which the CLI would stop", () => {
    expect(Object.keys(DECLARED_KEYS).sort()).toEqual(Object.keys(STACK.entries).sort());
    expect(Object.entries(DECLARED_KEYS).filter(([, declared]) => declared.default === undefined)).toEqual([]);
  });

  test.each(["integrations", "publicUrl"])(
    "has a default that is refused, since no stack can do without: %s",
    (key) => {
      const source = configuration({ [`scpcloud:${key}`]: DECLARED_KEYS[key]?.default });
      expect(keysOfFaults(source)).toEqual([`scpcloud:${key}`]);
    },
  );

  test.each(Object.entries(DECLARED_KEYS))("describes %s with the type that the program expects", (key, declared) => {
    const types: Readonly<Record<string, string>> = { number: "integer", object_with_rest: "object", record: "object" };
    const { type } = STACK.entries[key as keyof typeof STACK.entries];
    expect(declared.type).toBe(types[type] ?? type);
    expect(declared.description).toMatch(/^[A-Z].*\.$/);
  });

  test("names in its descriptions all that the maps may have", () => {
    const { api, bff, integrations } = STACK.entries;
    for (const [map, entries] of Object.entries({
      api: { ...api.entries, ...api.entries.names.wrapped.entries },
      bff: { ...bff.entries, ...bff.entries.names.wrapped.entries },
      integrations: integrations.value.entries,
    })) {
      const description = DECLARED_KEYS[map]?.description;
      expect(Object.keys(entries).filter((key) => key !== "names" && !description?.includes(key))).toEqual([]);
    }
  });
});

describe("the stack file", () => {
  const environment = { KEYCLOAK_CLIENT_SECRET: "secret" };

  test.each(["dev", "prod"])("of %s is valid where the deployer's secret is in the environment", (stack) => {
    const settings = accepted({ ...stackValues(stack), environment });
    expect(settings.realm).toBe("ScpCloud");
    expect(settings.integrations).not.toEqual([]);
    expect(keysOfFaults({ ...stackValues(stack), environment: {} })).toEqual(["keycloak:clientSecret"]);
  });

  test("of each stack says the same keys in the same order", () => {
    const [dev, prod] = ["dev", "prod"].map((stack) => Object.keys(stackValues(stack).values));
    expect(prod).toEqual(dev);
  });

  test("of production refuses development's organization", () => {
    const { values, secretKeys } = stackValues("prod");
    const integrations = {
      a: { organizationUser: "admin" },
      b: { organizationId: "c7834e89-74ff-42ae-a6d8-8693f24b1351" },
      c: { organizationId: OTHER_ID },
    };
    const source = {
      values: { ...values, "scpcloud:integrations": JSON.stringify(integrations) },
      secretKeys,
      environment,
    };
    expect(keysOfFaults(source)).toEqual([
      "scpcloud:integrations.a.organizationUser",
      "scpcloud:integrations.b.organizationId",
    ]);
  });
});
