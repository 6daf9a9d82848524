import type { KeycloakAdmin } from "../keycloak/admin.ts";
import { usersOfIds } from "../keycloak/users.ts";
import { type Fault, SettingsError, shown } from "../settings/faults.ts";
import {
  findTwinsElsewhere,
  findUnsharedTwins,
  forbiddenOrganization,
  integrationKey,
} from "../settings/integrations.ts";
import type { IntegrationSettings, Settings } from "../settings/settings.ts";
import type { Found } from "./failures.ts";
import { DISABLED_USER, lookUpUser } from "./users.ts";

/** A customer with the value of its claim `organizationId`. */
export interface ResolvedIntegration extends IntegrationSettings {
  readonly organizationId: string;
}

/** Every customer's `organizationId`: given, or that of the user who is named. */
export async function lookUpOrganizations(settings: Settings): Promise<Found<ResolvedIntegration>> {
  // Several customers may name one user: it is asked for once.
  const lookups = new Map<string, ReturnType<typeof lookUpUser>>();
  const results = await Promise.all(
    settings.integrations.map(async (integration): Promise<ResolvedIntegration | Fault> => {
      const { clientId, organization, retired } = integration;
      if ("id" in organization) {
        return { ...integration, organizationId: organization.id };
      }
      const { user } = organization;
      const lookup = lookups.get(user) ?? lookUpUser(user, settings);
      lookups.set(user, lookup);
      const result = await lookup;
      const outcome = "id" in result && !result.enabled && !retired ? DISABLED_USER : result;
      if ("id" in outcome) {
        return { ...integration, organizationId: outcome.id };
      }
      const { remedyOfRetired, ...fault } = outcome;
      const remedy = (retired ? remedyOfRetired : undefined) ?? fault.remedy;
      return { key: integrationKey(clientId, "organizationUser"), value: shown(user), ...fault, remedy };
    }),
  );
  return {
    found: results.filter((result) => "organizationId" in result),
    faults: results.filter((result) => "rule" in result),
  };
}

/**
 * What is wrong with the organizations, compared with those of the realm's other stacks. One stack may name by an id what
 * another one names by a user.
 */
export async function checkOtherStacks(
  integrations: readonly ResolvedIntegration[],
  { otherStacks }: Pick<Settings, "otherStacks">,
  admin: () => Promise<KeycloakAdmin>,
): Promise<readonly Fault[]> {
  if (otherStacks === undefined) {
    return [];
  }
  const given = integrations.flatMap(({ organization }) => ("id" in organization ? [organization.id] : []));
  const users = given.length === 0 ? [] : await usersOf(given, admin);
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

/** The users of these ids, or none if the deployer may not view users. */
async function usersOf(ids: readonly string[], admin: () => Promise<KeycloakAdmin>) {
  try {
    return await usersOfIds(await admin(), [...new Set(ids)]);
  } catch (error) {
    if (error instanceof SettingsError) {
      return [];
    }
    throw error;
  }
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
