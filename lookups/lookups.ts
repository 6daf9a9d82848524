import * as keycloak from "@pulumi/keycloak";

import { ACCOUNT_CLIENT, ACCOUNT_ROLES } from "../components/names";
import { type Fault, SettingsError, shown } from "../settings/faults";
import { findUnsharedTwins, forbiddenOrganization, integrationKey } from "../settings/integrations";
import type { IntegrationSettings, Settings } from "../settings/settings";
import { explainFailure } from "./failures";
import { lookUpUser } from "./users";

/** A customer with the value of its claim `organizationId`. */
export interface ResolvedIntegration extends IntegrationSettings {
  readonly organizationId: string;
}

/** What the program needs to know from the server before it declares anything. */
export interface Lookups {
  readonly realmId: string;
  readonly integrations: readonly ResolvedIntegration[];
  /** By name: the ids of the roles that the account scope maps; empty where the stack wants none. */
  readonly accountRoleIds: Readonly<Record<string, string>>;
}

/**
 * Asks Keycloak, in preview too, for what the settings name. Nothing may be declared before this is through, so that a
 * run that fails here creates nothing.
 * @throws SettingsError with everything that the server does not have or that the deployer may not see.
 */
export async function lookUp(settings: Settings): Promise<Lookups> {
  const realm = await keycloak
    .getRealm({ realm: settings.realm })
    .catch((error: unknown) => Promise.reject(new SettingsError([explainFailure(error, settings)])));

  const [organizations, accountRoles] = await Promise.all([
    lookUpOrganizations(settings),
    lookUpAccountRoles(settings),
  ]);
  const faults = [...checkLifespan(settings, realm), ...organizations.faults, ...accountRoles.faults];
  if (faults.length === 0) {
    faults.push(...checkOrganizations(organizations.found, settings));
  }
  if (faults.length > 0) {
    throw new SettingsError(faults);
  }
  return {
    realmId: realm.id,
    integrations: organizations.found,
    accountRoleIds: Object.fromEntries(accountRoles.found),
  };
}

interface Found<T> {
  readonly found: readonly T[];
  readonly faults: readonly Fault[];
}

async function lookUpOrganizations(settings: Settings): Promise<Found<ResolvedIntegration>> {
  // Several customers may name one user: it is asked for once.
  const lookups = new Map<string, ReturnType<typeof lookUpUser>>();
  const results = await Promise.all(
    settings.integrations.map(async (integration): Promise<ResolvedIntegration | Fault> => {
      const { clientId, organization } = integration;
      if ("id" in organization) {
        return { ...integration, organizationId: organization.id };
      }
      const { user } = organization;
      const lookup = lookups.get(user) ?? lookUpUser(user, settings);
      lookups.set(user, lookup);
      const result = await lookup;
      return "id" in result
        ? { ...integration, organizationId: result.id }
        : { key: integrationKey(clientId, "organizationUser"), value: shown(user), ...result };
    }),
  );
  return {
    found: results.filter((result) => "organizationId" in result),
    faults: results.filter((result) => "rule" in result),
  };
}

async function lookUpAccountRoles(settings: Settings): Promise<Found<[name: string, id: string]>> {
  if (!settings.accountAccess) {
    return { found: [], faults: [] };
  }
  const { realm } = settings;
  try {
    const client = await keycloak.openid.getClient({ realmId: realm, clientId: ACCOUNT_CLIENT });
    const found = await Promise.all(
      ACCOUNT_ROLES.map(async (name): Promise<[string, string]> => {
        const role = await keycloak.getRole({ realmId: realm, clientId: client.id, name });
        return [name, role.id];
      }),
    );
    return { found, faults: [] };
  } catch (error) {
    const { rule, reason, remedy } = explainFailure(error, settings);
    return { found: [], faults: [{ key: "scpcloud:accountAccess", rule, reason, remedy }] };
  }
}

/** Keycloak ends every session, a service account's too, with the realm's SSO session. */
function checkLifespan(settings: Settings, realm: keycloak.GetRealmResult): Fault[] {
  const most = toSeconds(realm.ssoSessionMaxLifespan);
  return most === undefined || settings.accessTokenLifespan <= most
    ? []
    : [
        {
          key: "scpcloud:accessTokenLifespan",
          rule: `must not exceed the realm's "SSO Session Max" of ${most} seconds`,
          reason: "Keycloak would cut the tokens' lifespan to it without a word",
          value: shown(settings.accessTokenLifespan),
          remedy: `write ${most} or less, or have the realm's setting raised`,
        },
      ];
}

/** The provider shows durations as Go does, such as "10h0m0s". */
function toSeconds(duration: string | undefined): number | undefined {
  const match = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(duration ?? "");
  return match && duration
    ? Number(match[1] ?? 0) * 3600 + Number(match[2] ?? 0) * 60 + Number(match[3] ?? 0)
    : undefined;
}

/** The rules about organizations once more, now that user names have become ids. */
function checkOrganizations(integrations: readonly ResolvedIntegration[], settings: Settings): Fault[] {
  return [
    ...integrations.flatMap(({ clientId, organization, organizationId }) =>
      settings.forbiddenOrganizationIds.includes(organizationId) && "user" in organization
        ? [
            forbiddenOrganization(
              integrationKey(clientId, "organizationUser"),
              `${shown(organization.user)} (${organizationId})`,
            ),
          ]
        : [],
    ),
    ...findUnsharedTwins(
      integrations.map(({ clientId, organizationId, sharedOrganization }) => ({
        clientId,
        organization: organizationId,
        sharedOrganization,
      })),
    ),
  ];
}
