import type { Fault } from "../settings/faults";
import type { Deployer, Settings } from "../settings/settings";

/** An answer of Keycloak other than what was asked for, whoever asked: the provider's plugin or a command. */
export interface RefusedAnswer {
  readonly status: number;
  /** The server's own words, such as `invalid_client: Invalid client credentials`; the plugin keeps them to itself. */
  readonly said?: string;
  /** What was asked for below Keycloak's base URL, where it is known. */
  readonly path?: string;
}

type Asking = Pick<Settings, "connection" | "deployer" | "realm">;

/** The roles of the client realm-management that a deployer needs. */
export const DEPLOYER_ROLES = "manage-clients, view-users and view-realm";

/** What else it needs for protocol mappers (CVE-2026-4629). */
export const MAPPER_ROLES = "manage-clients and, from Keycloak 26.8.2 on, manage-realm";

const UNSET_USER = "unset KEYCLOAK_USER and KEYCLOAK_PASSWORD: where both are set, the deployer logs in as that user";

/** What the token endpoint's own words say, where they say more than its status (tried on Keycloak 26.7). */
const LOGIN_WORDS: readonly (readonly [RegExp, (who: string) => Pick<Fault, "key" | "rule" | "remedy">])[] = [
  [
    /missingNormalization/,
    () => ({
      key: "keycloak:url",
      rule: "must have no slash at its end",
      remedy: "write Keycloak's base URL without it",
    }),
  ],
  [
    /direct access grants/,
    (who) => ({ key: "keycloak:clientId", rule: `must log in as ${who} itself, not as a user`, remedy: UNSET_USER }),
  ],
  [
    /service account/,
    (who) => ({
      key: "keycloak:clientId",
      rule: "must be a confidential client with a service account",
      remedy: `switch on "Client authentication" and "Service accounts roles" of ${who}`,
    }),
  ],
  [
    /client authentication method/,
    (who) => ({
      key: "keycloak:clientId",
      rule: "must be a client that may log in with a client secret",
      remedy: `except ${who} from the client policy of its realm that forbids that`,
    }),
  ],
];

/** The same of an assertion that somebody else has issued. */
const ASSERTION_WORDS: readonly (readonly [RegExp, Pick<Fault, "key" | "rule" | "remedy">])[] = [
  [
    /audience/i,
    {
      key: "keycloak:jwtTokenFile",
      rule: "must be an assertion with one audience, the issuer of the deployer's realm",
      remedy: "ask for one with that audience alone: letter by letter the issuer in the realm's discovery document",
    },
  ],
  [
    /not active|too far in the past|in the future/i,
    {
      key: "keycloak:jwtTokenFile",
      rule: "must be an assertion that is new: Keycloak takes it for five minutes, and not after it expires",
      remedy: "fetch it shortly before, and again while a long run lasts; where it is new, compare the clocks",
    },
  ],
  [
    /reuse/i,
    {
      key: "keycloak:jwtTokenFile",
      rule: "must be an assertion that works more than once: program, provider and commands each log in with it",
      remedy: "set supportsClientAssertionReuse of the identity provider in Keycloak to true",
    },
  ],
];

/** The deployer's client in words. */
export function nameOf({ clientId, realm }: Deployer): string {
  return clientId === undefined
    ? `the client of the assertion, in realm ${realm}`
    : `client "${clientId}" of realm ${realm}`;
}

/**
 * Why Keycloak gave the deployer no token.
 * @param presented the assertion that it was given, in words
 */
