import fc from "fast-check";

import type { IntegrationSettings, SettingNames, Settings } from "../../settings/settings.ts";
import { SECRET } from "./configuration.ts";

/** A valid stack file and what the program has to make of it. */
export interface ValidConfiguration {
  /** By full key, structured as in a stack file; `undefined` where the stack file is silent. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly settings: Settings;
}

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const lowerCase = (text: string) => text.toLowerCase();

const clientId = fc
  .stringMatching(/^[a-z0-9-]{1,20}$/)
  .filter((id) => !["account", "admin-cli", "broker", "constructor", "prototype"].includes(id));
const username = fc
  .string({ unit: "grapheme", maxLength: 20 })
  .map((text) => text.trim())
  .filter((text) => text !== "" && !/[\p{C}\p{Zl}\p{Zp}]/u.test(text));
const uuid = fc.uuid();

const url = fc
  .record({
    scheme: fc.constantFrom("https", "http"),
    host: fc.stringMatching(/^[a-z][a-z0-9]{0,6}(\.[a-z][a-z0-9]{0,4}){0,2}$/),
    port: fc.option(fc.integer({ min: 1024, max: 65535 }), { nil: undefined }),
    path: fc.stringMatching(/^(\/[a-z0-9]{1,5}){0,2}$/),
  })
  .map(({ scheme, host, port, path }) => `${scheme}://${host}${port === undefined ? "" : `:${port}`}${path}`);

/** What ASP.NET Core reads back from an environment variable: no underscores but single ones inside. */
const name = fc.stringMatching(/^[A-Z][A-Za-z0-9]{0,6}(_[a-z][A-Za-z0-9]{0,3}){0,2}$/);
const section = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join(":"));
const prefix = fc.stringMatching(/^([A-Z]{1,4}_{0,3})?$/);

function service<Key extends string>(
  defaults: SettingNames<Key>,
): fc.Arbitrary<[written: Readonly<Record<string, unknown>>, read: SettingNames<Key>]> {
  const keys = Object.keys(defaults.names) as Key[];
  const names = fc
    .array(maybe(name), { minLength: keys.length, maxLength: keys.length })
    .map((chosen) => Object.fromEntries(keys.map((key, index) => [key, chosen[index]])) as Record<Key, string>)
    .filter((chosen) => {
      const all = keys.map((key) => lowerCase(chosen[key] ?? defaults.names[key]));
      return new Set(all).size === all.length;
    });
  return fc
    .record({ environmentPrefix: maybe(prefix), section: maybe(section), names: maybe(names) })
    .map((written) => [
      written,
      {
        environmentPrefix: written.environmentPrefix ?? defaults.environmentPrefix,
        section: written.section ?? defaults.section,
        names: Object.fromEntries(
          keys.map((key) => [key, written.names?.[key] ?? defaults.names[key]]),
        ) as SettingNames<Key>["names"],
      },
    ]);
}

const api = service({
  environmentPrefix: "",
  section: "Authentication:Schemes:Bearer",
  names: {
    authority: "Authority",
    mapInboundClaims: "MapInboundClaims",
    metadataAddress: "MetadataAddress",
    requireHttpsMetadata: "RequireHttpsMetadata",
    validAudiences: "ValidAudiences",
    validIssuers: "ValidIssuers",
  },
});
const bff = service({
  environmentPrefix: "",
  section: "Keycloak",
  names: { baseUrl: "BaseUrl", tokenEndpoint: "TokenEndpoint" },
});

/** Customers with an organization of their own each: as written, and as settings. */
const integrations = fc.integer({ min: 1, max: 5 }).chain((count) =>
  fc.tuple(
    fc.uniqueArray(clientId, { minLength: count, maxLength: count }),
    fc.uniqueArray(username, { minLength: count, maxLength: count, selector: lowerCase }),
    fc.uniqueArray(uuid, { minLength: count, maxLength: count }),
    fc.array(
      fc.record({
        byId: fc.boolean(),
        name: maybe(fc.stringMatching(/^ {0,2}[!-~][ -~]{0,30}$/)),
        retired: maybe(fc.boolean()),
        sharedOrganization: maybe(fc.boolean()),
      }),
      { minLength: count, maxLength: count },
    ),
  ),
);

const forbidden = fc.record({
  ids: maybe(fc.array(uuid, { maxLength: 3 })),
  users: maybe(fc.array(username, { maxLength: 3 })),
});

