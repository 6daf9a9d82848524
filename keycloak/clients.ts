import * as v from "valibot";

import { type KeycloakAdmin, read } from "./admin";

/** A mapper of a client or a client scope. */
const MAPPER = v.object({
  id: v.string(),
  name: v.string(),
  config: v.optional(v.record(v.string(), v.unknown()), {}),
});

/** What a client and a client scope have in common. */
export const WITH_MAPPERS = v.looseObject({
  id: v.string(),
  attributes: v.exactOptional(v.record(v.string(), v.string())),
  protocolMappers: v.exactOptional(v.array(MAPPER)),
});

/** A client as Keycloak's admin REST API shows it, as far as the commands look at it. The secret is never printed. */
export const CLIENT = v.looseObject({
  ...WITH_MAPPERS.entries,
  clientId: v.string(),
  name: v.exactOptional(v.string()),
  enabled: v.exactOptional(v.boolean()),
  secret: v.exactOptional(v.string()),
});

export type ClientRepresentation = v.InferOutput<typeof CLIENT>;

/** The client of this id, or nothing. Never asks for the whole list: it takes 18 s with 1,226 clients. */
export async function findClient(admin: KeycloakAdmin, clientId: string): Promise<ClientRepresentation | undefined> {
  const found = await read(admin, `/clients?clientId=${encodeURIComponent(clientId)}`, v.array(CLIENT));
  return found.find((client) => client.clientId === clientId);
}

/** What Keycloak notes of a client's secrets (ClientSecretConstants). */
export interface SecretTimes {
  /** Absent where Keycloak does not know it, as of an imported client. */
  readonly created?: Date;
  /** When the previous secret stops working; absent where only one secret works. */
  readonly overlapEnds?: Date;
}

export function secretTimes({ attributes = {} }: ClientRepresentation, now: Date): SecretTimes {
  const created = timeOf(attributes["client.secret.creation.time"]);
  // What has ended stays among the attributes until somebody asks for the secret.
  const overlapEnds = timeOf(attributes["client.secret.rotated.expiration.time"]);
  return {
    ...(created === undefined ? {} : { created }),
    ...(overlapEnds !== undefined && overlapEnds > now ? { overlapEnds } : {}),
  };
}

/** A time as the commands print it: "2026-11-25 14:30 UTC". */
export function minutes(time: Date): string {
  return `${time.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** Keycloak counts in seconds. */
function timeOf(seconds: string | undefined): Date | undefined {
  return seconds !== undefined && /^\d+$/.test(seconds) && seconds !== "0"
    ? new Date(Number(seconds) * 1000)
    : undefined;
}
