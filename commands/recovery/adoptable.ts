import * as v from "valibot";

import { TYPES } from "../../contract/types.ts";
import { type KeycloakAdmin, read } from "../../keycloak/admin.ts";
import { findClient } from "../../keycloak/clients.ts";
import type { PlannedResource } from "../pulumi/plan.ts";
import { UNKNOWN } from "../pulumi/preview.ts";

const NAMED = v.array(v.object({ id: v.string(), name: v.exactOptional(v.string()) }));

/**
 * The import id of the object in Keycloak that a planned resource would collide with, or nothing where there is none.
 * Lists of client scopes and role mappings are not in here: making them again is harmless, as Keycloak adds what is missing.
 */
export async function findExisting(
  resource: Pick<PlannedResource, "inputs" | "type">,
  admin: KeycloakAdmin,
): Promise<string | undefined> {
  const { realmId, clientId, clientScopeId, name } = resource.inputs;
  const importId = (found: { readonly id: string } | undefined, ...owner: string[]) =>
    found && [realmId, ...owner, found.id].join("/");
  switch (resource.type) {
    case TYPES.client:
      return importId(await findClient(admin, String(clientId)));
    case TYPES.clientScope:
      return importId((await read(admin, "/client-scopes", NAMED)).find((one) => one.name === name));
    case TYPES.hardcodedClaim:
    case TYPES.audience: {
      const [kind, owner] = isKnown(clientId) ? ["client", clientId] : ["client-scope", clientScopeId];
      if (!isKnown(owner)) {
        // Its owner does not exist yet either, or is adopted first: the next round knows.
        return undefined;
      }
      const mappers = await read(admin, `/${kind}s/${owner}/protocol-mappers/models`, NAMED);
      return importId(
        mappers.find((one) => one.name === name),
        kind,
        owner,
      );
    }
    default:
      return undefined;
  }
}

function isKnown(value: unknown): value is string {
  return typeof value === "string" && value !== UNKNOWN;
}
