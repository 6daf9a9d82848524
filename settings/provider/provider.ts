import type { ProviderArgs } from "@pulumi/keycloak";
import * as v from "valibot";

import type { Fault } from "../../faults/faults.ts";
import { recordOf } from "../../values/shapes.ts";
import { boolean, form, holds, inOrder, mapOf, mapOfAny, matching, must, text, whole } from "../schema/checks.ts";
import { ofServer } from "../schema/urls.ts";
import { type ConfigurationSource, type Decoded, decodeNamespace } from "../source.ts";

const NO_URL = must(
  "be an absolute http(s) URL",
  "the deployer reaches Keycloak by it",
  'write Keycloak\'s base URL, such as "https://keycloak.example.com"',
);

const baseUrl = inOrder(
  v.pipe(
    text,
    v.regex(/^https?:\/\/[^\s?#]+$/, NO_URL),
    v.check((value) => URL.canParse(value), NO_URL),
    form(
      /^[^@]*$/,
      "not hold a user name or a password",
      "the stack file goes into git",
      "cut them off; the deployer logs in with keycloak:clientId and keycloak:clientSecret",
    ),
    ofServer,
    form(
      /[^/]$/,
      "not end with a slash",
      "the provider appends /realms/… to it letter by letter, and Keycloak refuses two slashes in a row (400)",
      "cut the slash off",
    ),
  ),
);

const HEADERS = [
  "be a map of HTTP headers, without Host and Proxy-Authorization",
  "they go with every request to Keycloak; these two follow from keycloak:url and the proxy's own URL",
  "write one name with its value per line",
] as const;
const headerName = v.pipe(
  matching(/^[\w!#$%&'*+.^`|~-]+$/, ...HEADERS),
  holds((name) => !/^(host|proxy-authorization)$/i.test(name), ...HEADERS),
);
const headerValue = v.pipe(v.string(must(...HEADERS)), form(/^[\t\x20-\x7e\x80-\xff]*$/, ...HEADERS));

/** What the provider could be told, but the commands do not follow. */
const refused = (reason: string, remedy = "remove it") =>
  v.optional(v.custom<undefined>(() => false, must("not be set", reason, remedy)));

const refusedLogin = (variable?: string) =>
  refused(
    "the program and its commands log in by a client secret, an assertion or an access token, as the provider does then",
    `remove it${variable === undefined ? "" : ` (or unset ${variable})`}, and set keycloak:clientSecret or jwtTokenFile`,
  );

/** All that the provider can be told. With a version of it that can be told more, this does not compile. */
const ENTRIES = {
  accessToken: v.optional(text),
  additionalHeaders: v.optional(mapOfAny(headerName, headerValue, must(...HEADERS))),
  adminUrl: v.optional(baseUrl),
  basePath: v.optional(
    matching(
      /^(\/[^\s?#/]+)+$/,
      "be empty or begin with a slash, and not end with one",
      "the provider appends it to keycloak:url letter by letter",
      'write it such as "/auth", or leave it out: Keycloak has had no base path since version 17',
    ),
  ),
  clientId: v.optional(text),
  clientSecret: v.optional(text),
  clientTimeout: v.optional(
    whole(
      0,
      86_400,
      "be a whole number of seconds, or 0 for no limit",
      "a request to Keycloak is given up after it",
      "write 60 for a minute",
    ),
  ),
  initialLogin: refused("every run asks Keycloak before it declares anything, and so logs in at once"),
  jwtSigningAlg: refusedLogin(),
  jwtSigningKey: refusedLogin("KEYCLOAK_JWT_SIGNING_KEY"),
  jwtToken: v.optional(text),
  jwtTokenFile: v.optional(text),
  // Nothing but the provider asks for the server's version.
  keycloakVersion: v.optional(text),
  password: refusedLogin("KEYCLOAK_PASSWORD"),
  realm: v.optional(text, "master"),
  redHatSso: refused(
    "Red Hat SSO is Keycloak 18 at the latest, and every customer's client needs a client scope that came with 26.1",
    "remove it; the Red Hat build of Keycloak does without",
  ),
  rootCaCertificate: v.optional(text),
  tlsClientCertificate: v.optional(text),
  tlsClientPrivateKey: v.optional(text),
  tlsInsecureSkipVerify: v.optional(boolean),
  url: v.optional(baseUrl),
  username: refusedLogin("KEYCLOAK_USER"),
} as const satisfies { readonly [Key in keyof ProviderArgs]-?: v.GenericSchema };

/** Where the provider looks for what the stack file leaves out (its documentation, "Argument Reference"). */
const VARIABLES: { readonly [Key in keyof ProviderArgs]?: string } = {
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
};

/** The namespace `keycloak`. */
export const PROVIDER = mapOf(ENTRIES);

export type ProviderValues = v.InferOutput<typeof PROVIDER>;

/** The provider takes a client's certificate and its key together. */
export function checkClientCertificate(values: Decoded): Fault[] {
  const missing = ["tlsClientCertificate", "tlsClientPrivateKey"].filter((key) => values[key] === undefined);
  return (missing.length === 1 ? missing : []).map((half) => ({
    key: `keycloak:${half}`,
    rule: "must be set",
    reason: "the other half of the TLS client's certificate is set, and the provider would silently use neither",
    remedy: "set both (PEM), or remove the other one",
  }));
}

/** The provider's settings: from the namespace `keycloak`, else from the environment. */
export function providerValues({ environment, values }: ConfigurationSource): Decoded {
  const ofEnvironment = Object.entries(VARIABLES).map(([key, variable]): [string, string] => [
    `keycloak:${key}`,
    environment[variable] ?? "",
  ]);
  const isKnown = (key: string) => Object.hasOwn(ENTRIES, key.replace("keycloak:", ""));
  const told = Object.entries({ ...Object.fromEntries(ofEnvironment), ...values }).filter(
    ([key, value]) => value !== "" || !isKnown(key),
  );
  return decodeNamespace({ values: Object.fromEntries(told) }, "keycloak", ENTRIES);
}

const SECRETS = ["accessToken", "clientSecret", "jwtSigningKey", "jwtToken", "password", "tlsClientPrivateKey"];

/** The keys whose values no fault shows. Headers may be secret. */
export const SILENT_KEYS = [...SECRETS, "additionalHeaders"].map((key) => `keycloak:${key}`);

/** The provider's secrets that stand in the stack file in plain text. */
export function plainSecrets({ additionalHeaders }: Decoded, { values, secretKeys }: ConfigurationSource): Fault[] {
  const isSecretHeader = Object.keys(recordOf(additionalHeaders)).some((name) =>
    /auth|cookie|key|secret|token/i.test(name),
  );
  return [...SECRETS, ...(isSecretHeader ? ["additionalHeaders"] : [])]
    .map((key) => `keycloak:${key}`)
    .filter((key) => Boolean(values[key]) && !secretKeys.has(key))
    .map((key) => ({
      key,
      rule: "must be stored as a secret",
      reason:
        "the stack file goes into git, and Pulumi's state keeps everything that is not marked secret in plain text",
      remedy: `run: pulumi config set --secret ${key} (and renew the value: it has been readable)`,
    }));
}
