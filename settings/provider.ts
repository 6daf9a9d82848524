import { didYouMean, type Fault, shown } from "./faults";
import { type ConfigurationSource, keysOf } from "./source";

/** What the Keycloak provider can be told in the namespace `keycloak` (@pulumi/keycloak 6.13, ProviderArgs). */
const PROVIDER_KEYS = [
  "accessToken",
  "additionalHeaders",
  "adminUrl",
  "basePath",
  "clientId",
  "clientSecret",
  "clientTimeout",
  "initialLogin",
  "jwtSigningAlg",
  "jwtSigningKey",
  "jwtToken",
  "jwtTokenFile",
  "keycloakVersion",
  "password",
  "realm",
  "redHatSso",
  "rootCaCertificate",
  "tlsClientCertificate",
  "tlsClientPrivateKey",
  "tlsInsecureSkipVerify",
  "url",
  "username",
] as const;
type ProviderKey = (typeof PROVIDER_KEYS)[number];

/** Where the provider looks for what the stack file leaves out (its documentation, "Argument Reference"). */
const PROVIDER_ENVIRONMENT: Partial<Record<ProviderKey, string>> = {
  basePath: "KEYCLOAK_BASE_PATH",
  clientId: "KEYCLOAK_CLIENT_ID",
  clientSecret: "KEYCLOAK_CLIENT_SECRET",
  password: "KEYCLOAK_PASSWORD",
  realm: "KEYCLOAK_REALM",
  url: "KEYCLOAK_URL",
  username: "KEYCLOAK_USER",
};

const SECRET_KEYS: readonly ProviderKey[] = [
  "accessToken",
  "clientSecret",
  "jwtSigningKey",
  "jwtToken",
  "password",
  "tlsClientPrivateKey",
];

/** What the provider takes where neither says anything, as far as this program relies on it. */
const PROVIDER_DEFAULTS: Partial<Record<ProviderKey, string>> = { realm: "master" };

/** A setting of the Keycloak provider: from the namespace `keycloak`, else its environment variable, else its default. */
export function providerSetting(source: ConfigurationSource, key: ProviderKey): string | undefined {
  const variable = PROVIDER_ENVIRONMENT[key];
  const value = source.values[`keycloak:${key}`] ?? (variable && source.environment[variable]);
  return value === undefined || value === "" ? PROVIDER_DEFAULTS[key] : value;
}

/**
 * What is wrong with the connection to Keycloak, as far as it can be told without a server.
 * @param login whether anybody is going to log in
 */
export function checkProvider(source: ConfigurationSource, login: boolean): Fault[] {
  return [...unknownKeys(source), ...plainSecrets(source), ...(login ? missing(source) : []), ...malformedUrl(source)];
}

function unknownKeys(source: ConfigurationSource): Fault[] {
  return keysOf(source, "keycloak")
    .filter((key) => !(PROVIDER_KEYS as readonly string[]).includes(key))
    .map((key) => ({
      key: `keycloak:${key}`,
      rule: "must be a setting of the Keycloak provider",
      reason: "the provider would not know it, and a misspelt setting silently does nothing",
      remedy: didYouMean(key, PROVIDER_KEYS),
    }));
}

function plainSecrets(source: ConfigurationSource): Fault[] {
  return SECRET_KEYS.map((key) => `keycloak:${key}`)
    .filter((key) => source.values[key] !== undefined && !source.secretKeys.has(key))
    .map((key) => ({
      key,
      rule: "must be stored as a secret",
      reason: "the stack file goes into git, and Pulumi's state keeps in plain text what is not marked secret",
      remedy: `run: pulumi config set --secret ${key} (and renew the value: it has been readable)`,
    }));
}

function missing(source: ConfigurationSource): Fault[] {
  const has = (key: ProviderKey) => providerSetting(source, key) !== undefined;
  const faults: Fault[] = [];
  for (const key of ["url", "clientId"] as const) {
    if (!has(key)) {
      faults.push({
        key: `keycloak:${key}`,
        rule: "must be set",
        reason: "the deployer has to log in to Keycloak",
        remedy: `run: pulumi config set keycloak:${key} … (or export ${PROVIDER_ENVIRONMENT[key]})`,
      });
    }
  }
  const credentials: ProviderKey[] = [
    "clientSecret",
    "password",
    "jwtSigningKey",
    "jwtToken",
    "jwtTokenFile",
    "accessToken",
  ];
  if (!credentials.some(has)) {
    faults.push({
      key: "keycloak:clientSecret",
      rule: "must be set",
      reason: "the deployer has to log in to Keycloak",
      remedy:
        "run: pulumi config set --secret keycloak:clientSecret (or export KEYCLOAK_CLIENT_SECRET; " +
        'for the embedded Keycloak: eval "$(make env)")',
    });
  }
  return faults;
}

function malformedUrl(source: ConfigurationSource): Fault[] {
  const url = providerSetting(source, "url");
  if (url === undefined || /^https?:\/\/[^\s?#]+$/.test(url)) {
    return [];
  }
  return [
    {
      key: "keycloak:url",
      rule: "must be an absolute http(s) URL",
      reason: "the deployer reaches Keycloak by it",
      value: shown(url),
      remedy: 'write Keycloak\'s base URL, such as "https://keycloak.example.com"',
    },
  ];
}
