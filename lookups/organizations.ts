import * as keycloak from "@pulumi/keycloak";
import * as pulumi from "@pulumi/pulumi";

import { ORGANIZATION_MAPPER } from "../contract/names";
import { loginAsDeployer } from "../keycloak/admin";
import { connect } from "../keycloak/http";
import { usersOfIds } from "../keycloak/users";
import { type Fault, SettingsError, shown } from "../settings/faults";
import { findUnsharedTwins, forbiddenOrganization, integrationKey } from "../settings/integrations";
import type { IntegrationSettings, Settings } from "../settings/settings";
import type { Found } from "./found";
import { DISABLED_USER, lookUpUser } from "./users";

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
  { twinsElsewhere }: Pick<Settings, "twinsElsewhere">,
  usersOf: (ids: readonly string[]) => Promise<readonly { readonly id: string; readonly username: string }[]>,
): Promise<readonly Fault[]> {
  if (twinsElsewhere === undefined) {
    return [];
  }
  const given = integrations.flatMap(({ organization }) => ("id" in organization ? [organization.id] : []));
  const names = new Map((await usersOf([...new Set(given)])).map(({ id, username }) => [id, username]));
  return twinsElsewhere(
    integrations.flatMap(({ clientId, organization, organizationId, sharedOrganization, successorOf }) => {
      const other = "id" in organization ? names.get(organization.id) : organizationId;
      return other === undefined || successorOf !== undefined
        ? []
        : [{ clientId, organization: other, sharedOrganization }];
    }),
  );
}

/** The ids' users; none where the deployer may not look at users. */
export async function usersByRest(ids: readonly string[], settings: Settings) {
  if (ids.length === 0) {
    return [];
  }
  const keycloakApi = connect(settings.connection);
  try {
    return await usersOfIds(await loginAsDeployer(keycloakApi, settings), ids);
  } catch (error) {
    if (error instanceof SettingsError) {
      return [];
    }
    throw error;
  } finally {
    await keycloakApi.close();
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

/** What a change of a mapper is told from. */
type MapperUpdate = Pick<pulumi.ResourceHookArgs, "name" | "newInputs" | "oldInputs">;

/**
 * An option of the customers. A preview and an `up` warn of each customer whose organization becomes another one: its
 * tokens will name somebody else's data. That can happen without a change of the stack file.
 */
export function warningOfOtherOrganizations(
  integrations: readonly ResolvedIntegration[],
): pulumi.ComponentResourceOptions {
  const hook = new pulumi.ResourceHook(
    "organization",
    async (update) => {
      const text = describeOtherOrganization(update, integrations);
      if (text !== undefined) {
        await pulumi.log.warn(text);
      }
    },
    { onDryRun: true },
  );
  const transformation: pulumi.ResourceTransformation = ({ resource, props, opts }) =>
    resource instanceof keycloak.openid.HardcodedClaimProtocolMapper
      ? { props, opts: pulumi.mergeOptions(opts, { hooks: { beforeUpdate: [hook] } }) }
      : undefined;
  return { transformations: [transformation] };
}

/** Undefined for another mapper, or another change of it. */
export function describeOtherOrganization(
  { name, newInputs, oldInputs }: MapperUpdate,
  integrations: readonly ResolvedIntegration[],
): string | undefined {
  const [before, after] = [oldInputs, newInputs].map((inputs): unknown => inputs?.["claimValue"]);
  const customer = integrations.find(({ clientId }) => `${clientId}-${ORGANIZATION_MAPPER}` === name);
  if (customer === undefined || before === after) {
    return undefined;
  }
  const { clientId, organization } = customer;
  const change = `organizationId ${String(before)} becomes ${String(after)}`;
  return "id" in organization
    ? `${clientId}: another organization, as the stack file says: ${change}.`
    : `${clientId}: SAME NAME, OTHER ID, unless the stack file named another user than ${shown(organization.user)} before: ` +
        `${change}. See whose user that is.`;
}
