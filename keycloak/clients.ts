import type { KeycloakAdmin } from "./admin";

/** A client as Keycloak's admin REST API shows it, as far as the commands look at it. The secret is never printed. */
export interface ClientRepresentation {
  readonly id: string;
  readonly clientId: string;
  readonly name?: string;
  readonly enabled?: boolean;
  readonly secret?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

/** The client of this id, or nothing. Never asks for the whole list: it takes 18 s with 1,226 clients. */
export async function findClient(admin: KeycloakAdmin, clientId: string): Promise<ClientRepresentation | undefined> {
  const found = (await admin.get(`/clients?clientId=${encodeURIComponent(clientId)}`)) as ClientRepresentation[];
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
