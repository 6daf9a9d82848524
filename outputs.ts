import * as pulumi from "@pulumi/pulumi";

import type { Apps } from "./components/apps";
import type { Integration } from "./components/integration";
import type { ServiceConfiguration } from "./components/serviceConfiguration";
import { issuerOf, type Settings, tokenEndpointOf } from "./settings/settings";

/** A customer's credentials, to be handed over to it. */
export interface Credentials {
  readonly clientSecret: string;
  /** The ready value of an Authorization header: `Basic base64(client id:client secret)`. */
  readonly basic: string;
}

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
      byClientId(({ clientId, clientSecret }) => clientSecret.apply((secret) => credentials(clientId, secret))),
    ),
    bffEnvironment: services.bffEnvironment,
    apiEnvironment: services.apiEnvironment,
    appSettings: services.appSettings,
    ...(apps && { apps: apps.containers }),
  };
}

/** Neither half needs the encoding of RFC 6749 2.3.1: ids are [a-z0-9-], Keycloak's secrets [A-Za-z0-9]. */
function credentials(clientId: string, clientSecret: string): Credentials {
  return { clientSecret, basic: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString("base64")}` };
}
