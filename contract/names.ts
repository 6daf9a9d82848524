/** The realm client scope that every customer's client has: audience and the claims common to all. */
export const CLIENT_SCOPE = "scpCloud";

/**
 * The realm client scope with the roles of the client `account`. It carries nothing else, since Keycloak drops a client
 * scope with role mappings altogether for a user who holds none of its roles (DefaultClientSessionContext).
 */
export const ACCOUNT_CLIENT_SCOPE = "scpCloud-account";

/** The client scopes that each customer's client gets besides Keycloak's own; one stack of the realm declares them. */
export function realmScopeNames({ accountAccess }: { readonly accountAccess: boolean }): string[] {
  return [CLIENT_SCOPE, ...(accountAccess ? [ACCOUNT_CLIENT_SCOPE] : [])];
}

/** This claim tells the API whose data to serve. Its mapper has the same name. */
export const ORGANIZATION_CLAIM = "organizationId";
/** What the resource of that mapper is called, behind the client id. */
export const ORGANIZATION_MAPPER = "organization-id";

/** The attribute by which the realm's client policy knows the clients whose secrets overlap. */
export const ROTATION_ATTRIBUTE = "scpcloud.rotation";

/** The name of that client policy and of its client profile. */
export function rotationName(overlapDays: number): string {
  return `scpcloud-secret-rotation-${overlapDays}-days`;
}

export function isRotationName(name: string): boolean {
  return /^scpcloud-secret-rotation-\d+-days$/.test(name);
}

/** The claim that the original token took from the client's web origins, and the name of its mapper. */
export const ALLOWED_ORIGINS_CLAIM = "allowed-origins";

/** Keycloak's client whose roles the original token carried. */
export const ACCOUNT_CLIENT = "account";

/**
 * The roles to be mapped. `manage-account` is composed of itself and `manage-account-links`; every service account
 * holds these by the realm's default roles.
 */
export const ACCOUNT_ROLES = ["manage-account", "view-profile"] as const;

/** What a token shows of ACCOUNT_ROLES, composites expanded. */
export const ACCOUNT_ROLES_EXPANDED = ["manage-account", "manage-account-links", "view-profile"] as const;

/**
 * Keycloak's own client scopes that a customer's client has. Without `service_account` (26.1 and later) every update of
 * the client makes Keycloak attach it again; without `basic`, `sub` is lost as soon as refresh tokens are switched on.
 * `profile`, `email`, `acr` and `web-origins` are left out: each would add claims that the contract does not have.
 */
export const BUILT_IN_SCOPES = ["basic", "roles", "service_account"] as const;

/** How many resources of Keycloak's a customer has: a client, its two lists of client scopes, a mapper. */
export const RESOURCES_PER_CUSTOMER = 4;

/** The client whose roles say who may administer a realm: each realm has it. */
export function administrationClient(realm: string): string {
  return realm === "master" ? "master-realm" : "realm-management";
}