export function explainLogin(
  { status, said = "" }: RefusedAnswer,
  { connection, deployer }: Omit<Asking, "realm">,
  presented?: string,
): Fault {
  const who = nameOf(deployer);
  const by = presented === undefined ? "" : ` by ${presented}`;
  const answer = `Keycloak refused the login${by} (${status}${said === "" ? "" : ` ${said}`})`;
  const ofAssertion = ASSERTION_WORDS.find(([words]) => presented !== undefined && words.test(said));
  if (ofAssertion !== undefined) {
    return { ...ofAssertion[1], reason: answer };
  }
  if (deployer.credentials.kind === "signingKey" && /audience/i.test(said)) {
    return {
      key: "keycloak:url",
      rule: "must be Keycloak's public URL, where the deployer logs in by keycloak:jwtSigningKey",
      reason: answer,
      remedy:
        "write the URL of scpcloud:publicUrl: the provider makes the assertion for keycloak:url (or adminUrl), and Keycloak " +
        "takes it for its public URL only; or let the deployer log in by its client secret",
    };
  }
  const known = LOGIN_WORDS.find(([words]) => words.test(said));
  if (known !== undefined) {
    return { ...known[1](who), reason: answer };
  }
  switch (status) {
    case 400:
    case 401:
      return { ...wrongLogin(status, deployer, who), reason: `${answer}: ${REFUSED[status]}` };
    case 403:
      return {
        key: "keycloak:realm",
        rule: "must be a realm that is enabled",
        reason: `${answer}, as it does in a disabled realm; or a proxy before it did`,
        value: deployer.realm,
        remedy: "have the realm enabled in the admin console",
      };
    case 404:
      return {
        key: "keycloak:realm",
        rule: "must be the realm that the deployer's client lives in",
        reason: "Keycloak has no such realm; the case of its letters matters",
        value: deployer.realm,
        remedy: "write the realm's name as in the admin console",
      };
    default:
      return explainNotReady({ status, said }, { connection });
  }
}

/** What the statuses mean (tried on Keycloak 26.7). */
const REFUSED = {
  400: "it answers so to a login that it does not allow, not to a wrong secret",
  401: "no such client, a disabled one, wrong credentials, or no service account; it does not tell which",
} as const;

/** Where the credentials are set. */
const KEYS = {
  accessToken: "accessToken",
  assertion: "jwtToken",
  assertionFile: "jwtTokenFile",
  clientSecret: "clientSecret",
  signingKey: "jwtSigningKey",
} as const;

/** Whose fault it can be depends on what the deployer logs in with. */
function wrongLogin(status: 400 | 401, { realm, credentials }: Deployer, who: string): Omit<Fault, "reason"> {
  if (credentials.kind === "password") {
    return { key: "keycloak:password", rule: `must be that of a user who may log in by ${who}`, remedy: UNSET_USER };
  }
  if (status === 400) {
    return {
      key: "keycloak:clientId",
      rule: "must be a client that may log in as it does",
      value: who,
      remedy: `see that no client policy of realm ${realm} forbids this kind of login, and no proxy changes the URL`,
    };
  }
  const key = KEYS[credentials.kind];
  if (credentials.kind === "assertion" || credentials.kind === "assertionFile") {
    return {
      key: `keycloak:${key}`,
      rule: `must be an assertion that Keycloak takes for one of ${who}`,
      remedy:
        `see that an identity provider of realm ${realm} has its issuer and its keys (with supportsClientAssertions), that ` +
        "one enabled client has its subject, letter by letter, and the id keycloak:clientId, if that is set; and that the " +
        "client authentication flow has the step federated-jwt (Keycloak 26.6 or later)",
    };
  }
  return {
    key: `keycloak:${key}`,
    rule: key === "clientSecret" ? `must be the secret of ${who}` : `must prove that the deployer is ${who}`,
    remedy:
      "compare keycloak:realm and keycloak:clientId with the admin console, then run: " +
      `pulumi config set --secret keycloak:${key}${key === "clientSecret" ? " (or export KEYCLOAK_CLIENT_SECRET)" : ""}`,
  };
}

/** Why the admin REST API did not do what the deployer asked for, whose login was accepted. */
export function explainAdmin(answer: RefusedAnswer, { connection, deployer, realm }: Asking): Fault {
  const { status, said = "", path = "the admin REST API" } = answer;
  const who = nameOf(deployer);
  const key = "keycloak:clientId";
  switch (status) {
    case 401:
      return {
        key,
        rule: "must be a client whose tokens the admin REST API accepts",
        reason:
          `Keycloak accepted the login of ${who}, but answered 401 at ${path}; from 26.8.2 on a token needs the ` +
          "audience that the client scope kc-admin-api gives",
        value: deployer.clientId ?? who,
        remedy: `add kc-admin-api to the default client scopes of ${who}, where the realm has that scope`,
      };
    case 403:
      return {
        key,
        rule: `must be a client with the roles ${DEPLOYER_ROLES} of realm-management`,
        reason: `Keycloak forbade (403) ${path} to ${who}`,
        value: deployer.clientId ?? who,
        remedy: `give its service account these roles in realm ${realm}`,
      };
    case 404:
      return {
        key: "scpcloud:realm",
        rule: "must be a realm of the server that has all that the program asks for",
        reason: `Keycloak answered 404 at ${path}${said === "" ? "" : `: ${said}`}`,
        value: realm,
        remedy: "write the realm's name as in the admin console; the case of its letters matters",
      };
    case 400:
    case 409:
      return {
        key: "keycloak:url",
        rule: "must be a Keycloak that does what is asked of it",
        reason: `it refused ${path}: ${status}${said === "" ? "" : ` ${said}`}`,
        value: connection.url,
        remedy: "see what its words name; its log tells more for the time of this run",
      };
    default:
      return explainNotReady(answer, { connection });
  }
}

