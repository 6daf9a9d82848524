import * as pulumi from "@pulumi/pulumi";

import type { Apps } from "./components/apps";
import { credentialsOf } from "./components/credentials";
import type { Integration } from "./components/integration";
import type { ServiceConfiguration } from "./components/serviceConfiguration";
import { issuerOf, type Settings, tokenEndpointOf } from "./settings/settings";

export type { Credentials } from "./components/credentials";

/** The stack's outputs. docs/configuration.md tells them; other stacks and programs rely on their names. */
export function stackOutputs(
  settings: Settings,
  integrations: readonly Integration[],
  services: ServiceConfiguration,
  apps?: Apps,
): Record<string, unknown> {
  const issuer = issuerOf(settings);
  const byClientId = <T>(pick: (integration: Integration) => T): Record<string, T> =>
    Object.fromEntries(integrations.map((integration) => [integration.clientId, pick(integration)]));
  return {
    issuer,
    tokenEndpoint: tokenEndpointOf(issuer),
    integrations: byClientId(({ organizationId, serviceAccountUserId }) => ({ organizationId, serviceAccountUserId })),
    credentials: pulumi.secret(
      byClientId(({ clientId, clientSecret }) => clientSecret.apply((secret) => credentialsOf(clientId, secret))),
    ),
    bffEnvironment: services.bffEnvironment,
    apiEnvironment: services.apiEnvironment,
    appSettings: services.appSettings,
    ...(apps && { apps: apps.containers }),
  };
}
