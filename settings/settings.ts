import type { Values } from "./schema/stack.ts";
import type { OtherStacks } from "./source.ts";

/** Where a customer's `organizationId` comes from: a user to be looked up by name, or the user's id itself. */
export type OrganizationSource = { readonly user: string } | { readonly id: string };

/** One customer: a service-account client of the realm. */
export interface IntegrationSettings {
  readonly clientId: string;
  /** The client's display name in Keycloak. */
  readonly name: string;
  readonly organization: OrganizationSource;
  /** Says that the customer gets no tokens any more; its client is kept, but disabled. */
  readonly retired: boolean;
  /** Says that another customer has the same organization, on purpose. */
  readonly sharedOrganization: boolean;
  /** The client id of the customer's earlier client, whose organization this one has, too. */
  readonly successorOf?: string;
}

/** How the deployer reaches Keycloak, as the Keycloak provider does it. */
export interface Connection {
  /** Keycloak's base URL, not necessarily the public one. */
  readonly url: string;
  /** The proxy between, if any: an HTTP proxy's URL, which may hold a password. */
  readonly proxy?: string | undefined;
  /** Where the admin REST API is elsewhere. */
  readonly admin?: Pick<Connection, "proxy" | "url"> | undefined;
  /** What goes with every request; may hold secrets. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** In seconds; 0 for no limit. */
  readonly timeout?: number | undefined;
  /** PEM of the only CA to be trusted; undefined: the usual ones. */
  readonly caCertificate?: string | undefined;
  /** What this side proves its identity by in TLS; PEM. */
  readonly clientCertificate?: { readonly certificate: string; readonly privateKey: string } | undefined;
  /** Whether the server's certificate is not verified, so that any server is trusted. */
  readonly insecure?: boolean | undefined;
}

/** What the deployer logs in with. A path is that of a file with the assertion (RFC 7523) to be sent. */
export type LoginCredentials =
  | { readonly kind: "accessToken"; readonly accessToken: string }
  | { readonly kind: "assertion"; readonly assertion: string }
  | { readonly kind: "assertionFile"; readonly path: string }
  | { readonly kind: "clientSecret"; readonly clientSecret: string };

/** The client that the deployer logs in as. */
export interface Deployer {
  readonly realm: string;
  /** Absent where an assertion tells it by its subject. */
  readonly clientId?: string | undefined;
  readonly credentials: LoginCredentials;
}

/** The service account's user as whom the deployer acts, where that is one of the realm's. */
export function deployersUser({ deployer, realm }: Pick<Settings, "deployer" | "realm">): string | undefined {
  return deployer.realm === realm && deployer.clientId !== undefined
    ? `service-account-${deployer.clientId}`.toLowerCase()
    : undefined;
}

/** The validated configuration of one stack. Nothing else in the program reads configuration. */
export interface Settings extends OfflineSettings {
  readonly connection: Connection;
  readonly deployer: Deployer;
}

/** What somebody needs who does not log in to Keycloak. Pulumi.yaml describes the keys of the stack file. */
export interface OfflineSettings extends Omit<Values, "integrations" | "realmStack" | "secretRotation"> {
  /** The stack that declares the realm's client scopes, where this one has customers only. */
  readonly realmStack?: string;
  /** The stacks of customers that need what this one declares. */
  readonly usedBy: readonly string[];
  /** Of a stack that is not alone in its realm. */
  readonly otherStacks?: OtherStacks;
  /** In the order of their client ids. */
  readonly integrations: readonly IntegrationSettings[];
  /** For so many days a customer's previous secret works beside its new one. Undefined: it stops at once. */
  readonly overlapDays?: number;
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

/** The services' names in the names of their containers, and on their network. */
export const SERVICE_NAMES = { bff: "web-production-bff", api: "production-api" } as const;

/** The environment variable of one of ASP.NET Core's configuration keys, its levels given one by one. */
export function environmentName(prefix: string, path: readonly string[]): string {
  return prefix + path.join("__");
}
