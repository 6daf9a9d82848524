import { buildRealm, type RealmImport, type UserImport } from "../../development/keycloak/realmImport.ts";
import type { IntegrationSettings, OfflineSettings } from "../../settings/settings.ts";
import type { WrittenConfiguration } from "../../settings/stackFile/stackFile.ts";

/** No customer is called so: one may have the name of the stack's own deployer on another server. */
const DEPLOYER_CLIENT_ID = "deployer-of-rehearsal";

/**
 * Behind that of the realm master: Keycloak 26.7's migration takes the realms in the order of their ids, and ends with a
 * LazyInitializationException where another one comes first (MigrateTo26_7_0.addOrganizationAdminRoles, seen on 26.7.3).
 */
const REALM_ID = "ffffffff-ffff-4fff-8fff-ffffffffffff";

/** What a rehearsal knows of the real realm besides the stack file. */
export interface RealmFacts {
  readonly deployerSecret: string;
  readonly adminPassword: string;
  /** In seconds; Keycloak's usual ten hours where it is not said. */
  readonly ssoSessionMaxLifespan: number | undefined;
}

/** A realm that has what the stack file names: the deployer, and a user for each organization. */
export function realmOfStack(
  { realm }: Pick<OfflineSettings, "realm">,
  integrations: readonly IntegrationSettings[],
  { ssoSessionMaxLifespan, ...facts }: RealmFacts,
): RealmImport {
  return buildRealm({
    realm,
    deployerClientId: DEPLOYER_CLIENT_ID,
    ...facts,
    users: usersOf(integrations),
    settings: { id: REALM_ID, ssoSessionMaxLifespan },
  });
}

/** The user `admin` is in each realm anyway. */
function usersOf(integrations: readonly IntegrationSettings[]): UserImport[] {
  const organizations = integrations.map(({ organization }) => organization);
  const names = new Set(organizations.flatMap((one) => ("user" in one && one.user !== "admin" ? [one.user] : [])));
  const ids = new Set(organizations.flatMap((one) => ("id" in one ? [one.id] : [])));
  return [
    ...[...names].map((username) => ({ username, enabled: true })),
    ...[...ids].map((id, index) => ({ id, username: `organization-of-rehearsal-${index + 1}`, enabled: true })),
  ];
}

/** The stack's settings as one stack's, for these customers, on another server. Containers have no part in tokens. */
export function stackFileOfRehearsal(
  written: WrittenConfiguration,
  integrations: readonly IntegrationSettings[],
  connection: { readonly url: string; readonly caCertificate: string },
  realm: string,
): WrittenConfiguration {
  const clientIds = new Set(integrations.map(({ clientId }) => clientId));
  const kept = Object.entries(written).filter(([key]) => key.startsWith("scpcloud:") && key !== "scpcloud:realmStack");
  const entries = Object.entries(written["scpcloud:integrations"] as Record<string, unknown>);
  return {
    ...Object.fromEntries(kept),
    "scpcloud:integrations": Object.fromEntries(entries.filter(([clientId]) => clientIds.has(clientId))),
    "keycloak:url": connection.url,
    "keycloak:realm": realm,
    "keycloak:clientId": DEPLOYER_CLIENT_ID,
    "keycloak:clientTimeout": 60,
    "keycloak:rootCaCertificate": connection.caCertificate,
  };
}
