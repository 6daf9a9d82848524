import * as pulumi from "@pulumi/pulumi";

import {
  discoveryDocumentOf,
  environmentName,
  issuerOf,
  realmUrl,
  type Settings,
  tokenEndpointOf,
} from "../settings/settings.ts";

/** A value of ASP.NET Core's configuration. */
export type SettingValue = string | boolean | readonly string[];
/** A tree as in appsettings.json. */
export interface SettingsTree {
  readonly [name: string]: SettingValue | SettingsTree;
}

/** The settings that the BFF and the API are configured from. */
export type ServiceSettings = Pick<Settings, "api" | "audience" | "backchannelUrl" | "bff" | "publicUrl" | "realm">;

/**
 * What WebProductionBff needs to fetch tokens and ProductionApi to check them, once as environment variables and once as
 * appsettings JSON. Nothing in it is secret.
 */
export class ServiceConfiguration extends pulumi.ComponentResource {
  readonly bffEnvironment: Readonly<Record<string, string>>;
  readonly apiEnvironment: Readonly<Record<string, string>>;
  readonly appSettings: { readonly bff: SettingsTree; readonly api: SettingsTree };

  constructor(name: string, settings: ServiceSettings, options?: pulumi.ComponentResourceOptions) {
    super("scpcloud:services:ServiceConfiguration", name, {}, options);
    this.appSettings = { bff: bffSettings(settings), api: apiSettings(settings) };
    const { api, bff } = serviceEnvironments(settings);
    this.bffEnvironment = bff;
    this.apiEnvironment = api;
    this.registerOutputs({ bffEnvironment: this.bffEnvironment, apiEnvironment: this.apiEnvironment });
  }
}

/** The environment variables of both services. */
export function serviceEnvironments(settings: ServiceSettings) {
  return {
    api: toEnvironment(apiSettings(settings), settings.api.environmentPrefix),
    bff: toEnvironment(bffSettings(settings), settings.bff.environmentPrefix),
  };
}

/** What the BFF needs: where Keycloak is and where it gives tokens. */
export function bffSettings({ bff, backchannelUrl, realm }: ServiceSettings): SettingsTree {
  return inSection(bff, {
    baseUrl: backchannelUrl,
    tokenEndpoint: tokenEndpointOf(realmUrl(backchannelUrl, realm)),
  });
}

/**
 * What the API needs. The lists are never empty: ASP.NET Core takes an empty list of issuers or audiences as "do not
 * check" (JwtBearerConfigureOptions). The issuer is the public one even where the metadata comes over an internal URL.
 */
export function apiSettings(settings: ServiceSettings): SettingsTree {
  const { api, audience, backchannelUrl, realm } = settings;
  const issuer = issuerOf(settings);
  return inSection(api, {
    authority: issuer,
    // Otherwise JwtBearer renames `sub` and others to the names of WS-Federation.
    mapInboundClaims: false,
    metadataAddress: discoveryDocumentOf(realmUrl(backchannelUrl, realm)),
    requireHttpsMetadata: backchannelUrl.startsWith("https:"),
    validAudiences: [audience],
    validIssuers: [issuer, ...api.additionalIssuers],
  });
}

/** The values under the names that the service has for them. */
function inSection<Key extends string>(
  { section, names }: { readonly section: string; readonly names: Readonly<Record<Key, string>> },
  values: Readonly<Record<Key, SettingValue>>,
): SettingsTree {
  const leaves: SettingsTree = Object.fromEntries(
    Object.entries<SettingValue>(values).map(([key, value]) => [names[key as Key], value]),
  );
  return section.split(":").reduceRight<SettingsTree>((tree, name) => ({ [name]: tree }), leaves);
}

/**
 * The tree as environment variables: levels joined by two underscores, lists counted from 0.
 * @throws Error on an empty list, which has no such form and would silently be no setting at all.
 */
export function toEnvironment(tree: SettingsTree, prefix = ""): Record<string, string> {
  const walk = (value: SettingValue | SettingsTree, path: readonly string[]): [string, string][] => {
    if (typeof value !== "object") {
      return [[environmentName(prefix, path), String(value)]];
    }
    const entries = Object.entries<SettingValue | SettingsTree>(value as SettingsTree);
    if (entries.length === 0) {
      throw new Error(`${path.join(":")} is empty and cannot be an environment variable`);
    }
    return entries.flatMap(([name, item]) => walk(item, [...path, name]));
  };
  return Object.fromEntries(walk(tree, []));
}
