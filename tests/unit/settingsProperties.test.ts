import fc from "fast-check";

import { SettingsError } from "../../settings/faults.ts";
import { readSettings } from "../../settings/read.ts";
import { STACK } from "../../settings/schema/stack.ts";
import { validConfiguration } from "./arbitraries.ts";
import { accepted, configuration, keysOfFaults, SECRET } from "./configuration.ts";
import { mutationsOf } from "./mutations.ts";

/** The JSON that a stack file would become: a value of `undefined` is not there. */
const written = (values: Readonly<Record<string, unknown>>) =>
  configuration(
    Object.fromEntries(
      Object.entries(values).flatMap(([key, value]): [string, unknown][] =>
        value === undefined ? [] : [[key, JSON.parse(JSON.stringify(value))]],
      ),
    ),
  );

test("every valid configuration is accepted, and comes back equal with its customers sorted", () => {
  fc.assert(
    fc.property(validConfiguration, ({ values, settings }) => {
      expect(accepted(written(values))).toEqual(settings);
    }),
    { numRuns: 300 },
  );
});

test("every valid configuration with one value of another type is refused at that place", () => {
  const mutated = validConfiguration.chain(({ values }) => fc.constantFrom(...mutationsOf(values)));
  fc.assert(
    fc.property(mutated, ({ values, place }) => {
      expect(keysOfFaults(configuration(values))).toContain(place);
    }),
    { numRuns: 500 },
  );
});

describe("whatever is written into a stack file", () => {
  const PROTOTYPE_NAMES = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "length"];
  const NAMES = [
    ...PROTOTYPE_NAMES,
    ...Object.keys({
      ...STACK.entries.api.entries,
      ...STACK.entries.bff.entries,
      ...STACK.entries.integrations.value.entries,
    }),
    "validIssuers",
    "baseUrl",
    "acme",
  ];
  const { json } = fc.letrec<{ json: unknown }>((tie) => ({
    json: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.oneof(fc.string(), fc.double(), fc.boolean(), fc.constant(null), fc.uuid(), fc.webUrl()),
      fc.array(tie("json"), { maxLength: 3 }),
      fc.dictionary(fc.oneof(fc.constantFrom(...NAMES), fc.string()), tie("json"), { maxKeys: 4 }),
    ),
  }));
  const raw = fc.oneof(
    json.map((value) => JSON.stringify(value)),
    fc.string({ unit: "binary" }),
    fc.constantFrom("", "null", "{", "[", '"', "NaN", "-0", "1e999", "true ", "{}", "[]", "undefined"),
  );
  const key = fc.oneof(
    fc.constantFrom(...Object.keys(STACK.entries).map((name) => `scpcloud:${name}`)),
    fc.constantFrom("keycloak:url", "keycloak:clientId", "keycloak:basePath", "keycloak:tlsInsecureSkipVerify"),
    fc.constantFrom("docker:host", "docker:sshOpts", "docker:registryAuth", "docker:context"),
    fc
      .tuple(fc.constantFrom("scpcloud:", "keycloak:", "", "aws:", ":"), fc.constantFrom(...PROTOTYPE_NAMES))
      .map((parts) => parts.join("")),
    fc.string(),
  );

  test("no error but a SettingsError is thrown, and never with the deployer's secret in it", () => {
    const planted = `${SECRET}-planted`;
    const source = fc.record({
      values: fc.dictionary(key, raw, { maxKeys: 12 }),
      isSecret: fc.boolean(),
      secretKeys: fc.array(key, { maxLength: 3 }),
    });
    fc.assert(
      fc.property(source, ({ values, isSecret, secretKeys }) => {
        const given = configuration({}, { KEYCLOAK_CLIENT_SECRET: planted });
        try {
          readSettings({
            values: { ...given.values, ...values, "keycloak:clientSecret": planted },
            secretKeys: new Set([...secretKeys, ...(isSecret ? ["keycloak:clientSecret"] : [])]),
            environment: given.environment,
          });
        } catch (error) {
          expect(error).toBeInstanceOf(SettingsError);
          expect((error as SettingsError).message).not.toContain(planted);
          expect((error as SettingsError).faults).not.toEqual([]);
        }
      }),
      { numRuns: 1500 },
    );
  });
});
