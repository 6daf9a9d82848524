import type { PolicyResource } from "@pulumi/policy";

import { BUILT_IN_SCOPES, CLIENT_SCOPE, ORGANIZATION_CLAIM as CLAIM_OF_PROGRAM } from "../../contract/names.ts";
import { TYPES as TYPES_OF_PROGRAM } from "../../contract/types.ts";
import {
  type DeclaredResource,
  declaredResource,
  type Properties,
  TYPES,
  UNKNOWN,
} from "../../policy-pack/rules/declaredResources.ts";
import { ORGANIZATION_CLAIM, organizationClaim } from "../../policy-pack/rules/organization.ts";
import { scopeLists } from "../../policy-pack/rules/scopes.ts";
import { CONTAINER, IMAGE } from "./declaredServices.ts";

const LISTS = { required: ["basic", "roles", "service_account", "scpCloud"], allowed: ["scpCloud-account"] };
const MAPPER = { claimName: ORGANIZATION_CLAIM, claimValue: "an-id", addToIdToken: false, addToUserinfo: false };

function resource(name: string, type: string, properties: Properties, client?: string): DeclaredResource {
  const clientId = client === undefined ? {} : { clientId: UNKNOWN };
  return {
    urn: name,
    name,
    type,
    properties: { ...clientId, ...properties },
    sources: client === undefined ? {} : { clientId: [client] },
  };
}

/** What a customer has, one of it changed or, with undefined, left out. */
function customer(name: string, changes: Record<string, Properties | undefined> = {}): DeclaredResource[] {
  const parts: Record<string, [string, Properties]> = {
    mapper: [TYPES.hardcodedClaim, MAPPER],
    defaults: [TYPES.defaultScopes, { defaultScopes: LISTS.required }],
    optionals: [TYPES.optionalScopes, { optionalScopes: [] }],
  };
  return [
    resource(name, TYPES.client, { clientId: name, serviceAccountsEnabled: true }),
    ...Object.entries(parts)
      .filter(([part]) => !(part in changes) || changes[part] !== undefined)
      .map(([part, [type, properties]]) =>
        resource(`${name}-${part}`, type, { ...properties, ...changes[part] }, name),
      ),
  ];
}

describe("the rule for the claim", () => {
  it.each<[string, DeclaredResource[]]>([
    ["customers with a mapper each", [...customer("acme"), ...customer("kestrel")]],
    ["a value that only `up` will tell", customer("acme", { mapper: { claimValue: UNKNOWN } })],
    [
      "mappers of other claims",
      [
        ...customer("acme"),
        resource("x", TYPES.hardcodedClaim, { claimName: "allowed-origins", clientScopeId: "scope" }),
      ],
    ],
  ])("has nothing to say of %s", (_name, declared) => {
    expect([...organizationClaim(declared)]).toEqual([]);
  });

  it.each<[string, Properties | undefined, string, RegExp]>([
    ["no mapper", undefined, "acme", /^The client has no mapper for the claim organizationId\. Declare exactly one/],
    ["an empty value", { claimValue: " " }, "acme-mapper", /^claimValue is empty/],
    ["no value", { claimValue: undefined }, "acme-mapper", /^claimValue is empty/],
    ["not in access tokens", { addToAccessToken: false }, "acme-mapper", /^addToAccessToken is false/],
    ["in id tokens", { addToIdToken: true }, "acme-mapper", /^addToIdToken is not false/],
    ["in userinfo, by default", { addToUserinfo: undefined }, "acme-mapper", /^addToUserinfo is not false/],
  ])("%s", (_name, mapper, urn, message) => {
    expect([...organizationClaim([...customer("acme", { mapper }), ...customer("kestrel")])]).toEqual([
      { urn, message: expect.stringMatching(message) as string },
    ]);
  });

  it("tells of two mappers of a client", () => {
    const second = resource("second", TYPES.hardcodedClaim, MAPPER, "acme");
    expect([...organizationClaim([...customer("acme"), second])]).toEqual([
      { urn: "acme", message: expect.stringMatching(/^The client has 2 mappers/) as string },
    ]);
  });

  it.each<[string, DeclaredResource]>([
    ["a scope's", resource("x", TYPES.hardcodedClaim, { ...MAPPER, clientScopeId: "scope" })],
    ["another kind", resource("x", "keycloak:openid/userAttributeProtocolMapper:X", MAPPER, "acme")],
    [
      "a generic one",
      resource("x", "keycloak:index/genericProtocolMapper:X", { config: { "claim.name": ORGANIZATION_CLAIM } }),
    ],
  ])("tells of a mapper besides: %s", (_name, mapper) => {
    expect([...organizationClaim([...customer("acme"), mapper])]).toEqual([
      { urn: "x", message: expect.stringMatching(/^This mapper sets organizationId, too\. Remove it/) as string },
    ]);
  });
});

