import { STACK } from "../../settings/schema/stack.ts";
import { accepted, configuration, ID, keysOfFaults, OTHER_ID, refusal } from "./configuration.ts";
import { DECLARED_KEYS, stackValues } from "../stackFile.ts";

describe("a configuration with many faults", () => {
  const { message, faults } = refusal(
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

  test("is refused with all of them at once, sorted by key", () => {
    const keys = message
      .split("\n\n")
      .slice(1)
      .map((paragraph) => paragraph.split("\n")[0]);
    expect(keys).toEqual([
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

  test("is refused with their number and the assurance that nothing was changed", () => {
    expect(faults).toHaveLength(16);
    expect(message.split("\n")[0]).toBe("16 faults in the stack's configuration; nothing was changed.");
  });

  test("has for each of them a rule, a reason and a remedy", () => {
    for (const { rule, reason, remedy } of faults) {
      expect(rule).toMatch(/^must /);
      expect(reason).not.toMatch(/[.]$/);
      expect(remedy).not.toMatch(/[.]$/);
    }
  });
});

test("one fault is counted as one", () => {
  const { message } = refusal(configuration({ "scpcloud:realm": "" }));
  expect(message.split("\n")[0]).toBe("1 fault in the stack's configuration; nothing was changed.");
});

test("an empty configuration is refused with every key that has no default", () => {
  const source = { values: {}, secretKeys: new Set<string>(), environment: {} };
  expect(keysOfFaults(source).sort()).toEqual(
    [
      ...Object.keys(STACK.entries).map((key) => `scpcloud:${key}`),
      "keycloak:clientId",
      "keycloak:clientSecret",
      "keycloak:url",
    ].sort(),
  );
});

describe("a key that no stack can do without", () => {
  test.each(["integrations", "publicUrl"])(
    "has a default that is refused: %s (the CLI would stop at a missing one, without the other faults)",
    (key) => {
      const { message } = refusal(configuration({ [`scpcloud:${key}`]: DECLARED_KEYS[key]?.default }));
      expect(message).toContain("1 fault");
      expect(message).toContain(`scpcloud:${key}\n`);
    },
  );
});

describe("a key that is missing altogether", () => {
  test.each(Object.keys(DECLARED_KEYS))("is told: %s", (key) => {
    const { message } = refusal(configuration({ [`scpcloud:${key}`]: undefined }));
    expect(message).toContain(
      [
        `scpcloud:${key}`,
        "  must be set,",
        "  because the stack file does not say it, and it has no default.",
        "  Do: add it to the stack file; Pulumi.yaml describes it",
      ].join("\n"),
    );
  });

  test("does not happen with the CLI, since every key has a default", () => {
    expect(Object.entries(DECLARED_KEYS).filter(([, declared]) => declared.default === undefined)).toEqual([]);
  });
});

describe("Pulumi.yaml", () => {
  test("declares the very keys that the program reads", () => {
    expect(Object.keys(DECLARED_KEYS).sort()).toEqual(Object.keys(STACK.entries).sort());
  });

  test.each(Object.entries(DECLARED_KEYS))("describes %s with the type that the program expects", (key, declared) => {
    const types: Readonly<Record<string, string>> = { number: "integer", object_with_rest: "object", record: "object" };
    const { type } = STACK.entries[key as keyof typeof STACK.entries];
    expect(declared.type).toBe(types[type] ?? type);
    expect(declared.description).toMatch(/^[A-Z].*\.$/);
  });

  test("names in its descriptions all that the maps may have", () => {
    const { api, bff, integrations } = DECLARED_KEYS;
    const { names: apiNames, ...apiKeys } = STACK.entries.api.entries;
    const { names: bffNames, ...bffKeys } = STACK.entries.bff.entries;
    const mentioned: [string | undefined, object[]][] = [
      [api?.description, [apiKeys, apiNames.wrapped.entries]],
      [bff?.description, [bffKeys, bffNames.wrapped.entries]],
      [integrations?.description, [STACK.entries.integrations.value.entries]],
    ];
    for (const [description, maps] of mentioned) {
      for (const key of maps.flatMap((map) => Object.keys(map))) {
        expect(description).toContain(key);
      }
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
    const own = (stack: string) => Object.keys(stackValues(stack).values);
    expect(own("prod")).toEqual(own("dev"));
  });

  test("of production refuses development's organization", () => {
    const { values, secretKeys } = stackValues("prod");
    const withEntries = (integrations: object) => ({
      values: { ...values, "scpcloud:integrations": JSON.stringify(integrations) },
      secretKeys,
      environment,
    });
    const development = "c7834e89-74ff-42ae-a6d8-8693f24b1351";
    expect(keysOfFaults(withEntries({ a: { organizationUser: "admin" }, b: { organizationId: development } }))).toEqual(
      ["scpcloud:integrations.a.organizationUser", "scpcloud:integrations.b.organizationId"],
    );
    accepted(withEntries({ a: { organizationId: OTHER_ID } }));
  });
});
