import * as pulumi from "@pulumi/pulumi";

import { Integration } from "./components/integration.ts";
import { RealmScopes } from "./components/realmScopes.ts";
import { explainingRefusals } from "./components/refusals.ts";
import { ServiceConfiguration } from "./components/serviceConfiguration.ts";
import { warningOfOtherOrganizations, warningOfRenames } from "./components/warnings.ts";
import { realmScopeNames } from "./contract/names.ts";
import { lookUp } from "./lookups/lookups.ts";
import { policiesInWords } from "./lookups/policies.ts";
import { stackOutputs } from "./outputs.ts";
import { stackConfiguration, toRunError } from "./settings/pulumi.ts";
import { readSettings } from "./settings/read.ts";
import { adviceOnSize } from "./settings/rules/size.ts";

/** Stack file → settings → lookups → components → outputs. */
async function program(): Promise<Record<string, unknown>> {
  const settings = readSettings(stackConfiguration());
  const lookups = await lookUp(settings);
  const { accountRoleIds, rotation, now } = lookups;
  const { accessTokenLifespan, allowedOrigins, audience, overlapDays, protect, realm: realmId, usedBy } = settings;

  const options = explainingRefusals(pulumi.getStack(), now, () => policiesInWords(settings));
  const isRealmStack = settings.realmStack === undefined;
  // Client ids have no capitals, so no customer can be named like one of these two.
  const realmScopes = isRealmStack
    ? new RealmScopes(
        "realmScopes",
        { accountRoleIds, allowedOrigins, audience, overlapDays, protect, realmId, rotation, usedBy },
        options,
      )
    : undefined;
  const { scopeNames } = realmScopes ?? { scopeNames: realmScopeNames(settings) };
  const ofCustomers = [
    warningOfOtherOrganizations(lookups.integrations),
    warningOfRenames(lookups.integrations.map(({ clientId }) => clientId)),
  ].reduce((merged, further) => pulumi.mergeOptions(merged, further), options);
  const integrations = lookups.integrations.map(
    ({ clientId, name, organizationId, retired }) =>
      new Integration(
        clientId,
        { accessTokenLifespan, clientId, name, organizationId, overlapDays, protect, realmId, retired, scopeNames },
        ofCustomers,
      ),
  );
  const { api, backchannelUrl, bff, publicUrl } = settings;
  const services = isRealmStack
    ? new ServiceConfiguration("serviceConfiguration", {
        api,
        audience,
        backchannelUrl,
        bff,
        publicUrl,
        realm: realmId,
      })
    : undefined;

  const advice = pulumi.runtime.isDryRun() ? adviceOnSize(settings) : undefined;
  if (advice !== undefined) {
    void pulumi.log.info(advice);
  }
  return stackOutputs(settings, integrations, services);
}

export default () =>
  program().catch((error: unknown) => {
    throw toRunError(error);
  });
