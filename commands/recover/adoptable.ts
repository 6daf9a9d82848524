import { TYPES } from "../../components/types";
import type { KeycloakAdmin } from "../../keycloak/admin";
import type { PlannedResource } from "../pulumi/plan";
import { UNKNOWN } from "../pulumi/preview";

interface Named {
  readonly id: string;
  readonly name?: string;
  readonly clientId?: string;
}

/**
 * The import id of the object in Keycloak that a planned resource would collide with, or nothing where there is none.
 * Lists of client scopes and role mappings are not in here: making them again is harmless, as Keycloak adds what is missing.
 */
export async function findExisting(resource: PlannedResource, admin: KeycloakAdmin): Promise<string | undefined> {
  const { realmId, clientId, clientScopeId, name } = resource.inputs;
  switch (resource.type) {
    case TYPES.client: {
      // Never the whole list: it takes 18 s with 1,226 clients.
      const clients = (await admin.get(`/clients?clientId=${encodeURIComponent(String(clientId))}`)) as Named[];
      const client = clients.find((one) => one.clientId === clientId);
      return client && `${String(realmId)}/${client.id}`;
    }
    case TYPES.clientScope: {
      const scope = ((await admin.get("/client-scopes")) as Named[]).find((one) => one.name === name);
      return scope && `${String(realmId)}/${scope.id}`;
    }
    case TYPES.hardcodedClaim:
    case TYPES.audience: {
      const owner = isKnown(clientId)
        ? ["client", clientId]
        : isKnown(clientScopeId)
          ? ["client-scope", clientScopeId]
          : [];
      const [kind, ownerId] = owner;
      if (kind === undefined || ownerId === undefined) {
        // Its owner does not exist yet either, or is adopted first: the next round knows.
        return undefined;
      }
      const mappers = (await admin.get(`/${kind}s/${ownerId}/protocol-mappers/models`)) as Named[];
      const mapper = mappers.find((one) => one.name === name);
      return mapper && `${String(realmId)}/${kind}/${ownerId}/${mapper.id}`;
    }
    default:
      return undefined;
  }
}

function isKnown(value: unknown): value is string {
  return typeof value === "string" && value !== UNKNOWN;
}
