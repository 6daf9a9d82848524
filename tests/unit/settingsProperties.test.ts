import fc from "fast-check";

import { SettingsError } from "../../faults/faults.ts";
import { readSettings } from "../../settings/read.ts";
import { STACK } from "../../settings/schema/stack.ts";
import { validConfiguration } from "./arbitraries.ts";
import { accepted, configuration, keysOfFaults, SECRET } from "./configuration.ts";
import { mutationsOf } from "./mutations.ts";

test("every valid configuration is accepted, and comes back equal with its customers sorted", () => {
  fc.assert(
    fc.property(validConfiguration, ({ values, settings }) => {
      expect(accepted(configuration(values))).toEqual(settings);
    }),
    { numRuns: 300 },
  );
});

test("every valid configuration with one value of another type is refused at that place", () => {
  fc.assert(
    fc.property(validConfiguration, (valid) => {
      const missed = mutationsOf(valid.values).filter(
        ({ values, place }) => !keysOfFaults(configuration(values)).includes(place),
      );
      expect(missed).toEqual([]);
    }),
    { numRuns: 6 },
  );
});

test("whatever is written, no error but a SettingsError is thrown, and never with the deployer's secret in it", () => {
  const prototypeNames = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "length"];
  const { api, bff, integrations } = STACK.entries;
  const known = Object.keys({ ...api.entries, ...bff.entries, ...integrations.value.entries });
  const { json } = fc.letrec<{ json: unknown }>((tie) => ({
    json: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.oneof(fc.string(), fc.double(), fc.boolean(), fc.constant(null), fc.uuid(), fc.webUrl()),
      fc.array(tie("json"), { maxLength: 3 }),
      fc.dictionary(
        fc.oneof(fc.constantFrom(...prototypeNames, ...known, "validIssuers", "baseUrl", "acme"), fc.string()),
        tie("json"),
        { maxKeys: 4 },
      ),
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
      .tuple(fc.constantFrom("scpcloud:", "keycloak:", "", "aws:", ":"), fc.constantFrom(...prototypeNames))
      .map((parts) => parts.join("")),
    fc.string(),
  );
  const planted = `${SECRET}-planted`;
  const { values: given, environment } = configuration({}, { KEYCLOAK_CLIENT_SECRET: planted });

  fc.assert(
    fc.property(
      fc.dictionary(key, raw, { maxKeys: 12 }),
      fc.array(key, { maxLength: 3 }),
      fc.boolean(),
      (values, secretKeys, isSecret) => {
        try {
          readSettings({
            values: { ...given, ...values, "keycloak:clientSecret": planted },
            secretKeys: new Set([...secretKeys, ...(isSecret ? ["keycloak:clientSecret"] : [])]),
            environment,
          });
        } catch (error) {
          expect(error).toBeInstanceOf(SettingsError);
          expect((error as SettingsError).message).not.toContain(planted);
          expect((error as SettingsError).faults).not.toEqual([]);
        }
      },
    ),
    { numRuns: 1500 },
  );
});
