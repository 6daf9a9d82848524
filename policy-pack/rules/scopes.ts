import { Attachments } from "./attachments.ts";
import { type DeclaredResource, textsOf, TYPES, type Violation } from "./declaredResources.ts";

export interface ScopeLists {
  /** The default client scopes that every client has. */
  readonly required: readonly string[];
  /** Those that it may have besides. */
  readonly allowed: readonly string[];
}

/** Both of a client's lists are declared, so that neither the realm's defaults nor a caller can widen a token. */
export function scopeLists(lists: ScopeLists, resources: readonly DeclaredResource[]): readonly Violation[] {
  const attachments = new Attachments(resources);
  return attachments.clients.flatMap((client) => [
    ...defaultScopes(lists, client, attachments.of(client, TYPES.defaultScopes)),
    ...optionalScopes(client, attachments.of(client, TYPES.optionalScopes)),
  ]);
}

function defaultScopes(
  { required, allowed }: ScopeLists,
  { urn }: DeclaredResource,
  declared: readonly DeclaredResource[],
): readonly Violation[] {
  if (declared.length !== 1) {
    return [missing(urn, "ClientDefaultScopes", declared.length, required.join(", "))];
  }
  return declared.flatMap(({ urn: listUrn, properties }) => {
    const scopes = properties["defaultScopes"];
    const names = textsOf(scopes);
    // Where a name is known after `up` only, none can be called missing yet.
    const isComplete = Array.isArray(scopes) && names.length === scopes.length;
    const absent = isComplete ? required.filter((name) => !names.includes(name)) : [];
    const extra = names.filter((name) => !required.includes(name) && !allowed.includes(name));
    return [
      ...absent.map((name) => `defaultScopes lacks ${name}. Add it: Keycloak or the API relies on what it gives.`),
      ...extra.map((name) => `defaultScopes has ${name}. Remove it: it may add claims that nobody has agreed to.`),
    ].map((message) => ({ urn: listUrn, message }));
  });
}

function optionalScopes({ urn }: DeclaredResource, declared: readonly DeclaredResource[]): readonly Violation[] {
  if (declared.length !== 1) {
    return [missing(urn, "ClientOptionalScopes", declared.length, "an empty list")];
  }
  return declared.flatMap(({ urn: listUrn, properties }) =>
    textsOf(properties["optionalScopes"]).map((name) => ({
      urn: listUrn,
      message: `optionalScopes has ${name}. Remove it: a caller could ask for it and get a wider token.`,
    })),
  );
}

function missing(urn: string, resource: string, count: number, content: string): Violation {
  return {
    urn,
    message:
      `The client has ${count === 0 ? "no" : count} ${resource}. Declare one with ${content}, whose clientId is this ` +
      "client's id: otherwise the realm's own list counts, which anybody may widen.",
  };
}
