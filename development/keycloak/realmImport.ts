/** The development realm's name, spelled as in the issuer. */
export const REALM_NAME = "ScpCloud";

/** The id that the user `admin` has in ScpCloud's development environment. */
export const ADMIN_USER_ID = "c7834e89-74ff-42ae-a6d8-8693f24b1351";

/** The client under which the Pulumi program logs in. */
export const DEPLOYER_CLIENT_ID = "scpcloud-deployer";

/** The deployer's roles of the client `realm-management`; manage-realm for `secretRotation`. */
export const DEPLOYER_ROLES = ["manage-clients", "view-users", "view-realm", "manage-realm"] as const;

/**
 * The deployer's client scopes: `roles` for the roles above; `kc-admin-api` since from Keycloak 26.8.2 on the admin API
 * takes only tokens with the audience that it gives. An older server has no such client scope and ignores the name.
 */
const DEPLOYER_CLIENT_SCOPES = ["basic", "roles", "service_account", "kc-admin-api"];

/** A user in a realm import; further fields are those of Keycloak's UserRepresentation. */
export interface UserImport {
  readonly username: string;
  readonly id?: string;
  readonly enabled?: boolean;
  readonly credentials?: readonly { readonly type: "password"; readonly value: string; readonly temporary: boolean }[];
  readonly [field: string]: unknown;
}

/** A client in a realm import; further fields are those of Keycloak's ClientRepresentation. */
export interface ClientImport {
  readonly clientId: string;
  readonly secret?: string;
  readonly [field: string]: unknown;
}

/** A realm import file; further fields are those of Keycloak's RealmRepresentation. */
export interface RealmImport {
  readonly realm: string;
  readonly users: readonly UserImport[];
  readonly clients: readonly ClientImport[];
  readonly [field: string]: unknown;
}

/** What distinguishes one embedded realm from another. */
export interface RealmOptions {
  readonly deployerSecret: string;
  readonly adminPassword: string;
  readonly realm?: string;
  readonly adminId?: string;
  readonly deployerClientId?: string;
  readonly deployerRoles?: readonly string[];
  /** Besides `admin` and the deployer. */
  readonly users?: readonly UserImport[];
  readonly clients?: readonly ClientImport[];
  /** Further fields of the RealmRepresentation, for example `organizationsEnabled`. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/**
 * The realm as an import file. It names no client scopes, lifespans or roles, so Keycloak makes those of every new realm:
 * the client scopes `basic`, `roles`, `service_account` and the others, `default-roles-<realm>`, SSO Session Max 10 h.
 */
export function buildRealm(options: RealmOptions): RealmImport {
  const realm = options.realm ?? REALM_NAME;
  const deployerClientId = options.deployerClientId ?? DEPLOYER_CLIENT_ID;
  const deployerRoles = options.deployerRoles ?? DEPLOYER_ROLES;
  return {
    ...options.settings,
    realm,
    enabled: true,
    sslRequired: "external",
    users: [
      {
        id: options.adminId ?? ADMIN_USER_ID,
        username: "admin",
        enabled: true,
        // Without name and email Keycloak asks for them before the first login.
        firstName: "ScpCloud",
        lastName: "Admin",
        email: "admin@example.org",
        emailVerified: true,
        credentials: [{ type: "password", value: options.adminPassword, temporary: false }],
        // Imported users get no default roles by themselves.
        realmRoles: [`default-roles-${realm.toLowerCase()}`],
      },
      {
        username: `service-account-${deployerClientId}`.toLowerCase(),
        enabled: true,
        serviceAccountClientId: deployerClientId,
        clientRoles: { "realm-management": deployerRoles },
      },
      ...(options.users ?? []),
    ],
    clients: [deployerClient(deployerClientId, options.deployerSecret), ...(options.clients ?? [])],
    // Instead of full scope, which Keycloak deprecates in 26.8.
    clientScopeMappings: { "realm-management": [{ client: deployerClientId, roles: deployerRoles }] },
  };
}

function deployerClient(clientId: string, secret: string): ClientImport {
  return {
    clientId,
    name: "ScpCloud deployer",
    description: "Pulumi logs in as this client",
    enabled: true,
    protocol: "openid-connect",
    publicClient: false,
    clientAuthenticatorType: "client-secret",
    secret,
    serviceAccountsEnabled: true,
    standardFlowEnabled: false,
    implicitFlowEnabled: false,
    directAccessGrantsEnabled: false,
    fullScopeAllowed: false,
    defaultClientScopes: DEPLOYER_CLIENT_SCOPES,
  };
}
