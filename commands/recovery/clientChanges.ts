import { BUILT_IN_SCOPES, ORGANIZATION_CLAIM } from "../../contract/names.ts";
import { type ClientRepresentation, oddSecret } from "../../keycloak/clients.ts";
import { stringsOf } from "../../values/shapes.ts";
import { code, names } from "../changes/markdown.ts";

/** What is off on every customer's client (components/integration.ts), by Keycloak's own names. */
const SWITCHES: Readonly<Record<string, string>> = {
  standardFlowEnabled: "logins by browser (the standard flow)",
  implicitFlowEnabled: "the implicit flow",
  directAccessGrantsEnabled: "direct access grants (a user's password)",
  fullScopeAllowed: "full scope: roles of the service account no longer get into the token by themselves",
  consentRequired: "the consent of users",
  frontchannelLogout: "front-channel logout",
};
const ATTRIBUTES: Readonly<Record<string, string>> = {
  "oauth2.device.authorization.grant.enabled": "the device authorization grant",
  "client_credentials.use_refresh_token": "refresh tokens for client credentials",
  "dpop.bound.access.tokens": "DPoP: tokens that are bound to a key of the caller's",
};

/** What an adoption closes on a client, one sentence each. */
export function* whatCloses(client: ClientRepresentation, scopeNames: readonly string[]): Generator<string> {
  const { attributes = {} } = client;
  const switchedOn = Object.entries(SWITCHES).filter(([field]) => client[field] === true);
  const attributesOn = Object.entries(ATTRIBUTES).filter(([field]) => attributes[field] === "true");
  yield* [...switchedOn, ...attributesOn].map(([, words]) => words);
  yield* listed("redirect URIs", client["redirectUris"]);
  yield* listed("web origins", client["webOrigins"]);
  yield* listed("optional client scopes, which a caller could ask for", client["optionalClientScopes"]);
  const lost = stringsOf(client["defaultClientScopes"]).filter((name) => !scopeNames.includes(name));
  yield* listed("default client scopes", lost);
  if (client.publicClient === true) {
    yield "use without a secret: the client is public today, and gets one";
  }
}

function* listed(what: string, value: unknown): Generator<string> {
  const items = stringsOf(value);
  if (items.length > 0) {
    yield `${what}: ${names(items)}`;
  }
}

/**
 * What a client has that this program gives to none, one phrase each; so somebody made it by hand, or changed it. A killed
 * `up` may have left only the lists of client scopes as Keycloak fills them.
 */
export function madeByHand(client: ClientRepresentation): string[] {
  const oddity = oddSecret(client);
  return [
    ...(oddity === undefined ? [] : [`its secret ${oddity}`]),
    ...whatCloses({ ...client, defaultClientScopes: [], optionalClientScopes: [] }, []),
    ...listed(
      "mappers",
      furtherMappers(client).map(({ name }) => name),
    ),
  ];
}

/** The client scopes that a customer's client has afterwards. */
export function scopesAfterwards(realmScopes: readonly string[]): string[] {
  return [...BUILT_IN_SCOPES, ...realmScopes];
}

/** A mapper of the client's own, which the program neither makes nor removes. */
export interface FurtherMapper {
  readonly id: string;
  readonly name: string;
  /** The claim that it writes, if it says so. */
  readonly claim?: string;
}

/** All but the program's own, which is adopted by its name. */
export function furtherMappers(client: ClientRepresentation): FurtherMapper[] {
  return mappersOf(client).filter(({ name }) => name !== ORGANIZATION_CLAIM);
}

/** The mappers of a client or a client scope. */
export function mappersOf({ protocolMappers = [] }: Pick<ClientRepresentation, "protocolMappers">): FurtherMapper[] {
  return protocolMappers.map(({ config, id, name }) => {
    const claim = config["claim.name"];
    return { id, name, ...(typeof claim === "string" && claim !== "" ? { claim } : {}) };
  });
}

/** Those whose claim is the program's own, which an adoption replaces by the program's mapper. */
export function rivalMappers(client: ClientRepresentation): FurtherMapper[] {
  return furtherMappers(client).filter(({ claim }) => claim === ORGANIZATION_CLAIM);
}

/**
 * Why the client cannot be adopted as it is, with what to do; none: it can.
 * @param hasOrganization whether Keycloak has the user that the stack file names
 */
export function* obstacles(client: ClientRepresentation, hasOrganization: boolean): Generator<string> {
  const { protocol = "openid-connect", clientAuthenticatorType = "client-secret" } = client;
  if (protocol !== "openid-connect") {
    yield `its protocol is ${code(String(protocol))}; make another client`;
  }
  if (clientAuthenticatorType !== "client-secret") {
    yield `it logs in by ${code(clientAuthenticatorType)}, and not by a secret; its secret has to be set first`;
  }
  if (!hasOrganization) {
    yield "Keycloak has no such user as its organizationUser";
  }
}
