import fc from "fast-check";

import type { IntegrationSettings, Settings } from "../../settings/settings.ts";
import { SECRET } from "./configuration.ts";

const lowerCase = (text: string) => text.toLowerCase();

const clientId = fc
  .stringMatching(/^[a-z0-9-]{1,20}$/)
  .filter((id) => !["account", "admin-cli", "broker", "constructor", "prototype"].includes(id));
const username = fc
  .string({ unit: "grapheme", maxLength: 20 })
  .map((text) => text.trim())
  .filter((text) => text !== "" && !/[\p{C}\p{Zl}\p{Zp}]/u.test(text));

const url = fc
  .tuple(
    fc.constantFrom("https", "http"),
    fc.stringMatching(/^[a-z][a-z0-9]{0,6}(\.[a-z][a-z0-9]{0,4}){0,2}$/),
    fc.oneof(
      fc.constant(""),
      fc.integer({ min: 1024, max: 65535 }).map((port) => `:${port}`),
    ),
    fc.stringMatching(/^(\/[a-z0-9]{1,5}){0,2}$/),
  )
  .map(([scheme, host, port, path]) => `${scheme}://${host}${port}${path}`);

/** What ASP.NET Core reads back from an environment variable: no underscores but single ones inside. */
const name = fc.stringMatching(/^[A-Z][A-Za-z0-9]{0,6}(_[a-z][A-Za-z0-9]{0,3}){0,2}$/);

const API_NAMES = {
  authority: "Authority",
  mapInboundClaims: "MapInboundClaims",
  metadataAddress: "MetadataAddress",
  requireHttpsMetadata: "RequireHttpsMetadata",
  validAudiences: "ValidAudiences",
  validIssuers: "ValidIssuers",
};
const BFF_NAMES = { baseUrl: "BaseUrl", tokenEndpoint: "TokenEndpoint" };

/** The settings of a service, whose names differ. */
const service = (defaults: Readonly<Record<string, string>>) => ({
  environmentPrefix: fc.stringMatching(/^([A-Z]{1,4}_{0,3})?$/),
  section: fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join(":")),
  names: fc
    .record(Object.fromEntries(Object.keys(defaults).map((key) => [key, name])), { requiredKeys: [] })
    .filter((chosen) => {
      const all = Object.entries(defaults).map(([key, text]) => lowerCase(chosen[key] ?? text));
      return new Set(all).size === all.length;
    }),
});

/** Customers with an organization of their own each. */
const customers = fc.uniqueArray(
  fc.record({
    clientId,
    user: username,
    id: fc.uuid(),
    isById: fc.boolean(),
    others: fc.record(
      {
        name: fc.stringMatching(/^ {0,2}[!-~][ -~]{0,30}$/),
        retired: fc.boolean(),
        sharedOrganization: fc.boolean(),
      },
      { requiredKeys: [] },
    ),
  }),
  {
    minLength: 1,
    maxLength: 5,
    comparator: (a, b) => a.clientId === b.clientId || lowerCase(a.user) === lowerCase(b.user) || a.id === b.id,
  },
);

/** A stack file without its customers. */
const withoutCustomers = fc.record(
  {
    "keycloak:url": url,
    "scpcloud:accessTokenLifespan": fc.integer({ min: 60, max: 3600 }),
    "scpcloud:accountAccess": fc.boolean(),
    "scpcloud:allowedOrigins": fc.array(fc.stringMatching(/^\S{1,20}$/), { maxLength: 3 }),
    "scpcloud:api": fc.record(
      { ...service(API_NAMES), additionalIssuers: fc.uniqueArray(url, { maxLength: 3 }) },
      { requiredKeys: [] },
    ),
    "scpcloud:audience": fc.stringMatching(/^[!-~]{1,20}$/).filter((text) => text !== "account"),
    "scpcloud:backchannelUrl": fc.oneof(fc.constant(""), url),
    "scpcloud:bff": fc.record({ ...service(BFF_NAMES), publicUrl: url }, { requiredKeys: [] }),
    "scpcloud:contact": fc.stringMatching(/^[ -~]{0,30}$/),
    "scpcloud:forbiddenOrganizationIds": fc.array(fc.uuid(), { maxLength: 3 }),
    "scpcloud:forbiddenOrganizationUsers": fc.array(username, { maxLength: 3 }),
    "scpcloud:protect": fc.boolean(),
    "scpcloud:publicUrl": url,
    "scpcloud:realm": fc.stringMatching(/^[\w.-]{1,20}$/),
  },
  { requiredKeys: ["keycloak:url", "scpcloud:accessTokenLifespan", "scpcloud:publicUrl"] },
);

