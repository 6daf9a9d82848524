/** Where a customer's `organizationId` comes from: a user to be looked up by name, or the user's id itself. */
export type OrganizationSource = { readonly user: string } | { readonly id: string };

/** One customer: a service-account client of the realm. */
export interface IntegrationSettings {
  readonly clientId: string;
  /** The client's display name in Keycloak. */
  readonly name: string;
  readonly organization: OrganizationSource;
  /** Says that another customer has the same organization, on purpose. */
  readonly sharedOrganization: boolean;
}

/** How a service names its configuration keys (ASP.NET Core: sections are joined by ":"). */
export interface ServiceNames<Key extends string> {
  readonly environmentPrefix: string;
  readonly section: string;
  readonly names: Readonly<Record<Key, string>>;
}

export type BffKey = "baseUrl" | "tokenEndpoint";
export type ApiKey =
  "authority" | "mapInboundClaims" | "metadataAddress" | "requireHttpsMetadata" | "validAudiences" | "validIssuers";

/** The validated configuration of one stack. Nothing else in the program reads configuration. */
export interface Settings {
  /** The URL under which the deployer reaches Keycloak; not necessarily the public one. */
  readonly keycloakUrl: string;
  /** The realm and client that the deployer logs in with. */
  readonly deployer: { readonly realm: string; readonly clientId: string };
  readonly realm: string;
  /** Keycloak's public base URL (its `hostname` option); the issuer begins with it. */
  readonly publicUrl: string;
  /** The URL under which BFF and API reach Keycloak. */
  readonly backchannelUrl: string;
  readonly audience: string;
  /** In seconds. */
  readonly accessTokenLifespan: number;
  /** Empty: the claim `allowed-origins` is absent. */
  readonly allowedOrigins: readonly string[];
  /** Whether tokens carry the roles of the client `account` that the console's defaults once gave. */
  readonly accountAccess: boolean;
  /** In the order of their client ids. */
  readonly integrations: readonly IntegrationSettings[];
  readonly forbiddenOrganizationIds: readonly string[];
  readonly bff: ServiceNames<BffKey>;
  readonly api: ServiceNames<ApiKey> & { readonly additionalIssuers: readonly string[] };
}

/** The issuer as the server's discovery document and every token's `iss` spell it (OpenID Connect Discovery 1.0, 4.3). */
export function issuerOf(settings: Pick<Settings, "publicUrl" | "realm">): string {
  return realmUrl(settings.publicUrl, settings.realm);
}

/** A realm's address below a base URL of Keycloak. The realm's name is case sensitive. */
export function realmUrl(baseUrl: string, realm: string): string {
  return `${baseUrl}/realms/${realm}`;
}

/** The token endpoint below a realm's address. */
export function tokenEndpointOf(realmAddress: string): string {
  return `${realmAddress}/protocol/openid-connect/token`;
}

/** The discovery document below a realm's address. */
export function discoveryDocumentOf(realmAddress: string): string {
  return `${realmAddress}/.well-known/openid-configuration`;
}
