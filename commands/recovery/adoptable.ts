import * as v from "valibot";

import { TYPES } from "../../contract/types";
import { type KeycloakAdmin, read } from "../../keycloak/admin";
import { findClient } from "../../keycloak/clients";
import type { PlannedResource } from "../pulumi/plan";
import { UNKNOWN } from "../pulumi/preview";

const NAMED = v.array(v.object({ id: v.string(), name: v.exactOptional(v.string()) }));

/**
 * The import id of the object in Keycloak that a planned resource would collide with, or nothing where there is none.
 * Lists of client scopes and role mappings are not in here: making them again is harmless, as Keycloak adds what is missing.
 */
export async function findExisting(resource: PlannedResource, admin: KeycloakAdmin): Promise<string | undefined> {
  const { realmId, clientId, clientScopeId, name } = resource.inputs;
  switch (resource.type) {
    case TYPES.client: {
      const client = await findClient(admin, String(clientId));
      return client && `${String(realmId)}/${client.id}`;
    }
    case TYPES.clientScope: {
      const scope = (await read(admin, "/client-scopes", NAMED)).find((one) => one.name === name);
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
      const mappers = await read(admin, `/${kind}s/${ownerId}/protocol-mappers/models`, NAMED);
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
