import { UserError } from "../../faults/userError.ts";
import type { KeycloakAdmin } from "../../keycloak/admin.ts";
import { type ClientRepresentation, findClient } from "../../keycloak/clients.ts";
import type { IntegrationSettings, Settings } from "../../settings/settings.ts";

/** A customer of the stack file whose client Keycloak has, and the stack's state has not. */
export interface Candidate {
  readonly integration: IntegrationSettings;
  readonly client: ClientRepresentation;
}

/**
 * @param deployed the client ids that the stack's state has
 * @param wanted the client ids that the user named; none: all that can be adopted
 * @throws UserError telling of each named one that cannot be adopted why
 */
export async function findCandidates(
  { integrations }: Pick<Settings, "integrations">,
  deployed: ReadonlySet<string>,
  admin: KeycloakAdmin,
  wanted: readonly string[],
): Promise<Candidate[]> {
  const faults: string[] = [];
  for (const clientId of wanted) {
    if (!integrations.some((one) => one.clientId === clientId)) {
      faults.push(`${clientId}: the stack file has no such customer; write its entry with the same client id first`);
    } else if (deployed.has(clientId)) {
      faults.push(
        `${clientId}: the stack has it already; there is nothing to adopt. After an interrupted up, run: scpcloud recover`,
      );
    }
  }
  const looked = integrations.filter(
    ({ clientId }) => !deployed.has(clientId) && (wanted.length === 0 || wanted.includes(clientId)),
  );
  const found = await Promise.all(
    looked.map(async (integration) => ({ integration, client: await findClient(admin, integration.clientId) })),
  );
  const candidates = found.flatMap(({ integration, client }): Candidate[] => {
    if (client?.secret === "" && client.publicClient !== true) {
      faults.push(
        `${integration.clientId}: the client's secret is empty, so that anybody gets its tokens by the client id. Make one ` +
          "before: in the admin console, Clients, Credentials, Regenerate",
      );
      return [];
    }
    if (client !== undefined) {
      return [{ integration, client }];
    }
    if (wanted.length > 0) {
      faults.push(`${integration.clientId}: Keycloak has no such client; pulumi up makes one`);
    }
    return [];
  });
  if (faults.length > 0) {
    throw new UserError(faults.join("\n"));
  }
  return candidates;
}