/** No answer came. The reason is in the words of Go or of Node.js. */
export function explainNoAnswer(reason: string, { connection }: Pick<Asking, "connection">): Fault {
  if (!/x509|certificate/i.test(reason)) {
    return {
      key: "keycloak:url",
      rule: "must be a Keycloak that answers",
      reason: `it could not be reached: ${NETWORK.exec(reason)?.[0] ?? reason}`,
      value: connection.url,
      remedy: "check the URL and whether the server is up; the embedded one is started by: make up",
    };
  }
  const isOfTime = /expired|not yet valid/i.test(reason);
  return {
    key: "keycloak:url",
    rule: "must be a server with a certificate that the deployer trusts",
    reason: `its certificate was refused: ${(isOfTime ? undefined : /x509: [^(]*/.exec(reason)?.[0].trim()) ?? reason}`,
    value: connection.url,
    remedy: isOfTime
      ? `compare this machine's clock, which says ${new Date().toISOString()}; if it is right, have the certificate renewed`
      : "put the CA's certificate (PEM) into keycloak:rootCaCertificate, or on SSL_CERT_DIR; " +
        'for the embedded Keycloak: eval "$(make env)"',
  };
}

/** The words of Go that say all; those of Node.js are short. */
export const NETWORK =
  /connection refused|connection reset|no such host|i\/o timeout|deadline exceeded|network is unreachable|EOF/;

/** An empty list is no answer to a deployer who may ask, but not look. */
export function explainBlindness(
  role: "view-clients" | "view-users",
  { deployer, realm }: Pick<Asking, "deployer" | "realm">,
): Fault {
  const manages = role.replace("view", "manage");
  return {
    key: "keycloak:clientId",
    rule: `must be a client with the role ${role} or ${manages} of realm-management`,
    reason: `Keycloak shows empty lists to ${nameOf(deployer)}: it hides what is there`,
    remedy: `give its service account the role ${role}, or for up ${manages}, in realm ${realm}`,
  };
}

/** The server, or a proxy before it, answers, but not to what was asked. */
export function explainNotReady(
  { status, said = "", path }: RefusedAnswer,
  { connection }: Pick<Asking, "connection">,
): Fault {
  const at = path === undefined ? "" : ` at ${path}`;
  return {
    key: "keycloak:url",
    rule: "must be a Keycloak that answers",
    reason: `${status >= 500 ? "it, or a proxy before it, failed" : "it gave an unexpected answer"}${at}: ${status}${said === "" ? "" : ` ${said}`}`,
    value: connection.url,
    remedy: "look into the log of Keycloak, and of the proxy, for the time of this run",
  };
}

/** What lets a deployer see the server's version (tried on 26.4.7, 26.5.6 and 26.7.3). */
export function showVersion(realm: string): string {
  return (
    "give the deployer's service account the role manage-realm of realm-management " +
    `(on 26.4 instead: a role view-system, which you add to realm-management) in realm ${realm}`
  );
}

/** The plugin could not read the server's version, which 26.4 and later do not show to everybody. */
export function explainHiddenVersion(realm: string): Fault {
  return {
    key: "keycloak:keycloakVersion",
    rule: "must be set, or the server's version visible",
    reason: "the plugin asks for it, and Keycloak 26.4 or later does not show it to the deployer",
    remedy:
      "run: pulumi config set keycloak:keycloakVersion with the server's version (Pulumi's own plugin takes it); " +
      `or ${showVersion(realm)}`,
  };
}
