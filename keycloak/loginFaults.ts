import type { Fault } from "../faults/faults.ts";
import type { Deployer } from "../settings/settings.ts";
import { after, type Asking, deployerName, explainNotReady, type RefusedAnswer } from "./adminFaults.ts";

/** What answers of the token endpoint mean: those that `says` fits by their words, or those of a status. */
interface Meaning extends Omit<Fault, "reason"> {
  readonly says?: RegExp;
  readonly status?: number;
  /** What the status means. */
  readonly because?: string;
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
  const meaning = [...(presented === undefined ? [] : OF_ASSERTIONS), ...meaningsFor(deployer)].find((one) =>
    one.says === undefined ? one.status === status : one.says.test(said),
  );
  if (meaning === undefined) {
    return explainNotReady({ status, said }, { connection });
  }
  const { says, because, key, rule, value, remedy } = meaning;
  const answer = `Keycloak refused the login${after(" by ", presented)} (${status}${after(" ", said)})`;
  const reason = says === undefined ? `${answer}${because}` : answer;
  return { key, rule, reason, ...(value === undefined ? {} : { value }), remedy };
}

/** What the token endpoint says of an assertion that somebody else has issued (tried on Keycloak 26.7). */
const OF_ASSERTIONS: readonly Meaning[] = [
  {
    says: /audience/i,
    key: "keycloak:jwtTokenFile",
    rule: "must be an assertion with one audience, the issuer of the deployer's realm",
    remedy: "ask for one with that audience alone: letter by letter the issuer in the realm's discovery document",
  },
  {
    says: /not active|too far in the past|in the future/i,
    key: "keycloak:jwtTokenFile",
    rule: "must be an assertion that is new: Keycloak takes it for five minutes, and not after it expires",
    remedy: "fetch it shortly before, and again while a long run lasts; where it is new, compare the clocks",
  },
  {
    says: /reuse/i,
    key: "keycloak:jwtTokenFile",
    rule: "must be an assertion that works more than once: program, provider and commands each log in with it",
    remedy: "set supportsClientAssertionReuse of the identity provider in Keycloak to true",
  },
];

/** What it says of any login (tried on Keycloak 26.7). */
function meaningsFor(deployer: Deployer): readonly Meaning[] {
  const { realm } = deployer;
  const who = deployerName(deployer);
  return [
    {
      says: /missingNormalization/,
      key: "keycloak:url",
      rule: "must have no slash at its end",
      remedy: "write Keycloak's base URL without it",
    },
    {
      says: /service account/,
      key: "keycloak:clientId",
      rule: "must be a confidential client with a service account",
      remedy: `switch on "Client authentication" and "Service accounts roles" of ${who}`,
    },
    {
      says: /client authentication method/,
      key: "keycloak:clientId",
      rule: "must be a client that may log in with a client secret",
      remedy: `except ${who} from the client policy of its realm that forbids that`,
    },
    {
      status: 400,
      because: ": it answers so to a login that it does not allow, not to a wrong secret",
      key: "keycloak:clientId",
      rule: "must be a client that may log in as it does",
      value: who,
      remedy: `see that no client policy of realm ${realm} forbids this kind of login, and no proxy changes the URL`,
    },
    {
      status: 401,
      because: ": no such client, a disabled one, wrong credentials, or no service account; it does not tell which",
      ...wrongCredentials(deployer, who),
    },
    {
      status: 403,
      because: ", as it does in a disabled realm; or a proxy before it did",
      key: "keycloak:realm",
      rule: "must be a realm that is enabled",
      value: realm,
      remedy: "have the realm enabled in the admin console",
    },
    {
      status: 404,
      because: ": it has no such realm; the case of its letters matters",
      key: "keycloak:realm",
      rule: "must be the realm that the deployer's client lives in",
      value: realm,
      remedy: "write the realm's name as in the admin console",
    },
  ];
}

/** Where the credentials are set. */
const KEYS = {
  accessToken: "keycloak:accessToken",
  assertion: "keycloak:jwtToken",
  assertionFile: "keycloak:jwtTokenFile",
  clientSecret: "keycloak:clientSecret",
} as const;

function wrongCredentials({ realm, credentials: { kind } }: Deployer, who: string): Omit<Fault, "reason"> {
  const key = KEYS[kind];
  if (kind === "assertion" || kind === "assertionFile") {
    return {
      key,
      rule: `must be an assertion that Keycloak takes for one of ${who}`,
      remedy:
        `see that an identity provider of realm ${realm} has its issuer and its keys (with supportsClientAssertions), that ` +
        "one enabled client has its subject, letter by letter, and the id keycloak:clientId, if that is set; and that the " +
        "client authentication flow has the step federated-jwt (Keycloak 26.6 or later)",
    };
  }
  return {
    key,
    rule: kind === "clientSecret" ? `must be the secret of ${who}` : `must prove that the deployer is ${who}`,
    remedy:
      "compare keycloak:realm and keycloak:clientId with the admin console, then run: " +
      `pulumi config set --secret ${key}${kind === "clientSecret" ? " (or export KEYCLOAK_CLIENT_SECRET)" : ""}`,
  };
}
