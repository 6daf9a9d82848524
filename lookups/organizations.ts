import { type Fault, SettingsError, shown } from "../faults/faults.ts";
import type { KeycloakAdmin } from "../keycloak/admin.ts";
import { usersOfIds } from "../keycloak/users.ts";
import {
  findTwinsElsewhere,
  findUnsharedTwins,
  forbiddenOrganization,
  integrationKey,
} from "../settings/rules/organizations.ts";
import type { IntegrationSettings, Settings } from "../settings/settings.ts";
import { lookUpUser, unlessRefused } from "./users.ts";

/** A customer with the value of its claim `organizationId`. */
export interface ResolvedIntegration extends IntegrationSettings {
  readonly organizationId: string;
}

/**
 * Every customer's `organizationId`: given, or that of the user who is named.
 * @throws SettingsError also where two names turn out to be one id, or that of another stack's customer
 */
export async function lookUpOrganizations(
  admin: KeycloakAdmin,
  settings: Settings,
): Promise<readonly ResolvedIntegration[]> {
  // Several customers may name one user: it is asked for once.
  const lookups = new Map<string, ReturnType<typeof lookUpUser>>();
  const lookUpOnce = (user: string, retired: boolean) => {
    const key = JSON.stringify([user, retired]);
    const lookup = lookups.get(key) ?? lookUpUser(admin, user, retired, settings);
    lookups.set(key, lookup);
    return lookup;
  };
  const results = await Promise.all(
    settings.integrations.map(async (integration): Promise<ResolvedIntegration | Fault> => {
      const { clientId, organization, retired } = integration;
      if ("id" in organization) {
        return { ...integration, organizationId: organization.id };
      }
      const { user } = organization;
      const result = await lookUpOnce(user, retired);
      return "id" in result
        ? { ...integration, organizationId: result.id }
        : { key: integrationKey(clientId, "organizationUser"), value: shown(user), ...result };
    }),
  );
  const found = results.filter((result) => "organizationId" in result);
  const faults = results.filter((result) => "rule" in result);
  if (faults.length === 0) {
    faults.push(...checkResolvedOrganizations(found, settings), ...(await checkOtherStacks(found, settings, admin)));
  }
  if (faults.length > 0) {
    throw new SettingsError(faults);
  }
  return found;
}

/**
 * What is wrong with the organizations, compared with those of the realm's other stacks. One stack may name by an id what
 * another one names by a user.
 */
export async function checkOtherStacks(
  integrations: readonly ResolvedIntegration[],
  { otherStacks }: Pick<Settings, "otherStacks">,
  admin: KeycloakAdmin,
): Promise<readonly Fault[]> {
  if (otherStacks === undefined) {
    return [];
  }
  const given = integrations.flatMap(({ organization }) => ("id" in organization ? [organization.id] : []));
  const users = await unlessRefused(usersOfIds(admin, [...new Set(given)]));
  const names = new Map(users.map(({ id, username }) => [id, username]));
  return findTwinsElsewhere(
    integrations.flatMap(({ clientId, organization, organizationId, sharedOrganization, successorOf }) => {
      const other = "id" in organization ? names.get(organization.id) : organizationId;
      return other === undefined || successorOf !== undefined
        ? []
        : [{ clientId, organization: other, sharedOrganization }];
    }),
    otherStacks,
  );
}

/** The rules about organizations again: now the ids of all users are known. */
export function checkResolvedOrganizations(integrations: readonly ResolvedIntegration[], settings: Settings): Fault[] {
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
      integrations
        .filter(({ successorOf }) => successorOf === undefined)
        .map(({ clientId, organizationId, sharedOrganization }) => ({
          clientId,
          organization: organizationId,
          sharedOrganization,
        })),
    ),
  ];
}
