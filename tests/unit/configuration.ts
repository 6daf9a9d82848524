import { SettingsError } from "../../faults/faults.ts";
import { readSettings } from "../../settings/read.ts";
import type { ConfigurationSource } from "../../settings/source.ts";
import { stackValues } from "../stackFile.ts";

export const ID = "7f6c1a52-3a1e-4f53-9d0c-0b8f2a6f4f11";
export const OTHER_ID = "9b0e6f0a-51ab-4d3f-8a44-d2b9a1c7e622";

/** What a stack file has to say, at the least, to be valid. */
export const MINIMAL: Readonly<Record<string, unknown>> = {
  "keycloak:url": "https://keycloak.example.com",
  "keycloak:clientId": "deployer",
  "scpcloud:publicUrl": "https://keycloak.example.com",
  "scpcloud:accessTokenLifespan": 300,
  "scpcloud:integrations": { acme: { organizationUser: "anna" } },
};

export const SECRET = "the-deployers-secret";

/**
 * A valid configuration with some keys replaced, or removed by `undefined`. A text is handed on as it is: for a list or
 * a map it stands for what was meant to be JSON.
 */
export function configuration(
  overrides: Readonly<Record<string, unknown>> = {},
  environment: ConfigurationSource["environment"] = { KEYCLOAK_CLIENT_SECRET: SECRET },
): ConfigurationSource {
  const written = Object.entries({ ...MINIMAL, ...overrides }).filter(([, value]) => value !== undefined);
  const { values, secretKeys } = stackValues(Object.fromEntries(written));
  // A key that was removed has no default either.
  const kept = Object.entries(values).filter(([key]) => !(key in overrides && overrides[key] === undefined));
  return { values: Object.fromEntries(kept), secretKeys, environment };
}

/** The minimal configuration with other customers. */
export function withIntegrations(integrations: unknown, overrides: Readonly<Record<string, unknown>> = {}) {
  return configuration({ ...overrides, "scpcloud:integrations": integrations });
}

/** The error that what is read is refused with. */
export function refusalBy(read: () => unknown): SettingsError {
  try {
    read();
  } catch (error) {
    if (error instanceof SettingsError) {
      return error;
    }
    throw error;
  }
  throw new Error("It was accepted.");
}

export const refusal = (source: ConfigurationSource) => refusalBy(() => readSettings(source));

export const faultsOf = (source: ConfigurationSource) => refusal(source).faults;

export const keysOfFaults = (source: ConfigurationSource) => faultsOf(source).map(({ key }) => key);

/** Key and rule of a configuration with just one fault. The golden file of all messages has the rest. */
export function keyAndRule(source: ConfigurationSource): string[] {
  const faults = faultsOf(source);
  expect(faults).toHaveLength(1);
  return faults.flatMap(({ key, rule }) => [key, rule]);
}

export const accepted = (source: ConfigurationSource) => readSettings(source);
