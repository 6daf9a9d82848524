import { shown, type Danger, type Told } from "./finding";

/** A property of a customer's client: what the last `up` left, what the server has now, and the customer. */
type Words = (stored: unknown, real: unknown, customer: string) => Told;

/** What somebody changed in a customer's client. */
export const CLIENT_WORDS: Readonly<Record<string, Words>> = {
  ...switches("access", {
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
  ...switches("other", {
    consentRequired: "the consent of users",
    frontchannelLogoutEnabled: "front-channel logout",
    backchannelLogoutSessionRequired: "session ids in back-channel logout",
  }),
  enabled: (_, real, customer) =>
    real === true
      ? {
          danger: "access",
          sentence: `someone enabled the retired customer ${customer} again, or Keycloak refused to retire it`,
        }
      : {
          danger: "credentials",
          sentence: `someone disabled the client of customer ${customer}, which gets no tokens any more`,
        },
  serviceAccountsEnabled: (_, real, customer) => ({
    danger: "credentials",
    sentence:
      `someone switched ${real === true ? "on" : "off"} the service account of customer ${customer}` +
      (real === true ? "" : ", which gets no tokens any more; the account that up makes instead has another id (sub)"),
  }),
  serviceAccountUserId: (stored, real, customer) => ({
    danger: "claims",
    sentence: `someone replaced the service account of customer ${customer}: from ${shown(stored)} to ${shown(real)}`,
  }),
  accessType: (stored, real, customer) =>
    real === "PUBLIC"
      ? {
          danger: "credentials",
          sentence: `someone made the client of customer ${customer} public: its secret is lost`,
          newSecret: true,
        }
      : valueChanged("the access type", "credentials")(stored, real, customer),
  clientAuthenticatorType: valueChanged("how the client authenticates itself, which is", "credentials"),
  clientId: (stored, real, customer) => ({
    danger: "credentials",
    sentence: `someone renamed the client of customer ${customer} from ${shown(stored)} to ${shown(real)}`,
  }),
  requireDpopBoundTokens: (_, real, customer) => ({
    danger: "credentials",
    sentence:
      real === true
        ? `someone switched on DPoP on customer ${customer}, which gets no tokens any more`
        : `someone switched off DPoP on customer ${customer}`,
  }),
  clientSessionMaxLifespan: valueChanged("the longest session in seconds, which ends tokens,", "claims"),
  accessTokenLifespan: valueChanged("the access token lifespan in seconds", "claims"),
  name: valueChanged("the display name", "other"),
};

/** What a list of a client has one by one, and what a further one of it endangers. */
export const CLIENT_LISTS: Readonly<Record<string, { readonly item: string; readonly danger: Danger }>> = {
  defaultScopes: { item: "the default client scope", danger: "claims" },
  optionalScopes: { item: "the optional client scope", danger: "access" },
  validRedirectUris: { item: "the redirect URI", danger: "access" },
  webOrigins: { item: "the web origin", danger: "access" },
};

function switches(danger: Danger, names: Readonly<Record<string, string>>): Record<string, Words> {
  return Object.fromEntries(
    Object.entries(names).map(([property, name]) => [
      property,
      (_, real, customer) => ({
        danger,
        sentence: `someone switched ${isOn(real) ? "on" : "off"} ${name} on customer ${customer}`,
      }),
    ]),
  );
}

function valueChanged(name: string, danger: Danger): Words {
  return (stored, real, customer) => ({
    danger,
    sentence: `someone changed ${name} of customer ${customer} from ${shown(stored)} to ${shown(real)}`,
  });
}

function isOn(value: unknown): boolean {
  return value === true || value === "true";
}
