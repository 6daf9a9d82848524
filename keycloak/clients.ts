import * as v from "valibot";

import { isMasked, oddityOf } from "../contract/credentials.ts";
import { stringsOf } from "../values/shapes.ts";
import { type KeycloakAdmin, read } from "./admin.ts";

/** A mapper of a client or a client scope. */
const MAPPER = v.object({
  id: v.string(),
  name: v.string(),
  protocolMapper: v.exactOptional(v.string()),
  config: v.optional(v.record(v.string(), v.unknown()), {}),
});

/** The claim that a mapper writes, if it says so; of a claim within another, the outer one. A name's own dot is `\\.`. */
export function claimOf({ config, protocolMapper }: Pick<v.InferOutput<typeof MAPPER>, "config" | "protocolMapper">) {
  if (protocolMapper === "oidc-audience-mapper") {
    return "aud";
  }
  const name = config["claim.name"];
  const outer = typeof name === "string" ? name.split(/(?<!\\)\./)[0]?.replaceAll("\\.", ".") : undefined;
  return outer === "" ? undefined : outer;
}

/** What a client and a client scope have in common. */
const WITH_MAPPERS = v.looseObject({
  attributes: v.exactOptional(v.record(v.string(), v.string())),
  protocolMappers: v.exactOptional(v.array(MAPPER)),
});

/** A client as Keycloak's admin REST API shows it, as far as the commands look at it. The secret is never printed. */
export const CLIENT = v.looseObject({
  ...WITH_MAPPERS.entries,
  id: v.string(),
  clientId: v.string(),
  name: v.exactOptional(v.string()),
  enabled: v.exactOptional(v.boolean()),
  secret: v.exactOptional(v.string()),
  clientAuthenticatorType: v.exactOptional(v.string()),
  publicClient: v.exactOptional(v.boolean()),
});

export type ClientRepresentation = v.InferOutput<typeof CLIENT>;

/** The client of this id, or nothing. Never asks for the whole list: it takes 18 s with 1,226 clients. */
export async function findClient(admin: KeycloakAdmin, clientId: string): Promise<ClientRepresentation | undefined> {
  const found = await read(admin, `/clients?clientId=${encodeURIComponent(clientId)}`, v.array(CLIENT));
  return found.find((client) => client.clientId === clientId);
}

/** What makes a client's secret look as if nobody had made it as one; nothing where it needs or shows none. */
export function oddSecret({ publicClient, secret }: ClientRepresentation): string | undefined {
  return secret === undefined || isMasked(secret) || publicClient === true ? undefined : oddityOf(secret);
}

/** A client scope; Keycloak lists them with their mappers. */
const SCOPES = v.array(v.object({ ...WITH_MAPPERS.entries, name: v.string() }));
export type ClientScopes = v.InferOutput<typeof SCOPES>;

export function readClientScopes(admin: KeycloakAdmin): Promise<ClientScopes> {
  return read(admin, "/client-scopes", SCOPES);
}

/** The mappers that write a claim into a client's tokens, in words: its own, and those of its default client scopes. */
export function writersOf(claim: string, client: ClientRepresentation, scopes: ClientScopes): string[] {
  const attached = stringsOf(client["defaultClientScopes"]);
  const owners = [
    { mappers: client.protocolMappers, of: "the client" },
    ...scopes
      .filter(({ name }) => attached.includes(name))
      .map(({ name, protocolMappers }) => ({ mappers: protocolMappers, of: `the client scope ${name}` })),
  ];
  return owners.flatMap(({ mappers = [], of }) =>
    mappers
      .filter((mapper) => claimOf(mapper) === claim)
      .map(({ name }) => `the mapper ${JSON.stringify(name)} of ${of}`),
  );
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