/** A valid stack file, by full key, and what the program has to make of it. */
export const validConfiguration = fc
  .tuple(withoutCustomers, customers, fc.constantFrom("nothing", "master", "the stack's realm"))
  .map(([file, chosen, deployer]) => {
    const { "scpcloud:realm": realm = "ScpCloud", "scpcloud:publicUrl": publicUrl, "scpcloud:api": api } = file;
    const keycloakUrl = file["keycloak:url"];
    const backchannelUrl = file["scpcloud:backchannelUrl"];
    const deployerRealm = deployer === "the stack's realm" ? realm : "master";
    const values: Readonly<Record<string, unknown>> = {
      ...file,
      "keycloak:clientId": "the_deployer",
      ...(deployer === "nothing" ? {} : { "keycloak:realm": deployerRealm }),
      "scpcloud:integrations": Object.fromEntries(
        chosen.map(({ isById, others, ...one }) => [
          one.clientId,
          { ...(isById ? { organizationId: one.id } : { organizationUser: one.user }), ...others },
        ]),
      ),
      "scpcloud:requireHttps": false,
    };
    const integrations = chosen.map(({ isById, others, ...one }): IntegrationSettings => ({
      clientId: one.clientId,
      name: one.clientId,
      organization: isById ? { id: one.id } : { user: one.user },
      retired: false,
      sharedOrganization: false,
      ...others,
    }));
    const settings: Settings = {
      connection: { url: keycloakUrl, admin: { url: keycloakUrl } },
      deployer: {
        realm: deployerRealm,
        clientId: "the_deployer",
        credentials: { kind: "clientSecret", clientSecret: SECRET },
      },
      realm,
      publicUrl,
      backchannelUrl: backchannelUrl ? backchannelUrl : publicUrl,
      audience: file["scpcloud:audience"] ?? "scpCloud",
      accessTokenLifespan: file["scpcloud:accessTokenLifespan"],
      allowedOrigins: file["scpcloud:allowedOrigins"] ?? [],
      accountAccess: file["scpcloud:accountAccess"] ?? false,
      protect: file["scpcloud:protect"] ?? true,
      usedBy: [],
      integrations: integrations.sort((a, b) => (a.clientId < b.clientId ? -1 : 1)),
      contact: file["scpcloud:contact"] ?? "",
      forbiddenOrganizationIds: file["scpcloud:forbiddenOrganizationIds"] ?? [],
      forbiddenOrganizationUsers: file["scpcloud:forbiddenOrganizationUsers"] ?? [],
      requireHttps: false,
      bff: {
        environmentPrefix: "",
        section: "Keycloak",
        ...file["scpcloud:bff"],
        names: { ...BFF_NAMES, ...file["scpcloud:bff"]?.names },
      },
      api: {
        environmentPrefix: "",
        section: "Authentication:Schemes:Bearer",
        additionalIssuers: [],
        ...api,
        names: { ...API_NAMES, ...api?.names },
      },
    };
    return { values, settings };
  })
  .filter(({ settings: { api, forbiddenOrganizationUsers, integrations, publicUrl, realm } }) => {
    const forbidden = forbiddenOrganizationUsers.map(lowerCase);
    return (
      !api.additionalIssuers.includes(`${publicUrl}/realms/${realm}`) &&
      !integrations.some(
        ({ organization }) => "user" in organization && forbidden.includes(lowerCase(organization.user)),
      )
    );
  });
