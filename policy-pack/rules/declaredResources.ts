import type { PolicyResource } from "@pulumi/policy";

/** A resource's properties. */
export type Properties = Readonly<Record<string, unknown>>;

/** Stands for what only `up` will tell, such as the id of a client that a preview would create. */
export const UNKNOWN = Symbol("known after up");

/** A resource of the stack as the rules read it. */
export interface DeclaredResource {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly properties: Properties;
  /** By property, the URNs of the resources that its value comes from: these are known where the value is not. */
  readonly sources: Readonly<Record<string, readonly string[]>>;
}

/** What violates a rule, and where. */
export interface Violation {
  readonly urn: string;
  readonly message: string;
}

/** As in contract/types.ts; the pack also works in a copy of its folder. */
export const TYPES = {
  client: "keycloak:openid/client:Client",
  defaultScopes: "keycloak:openid/clientDefaultScopes:ClientDefaultScopes",
  optionalScopes: "keycloak:openid/clientOptionalScopes:ClientOptionalScopes",
  hardcodedClaim: "keycloak:openid/hardcodedClaimProtocolMapper:HardcodedClaimProtocolMapper",
  container: "docker:index/container:Container",
  remoteImage: "docker:index/remoteImage:RemoteImage",
} as const;

/** A copy without the proxy by which `@pulumi/policy` ends a whole rule where it meets an unknown value. */
export function declaredResource(resource: PolicyResource): DeclaredResource {
  const { urn, type, name, props, propertyDependencies } = resource;
  const sources = Object.entries(propertyDependencies).map(
    ([property, resources]) => [property, resources.map((source) => source.urn)] as const,
  );
  return { urn, type, name, properties: copy(props) as Properties, sources: Object.fromEntries(sources) };
}

/** The value of a property, or UNKNOWN. */
export function valueOf(properties: Properties, key: string): unknown {
  try {
    return properties[key];
  } catch {
    // The proxy throws nothing but this; its error's class is internal to the package.
    return UNKNOWN;
  }
}

function copy(value: unknown): unknown {
  if (typeof value !== "object" || value === null) {
    return value;
  }
  if (Array.isArray(value)) {
    return Array.from({ length: value.length }, (_, index) =>
      copy(valueOf(value as unknown as Properties, String(index))),
    );
  }
  return Object.fromEntries(Object.keys(value).map((key) => [key, copy(valueOf(value as Properties, key))]));
}

/** The texts of a list; what is no list has none. */
export function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
}

/** The objects of a list; what is no list has none. */
export function objectsOf(value: unknown): readonly Properties[] {
  return Array.isArray(value)
    ? value.filter((item): item is Properties => typeof item === "object" && item !== null)
    : [];
}
