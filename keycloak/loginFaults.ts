import type { Fault } from "../settings/faults";
import type { Deployer } from "../settings/settings";
import { type Asking, deployerName, explainNotReady, type RefusedAnswer } from "./adminFaults";

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

/** What the token endpoint says of an assertion that somebody else has issued. */
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

/**
 * Why Keycloak gave the deployer no token.
 * @param presented the assertion that it was given, in words
 */
export function explainLogin(
  { status, said = "" }: RefusedAnswer,
  { connection, deployer }: Omit<Asking, "realm">,
  presented?: string,
): Fault {
  const who = deployerName(deployer);
  const by = presented === undefined ? "" : ` by ${presented}`;
  const answer = `Keycloak refused the login${by} (${status}${said === "" ? "" : ` ${said}`})`;
  const ofAssertion = ASSERTION_WORDS.find(([words]) => presented !== undefined && words.test(said));
  if (ofAssertion !== undefined) {
    return { ...ofAssertion[1], reason: answer };
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
} as const;

/** What can be wrong depends on what the deployer logs in with. */
function wrongLogin(status: 400 | 401, { realm, credentials }: Deployer, who: string): Omit<Fault, "reason"> {
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