describe("the rule for scope lists", () => {
  it("has nothing to say of complete ones, nor of what is allowed besides", () => {
    const defaults = { defaultScopes: [...LISTS.required, "scpCloud-account"] };
    expect(scopeLists(LISTS, [...customer("acme"), ...customer("kestrel", { defaults })])).toEqual([]);
  });

  it.each<[string, Record<string, Properties | undefined>, string, RegExp]>([
    ["no default list", { defaults: undefined }, "acme", /^The client has no ClientDefaultScopes.* with basic, /],
    ["no optional list", { optionals: undefined }, "acme", /^The client has no ClientOptionalScopes.*an empty list/],
    ["a scope too few", { defaults: { defaultScopes: LISTS.required.slice(1) } }, "acme-defaults", /lacks basic/],
    ["a scope too many", { defaults: { defaultScopes: [...LISTS.required, "email"] } }, "acme-defaults", /has email/],
    ["an optional one", { optionals: { optionalScopes: ["offline_access"] } }, "acme-optionals", /has offline_access/],
  ])("%s", (_name, changes, urn, message) => {
    expect(scopeLists(LISTS, [...customer("acme", changes), ...customer("kestrel")])).toEqual([
      { urn, message: expect.stringMatching(message) as string },
    ]);
  });

  it("tells of two lists of a client", () => {
    const second = resource("second", TYPES.optionalScopes, { optionalScopes: [] }, "acme");
    expect(scopeLists(LISTS, [...customer("acme"), second])).toEqual([
      { urn: "acme", message: expect.stringMatching(/^The client has 2 ClientOptionalScopes/) as string },
    ]);
  });

  it("calls none missing as long as a name is unknown", () => {
    const defaults = { defaultScopes: ["basic", UNKNOWN] };
    expect(scopeLists(LISTS, customer("acme", { defaults }))).toEqual([]);
  });

  it("knows the names and types that the program uses, written again", () => {
    const { container, remoteImage, ...ofKeycloak } = TYPES;
    expect(TYPES_OF_PROGRAM).toMatchObject(ofKeycloak);
    expect([container, remoteImage]).toEqual([CONTAINER, IMAGE]);
    expect(LISTS.required).toEqual([...BUILT_IN_SCOPES, CLIENT_SCOPE]);
    expect(ORGANIZATION_CLAIM).toBe(CLAIM_OF_PROGRAM);
  });
});

describe("a resource of the stack", () => {
  it("is read without the proxy that throws at unknown values", () => {
    const throwing = new Proxy<Record<string, unknown>>(
      { id: "?", scopes: ["basic"], nested: { known: 1 } },
      {
        get: (target, key) => {
          if (key === "id") throw new Error("unknown");
          return target[key as string];
        },
      },
    );
    const source = { urn: "client" } as PolicyResource;
    const given = { urn: "u", type: "t", name: "n", props: throwing, propertyDependencies: { clientId: [source] } };
    expect(declaredResource(given as unknown as PolicyResource)).toEqual({
      urn: "u",
      type: "t",
      name: "n",
      properties: { id: UNKNOWN, scopes: ["basic"], nested: { known: 1 } },
      sources: { clientId: ["client"] },
    });
  });
});
