import type { ProviderArgs } from "@pulumi/keycloak";
import type { Unwrap } from "@pulumi/pulumi";
import * as v from "valibot";

import { decodeAs } from "./decode";
import { type Fault, plainSecret, shown } from "./faults";
import { SIGNING_ALGORITHMS } from "./providerRules";
import { type RuleName, RULES } from "./rules";
import { boolean, refusingLists, says, text, whole } from "./shapes";
import type { ConfigurationSource } from "./source";
import { unknownProviderKeys } from "./unknownKeys";

/** What the Keycloak provider is told, decoded. */
export type ProviderValues = Unwrap<ProviderArgs>;
type ProviderKey = keyof ProviderArgs;

const refusing = (find: (value: string) => RuleName | undefined) =>
  v.pipe(
    text,
    v.rawCheck(({ dataset, addIssue }) => {
      const rule = dataset.typed ? find(dataset.value) : undefined;
      if (rule !== undefined) {
        addIssue({ message: says(rule) });
      }
    }),
  );

const baseUrl = refusing((value) => {
  if (!/^https?:\/\/[^\s?#]+$/.test(value) || !URL.canParse(value)) {
    return "keycloakUrl";
  }
  const { username, password } = new URL(value);
  if (username !== "" || password !== "") {
    return "keycloakUrlCredentials";
  }
  return /\/realms(\/|$)/.test(value) ? "urlOfServer" : value.endsWith("/") ? "keycloakUrlSlash" : undefined;
});

const headerName = v.pipe(
  v.string(),
  v.regex(/^(?!(host|proxy-authorization)$)[\w!#$%&'*+.^`|~-]+$/i, says("headers")),
);
const headerValue = v.pipe(v.string(says("headers")), v.regex(/^[\t\x20-\x7e\x80-\xff]*$/, says("headers")));

/** All that the provider can be told. A version of it that can be told more does not compile. */
const SCHEMA = {
  accessToken: text,
  additionalHeaders: refusingLists(v.record(headerName, headerValue, says("headers"))),
  adminUrl: baseUrl,
  basePath: refusing((value) => (/^(\/[^\s?#/]+)+$/.test(value) ? undefined : "basePath")),
  clientId: text,
  clientSecret: text,
  clientTimeout: whole(0, 86_400, "seconds"),
  initialLogin: v.pipe(boolean, v.value(true, says("initialLogin"))),
  jwtSigningAlg: v.picklist(SIGNING_ALGORITHMS, says("signingAlgorithm")),
  jwtSigningKey: text,
  jwtToken: text,
  jwtTokenFile: text,
  // Nothing but the provider asks for the server's version.
  keycloakVersion: text,
  password: text,
  realm: text,
  redHatSso: v.pipe(boolean, v.value(false, says("redHatSso"))),
  rootCaCertificate: text,
  tlsClientCertificate: text,
  tlsClientPrivateKey: text,
  tlsInsecureSkipVerify: boolean,
  url: baseUrl,
  username: text,
} as const satisfies { [Key in ProviderKey]-?: v.GenericSchema<unknown, ProviderValues[Key]> };

const KEYS = Object.keys(SCHEMA) as ProviderKey[];

/** Where the provider looks for what the stack file leaves out (its documentation, "Argument Reference"). */
export const VARIABLES = {
  accessToken: "KEYCLOAK_ACCESS_TOKEN",
  adminUrl: "KEYCLOAK_ADMIN_URL",
  basePath: "KEYCLOAK_BASE_PATH",
  clientId: "KEYCLOAK_CLIENT_ID",
  clientSecret: "KEYCLOAK_CLIENT_SECRET",
  clientTimeout: "KEYCLOAK_CLIENT_TIMEOUT",
  jwtSigningKey: "KEYCLOAK_JWT_SIGNING_KEY",
  jwtToken: "KEYCLOAK_JWT_TOKEN",
  jwtTokenFile: "KEYCLOAK_JWT_TOKEN_FILE",
  keycloakVersion: "KEYCLOAK_VERSION",
  password: "KEYCLOAK_PASSWORD",
  realm: "KEYCLOAK_REALM",
  url: "KEYCLOAK_URL",
  username: "KEYCLOAK_USER",
} as const satisfies { readonly [Key in ProviderKey]?: string };

const SECRET_KEYS: readonly ProviderKey[] = [
  "accessToken",
  "clientSecret",
  "jwtSigningKey",
  "jwtToken",
  "password",
  "tlsClientPrivateKey",
];

/** Rules that say what is wrong with something that may hold a secret. */
const SILENT_RULES: readonly string[] = ["headers", "keycloakUrlCredentials"] satisfies RuleName[];

/** The provider's settings: from the namespace `keycloak`, else the environment, else the provider's default. */
export function decodeProvider(source: ConfigurationSource): { provider: ProviderValues; faults: Fault[] } {
  const values: Record<string, unknown> = { realm: "master" };
  const faults: Fault[] = unknownProviderKeys(source, "Keycloak", KEYS);
  const variables: { readonly [Key in ProviderKey]?: string } = VARIABLES;
  for (const key of KEYS) {
    const raw = source.values[`keycloak:${key}`] ?? source.environment[variables[key] ?? ""];
    if (raw !== undefined && raw !== "") {
      const { success, output, issues } = v.safeParse(SCHEMA[key], decodeAs(SCHEMA[key].type, raw));
      if (success) {
        values[key] = output;
      } else {
        const rule = issues[0].message as RuleName;
        const value = SILENT_RULES.includes(rule) ? {} : { value: shown(issues[0].input) };
        faults.push({ key: `keycloak:${key}`, ...RULES[rule], ...value });
      }
    }
  }
  return { provider: values, faults };
}

/** What is wrong with the provider's settings beyond each value, whether or not anybody logs in. */
export function checkProvider(provider: ProviderValues, source: ConfigurationSource): Fault[] {
  return [...plainSecrets(provider, source), ...halfPair(provider)];
}

function plainSecrets({ additionalHeaders = {} }: ProviderValues, { values, secretKeys }: ConfigurationSource) {
  const secretHeader = Object.keys(additionalHeaders).some((name) => /auth|cookie|key|secret|token/i.test(name));
  return [...SECRET_KEYS, ...(secretHeader ? ["additionalHeaders" as const] : [])]
    .map((key) => `keycloak:${key}`)
    .filter((key) => Boolean(values[key]) && !secretKeys.has(key))
    .map((key) => plainSecret(key));
}

/** The provider would go without either, and not say so. */
function* halfPair({ tlsClientCertificate, tlsClientPrivateKey }: ProviderValues): Generator<Fault> {
  if ((tlsClientCertificate === undefined) !== (tlsClientPrivateKey === undefined)) {
    yield {
      key: `keycloak:${tlsClientCertificate === undefined ? "tlsClientCertificate" : "tlsClientPrivateKey"}`,
      rule: "must be set",
      reason: "the other half of the TLS client's certificate is set, and the provider would silently use neither",
      remedy: "set both (PEM), or remove the other one",
    };
  }
}
