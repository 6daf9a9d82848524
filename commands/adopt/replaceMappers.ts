import { ORGANIZATION_CLAIM } from "../../contract/names.ts";
import type { KeycloakManager } from "../../keycloak/admin.ts";
import type { ClientRepresentation } from "../../keycloak/clients.ts";
import { mappersOf, rivalMappers } from "../recovery/clientChanges.ts";

/**
 * Makes the program's own mapper before the others of its claim go, so that no token lacks the claim. Keycloak cannot
 * rename a mapper (it answers 204 and keeps the name), but it does change a mapper's type (both tried on 26.7.3). A run
 * that was killed here goes on when the client is adopted again.
 */
export async function replaceMappers(
  client: ClientRepresentation,
  organizationId: string,
  admin: KeycloakManager,
  report: (line: string) => void,
): Promise<void> {
  const rivals = rivalMappers(client);
  if (rivals.length === 0) {
    return;
  }
  const path = `/clients/${client.id}/protocol-mappers/models`;
  const own = mappersOf(client).find(({ name }) => name === ORGANIZATION_CLAIM);
  const mapper = mapperOf(organizationId);
  await (own === undefined
    ? admin.change("POST", path, mapper)
    : admin.change("PUT", `${path}/${own.id}`, { ...mapper, id: own.id }));
  for (const { id, name } of rivals) {
    await admin.change("DELETE", `${path}/${id}`);
    report(
      `${client.clientId}: the mapper ${ORGANIZATION_CLAIM} has taken the place of the mapper ${JSON.stringify(name)}`,
    );
  }
}

/** As components/integration.ts declares it, by Keycloak's own names. */
function mapperOf(organizationId: string): object {
  return {
    name: ORGANIZATION_CLAIM,
    protocol: "openid-connect",
    protocolMapper: "oidc-hardcoded-claim-mapper",
    config: {
      "claim.name": ORGANIZATION_CLAIM,
      "claim.value": organizationId,
      "jsonType.label": "String",
      "access.token.claim": "true",
      "id.token.claim": "false",
      "userinfo.token.claim": "false",
    },
  };
}
