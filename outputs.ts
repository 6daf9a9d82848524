import * as pulumi from "@pulumi/pulumi";

import type { Integration } from "./components/integration.ts";
import type { ServiceConfiguration } from "./components/serviceConfiguration.ts";
import { credentialsOf } from "./contract/credentials.ts";
import { issuerOf, type Settings, tokenEndpointOf } from "./settings/settings.ts";

export type { Credentials } from "./contract/credentials.ts";

/** The stack's outputs. docs/configuration.md tells them; other stacks and programs rely on their names. */
export function stackOutputs(
  settings: Settings,
  integrations: readonly Integration[],
  services?: ServiceConfiguration,
): Record<string, unknown> {
  const issuer = issuerOf(settings);
  const byClientId = (pick: (integration: Integration) => unknown): pulumi.Input<Record<string, unknown>> => {
    const mapOf = (those: readonly Integration[]): Record<string, unknown> =>
      Object.fromEntries(those.map((integration) => [integration.clientId, pick(integration)]));
    // A preview tells of each customer what it knows.
    return pulumi.runtime.isDryRun()
      ? mapOf(integrations)
      : pulumi
          .output(deployedOf(integrations))
          .apply((ids) => pulumi.output(mapOf(integrations.filter(({ clientId }) => ids.includes(clientId)))));
  };
  return {
    issuer,
    tokenEndpoint: tokenEndpointOf(issuer),
    integrations: byClientId(({ organizationId, serviceAccountUserId }) => ({ organizationId, serviceAccountUserId })),
    credentials: pulumi.secret(
      byClientId(({ clientId, clientSecret }) => clientSecret.apply((secret) => credentialsOf(clientId, secret))),
    ),
    ...(services && {
      bffEnvironment: services.bffEnvironment,
      apiEnvironment: services.apiEnvironment,
      appSettings: services.appSettings,
    }),
  };
}

/** The client ids that an `up` has deployed. `--target` may have left out new customers. */
async function deployedOf(integrations: readonly Integration[]): Promise<string[]> {
  const known = await Promise.all(integrations.map(({ serviceAccountUserId }) => isKnown(serviceAccountUserId)));
  return integrations.filter((_, index) => known[index]).map(({ clientId }) => clientId);
}

/** Where one value of a map is unknown, Pulumi saves a mark instead of the whole map. The SDK's types lack `isKnown`. */
async function isKnown(output: pulumi.Output<string>): Promise<boolean> {
  return !("isKnown" in output) || (await output.isKnown) !== false;
}