const parts = fc.record({
  accessTokenLifespan: fc.integer({ min: 60, max: 3600 }),
  accountAccess: maybe(fc.boolean()),
  additionalIssuers: maybe(fc.uniqueArray(url, { maxLength: 3 })),
  allowedOrigins: maybe(fc.array(fc.stringMatching(/^\S{1,20}$/), { maxLength: 3 })),
  api,
  audience: maybe(fc.stringMatching(/^[!-~]{1,20}$/).filter((text) => text !== "account")),
  backchannelUrl: maybe(fc.oneof(fc.constant(""), url)),
  bff,
  bffPublicUrl: maybe(url),
  contact: maybe(fc.stringMatching(/^[ -~]{0,30}$/)),
  deployerRealm: maybe(fc.constantFrom("master", "the stack's")),
  forbidden,
  integrations,
  keycloakUrl: url,
  protect: maybe(fc.boolean()),
  publicUrl: url,
  realm: maybe(fc.stringMatching(/^[\w.-]{1,20}$/)),
});

export const validConfiguration: fc.Arbitrary<ValidConfiguration> = parts
  .map(toValidConfiguration)
  .filter(({ settings }) => {
    const { additionalIssuers } = settings.api;
    return !additionalIssuers.includes(`${settings.publicUrl}/realms/${settings.realm}`);
  });

type Parts = typeof parts extends fc.Arbitrary<infer Value> ? Value : never;

function toValidConfiguration(chosen: Parts): ValidConfiguration {
  const { additionalIssuers, keycloakUrl, publicUrl } = chosen;
  const deployerRealm = chosen.deployerRealm === "the stack's" ? (chosen.realm ?? "ScpCloud") : chosen.deployerRealm;
  const [clientIds, users, ids, details] = chosen.integrations;
  const customers = clientIds.map((id, index): [Record<string, unknown>, IntegrationSettings] => {
    const { byId = false, name: displayName, retired, sharedOrganization } = details[index] ?? {};
    const [user = "", organizationId = ""] = [users[index], ids[index]];
    return [
      {
        ...(byId ? { organizationId } : { organizationUser: user }),
        name: displayName,
        retired,
        sharedOrganization,
      },
      {
        clientId: id,
        name: displayName ?? id,
        organization: byId ? { id: organizationId } : { user },
        retired: retired ?? false,
        sharedOrganization: sharedOrganization ?? false,
      },
    ];
  });
  const forbiddenIds = chosen.forbidden.ids?.filter((id) => !ids.includes(id));
  const forbiddenUsers = chosen.forbidden.users?.filter((one) => !users.map(lowerCase).includes(lowerCase(one)));
  return {
    values: {
      "keycloak:url": keycloakUrl,
      "keycloak:clientId": "the_deployer",
      "keycloak:realm": deployerRealm,
      "scpcloud:accessTokenLifespan": chosen.accessTokenLifespan,
      "scpcloud:accountAccess": chosen.accountAccess,
      "scpcloud:allowedOrigins": chosen.allowedOrigins,
      "scpcloud:api": { ...chosen.api[0], additionalIssuers },
      "scpcloud:audience": chosen.audience,
      "scpcloud:backchannelUrl": chosen.backchannelUrl,
      "scpcloud:bff": { ...chosen.bff[0], publicUrl: chosen.bffPublicUrl },
      "scpcloud:contact": chosen.contact,
      "scpcloud:forbiddenOrganizationIds": forbiddenIds,
      "scpcloud:forbiddenOrganizationUsers": forbiddenUsers,
      "scpcloud:integrations": Object.fromEntries(customers.map(([entry, { clientId: id }]) => [id, entry])),
      "scpcloud:protect": chosen.protect,
      "scpcloud:publicUrl": publicUrl,
      "scpcloud:realm": chosen.realm,
      "scpcloud:requireHttps": false,
    },
    settings: {
      connection: { url: keycloakUrl, admin: { url: keycloakUrl } },
      deployer: {
        realm: deployerRealm ?? "master",
        clientId: "the_deployer",
        credentials: { kind: "clientSecret", clientSecret: SECRET },
      },
      realm: chosen.realm ?? "ScpCloud",
      publicUrl,
      backchannelUrl: chosen.backchannelUrl ? chosen.backchannelUrl : publicUrl,
      audience: chosen.audience ?? "scpCloud",
      accessTokenLifespan: chosen.accessTokenLifespan,
      allowedOrigins: chosen.allowedOrigins ?? [],
      accountAccess: chosen.accountAccess ?? false,
      protect: chosen.protect ?? true,
      usedBy: [],
      integrations: customers.map(([, settings]) => settings).sort((a, b) => (a.clientId < b.clientId ? -1 : 1)),
      contact: chosen.contact ?? "",
      forbiddenOrganizationIds: forbiddenIds ?? [],
      forbiddenOrganizationUsers: forbiddenUsers ?? [],
      requireHttps: false,
      bff: { ...chosen.bff[1], ...(chosen.bffPublicUrl === undefined ? {} : { publicUrl: chosen.bffPublicUrl }) },
      api: { ...chosen.api[1], additionalIssuers: additionalIssuers ?? [] },
    },
  };
}
