import { TYPES } from "../../contract/types.ts";
import type { Change } from "./changesByHand.ts";
import type { Finding } from "./finding.ts";
import { changesOfParts, each, says, type Words } from "./phrases.ts";

/** By property, or by type. */
type Phrases = Readonly<Record<string, Words>>;

/** What follows where the executor, or what applies it, is gone. */
const WITHOUT_OVERLAP = ": a secret that is renewed stops at once";
const DELETED_ROTATION = says("credentials", `deleted {phrase}${WITHOUT_OVERLAP}`);
const VALUE = "changed {what} of {whom} from {was} to {is}";
const CLAIM = "{put|took} {claim} {into|out of} {what}";

/** What somebody did to a property, by type; phrases.ts says how it is read. */
export const CHANGED: Readonly<Record<string, Phrases>> = {
  [TYPES.client]: {
    ...alike("access", "switched {on|off} {what} on {whom}", {
      directAccessGrantsEnabled: "direct access grants",
      standardFlowEnabled: "logins by browser (the standard flow)",
      implicitFlowEnabled: "the implicit flow",
      oauth2DeviceAuthorizationGrantEnabled: "the device authorization grant",
      oauth2JwtAuthorizationGrantEnabled: "the JWT authorization grant",
      standardTokenExchangeEnabled: "the standard token exchange",
      fullScopeAllowed: "full scope",
      useRefreshTokens: "refresh tokens",
      useRefreshTokensClientCredentials: "refresh tokens for client credentials",
    }),
    ...alike("other", "switched {on|off} {what} on {whom}", {
      consentRequired: "the consent of users",
      frontchannelLogoutEnabled: "front-channel logout",
      backchannelLogoutSessionRequired: "session ids in back-channel logout",
    }),
    enabled: (change) =>
      change.real === true
        ? says("access", "enabled the retired {whom} again, or Keycloak refused to retire it")(change)
        : says("credentials", "disabled the client of {whom}, which gets no tokens any more")(change),
    serviceAccountsEnabled: says(
      "credentials",
      "switched {on|off} the service account of {whom}" +
        "{|, which gets no tokens any more; the account that up makes instead has another id (sub)}",
    ),
    serviceAccountUserId: says("claims", "replaced the service account of {whom}: from {was} to {is}"),
    accessType: (change) =>
      change.real === "PUBLIC"
        ? says("credentials", "made the client of {whom} public: its secret is lost", true)(change)
        : says("credentials", "changed the access type of {whom} from {was} to {is}")(change),
    clientId: says("credentials", "renamed the client of {whom} from {was} to {is}"),
    requireDpopBoundTokens: says("credentials", "switched {on|off} DPoP on {whom}{, which gets no tokens any more|}"),
    ...alike("credentials", VALUE, { clientAuthenticatorType: "how the client authenticates itself, which is" }),
    ...alike("claims", VALUE, {
      clientSessionMaxLifespan: "the longest session in seconds, which ends tokens,",
      accessTokenLifespan: "the access token lifespan in seconds",
    }),
    ...alike("other", VALUE, { name: "the display name" }),
    validRedirectUris: each("access", "the redirect URI", "{whom}"),
    webOrigins: each("access", "the web origin", "{whom}"),
  },
  [TYPES.defaultScopes]: { defaultScopes: each("claims", "the default client scope", "{whom}") },
  [TYPES.optionalScopes]: { optionalScopes: each("access", "the optional client scope", "{whom}") },
  [TYPES.hardcodedClaim]: {
    claimValue: says("claims", "changed {claim} from {was} to {is}"),
    claimName: says("claims", "renamed {claim} to {is}"),
    ...alike("claims", CLAIM, { addToAccessToken: "access tokens" }),
    ...alike("other", CLAIM, { addToIdToken: "id tokens", addToUserinfo: "userinfo" }),
  },
  [TYPES.audience]: {
    includedCustomAudience: says("claims", "changed the audience of all customers' tokens from {was} to {is}"),
    addToAccessToken: says("claims", "{put the audience into|took the audience out of} all customers' tokens"),
  },
  [TYPES.clientScope]: {
    includeInTokenScope: says(
      "claims",
      "let {phrase} {appear in|vanish from} the claim scope of all customers' tokens",
    ),
    name: says("claims", "renamed the client scope {was} to {is}"),
  },
  [TYPES.clientProfile]: {
    executors: changesOfParts("executor", { "secret-rotation": WITHOUT_OVERLAP }),
  },
  [TYPES.clientPolicy]: {
    conditions: changesOfParts("condition"),
    enabled: says("credentials", `switched {on|off} {phrase}{|${WITHOUT_OVERLAP}}`),
    profiles: each("credentials", "the client profile", "{phrase}", WITHOUT_OVERLAP),
  },
};

/** That somebody deleted a resource, by type. */
const LOST: Phrases = {
  [TYPES.client]: says("existence", "deleted {phrase}, with its secret, its mapper and its client scopes", true),
  [TYPES.clientScope]: says("existence", "deleted {phrase}, with its mappers, and so from every customer"),
  [TYPES.clientProfile]: DELETED_ROTATION,
  [TYPES.clientPolicy]: DELETED_ROTATION,
  [TYPES.hardcodedClaim]: says("claims", "deleted {phrase}: {whose} tokens lack the claim {claimName}"),
};

const CHANGED_OTHERWISE = says("other", "changed {property} of {phrase} from {was} to {is}");
const LOST_OTHERWISE = says("claims", "deleted {phrase}");

/** A change in words: one sentence, or one for each entry that a list has gained or lost. */
export function tell(change: Change): Finding[] {
  const { property, resource } = change;
  if (property === undefined) {
    return (LOST[resource.type] ?? LOST_OTHERWISE)(change);
  }
  const told = CHANGED[resource.type]?.[property]?.(change) ?? [];
  return told.length > 0 ? told : CHANGED_OTHERWISE(change);
}

/** One phrase for several properties, `{what}` being each one's name. */
function alike(danger: Finding["danger"], phrase: string, names: Readonly<Record<string, string>>): Phrases {
  const entries = Object.entries(names).map(([property, name]) => [
    property,
    says(danger, phrase.replace("{what}", name)),
  ]);
  return Object.fromEntries(entries) as Phrases;
}
