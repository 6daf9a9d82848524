import * as pulumi from "@pulumi/pulumi";

import type { Apps, AppsArgs } from "./components/apps";
import { explainingRefusals } from "./components/refusals";
import { Integration } from "./components/integration";
import { realmScopeNames } from "./contract/names";
import { warningOfRenames } from "./components/renames";
import { RealmScopes } from "./components/realmScopes";
import { ServiceConfiguration } from "./components/serviceConfiguration";
import { lookUp } from "./lookups/lookups";
import { tellingOrganizations } from "./lookups/organizations";
import { policiesInWords } from "./lookups/policies";
import { stackOutputs } from "./outputs";
import { stackConfiguration } from "./settings/pulumi";
import { readSettings } from "./settings/read";
import { adviceOnSize } from "./settings/size";
import { UserError } from "./settings/userError";

// The SDK sends the engine four messages on each resource in case of `--debug`, one call each: a fifth of the CPU time of a
// preview of 100 customers. One of them holds the resource's outputs, secrets in clear.
Object.assign(pulumi.log, { debug: () => Promise.resolve() });

// Pulumi's SDK makes a stack trace per promise (half of the program's time) and, for the state's sourcePosition, one per
// resource, without this limit (7 % of Node.js's CPU time for 100 customers). Nobody reads them.
Error.stackTraceLimit = 0;
Error.prepareStackTrace = (error) => error.message && String(error);

/** Stack file → settings → lookups → components → outputs. */
async function program(): Promise<Record<string, unknown>> {
  const settings = readSettings(stackConfiguration());
  const lookups = await lookUp(settings);
  const { realmId, accountRoleIds, rotation, now } = lookups;

  const options = explainingRefusals(pulumi.getStack(), now, () => policiesInWords(settings));
  const isRealmStack = settings.realmStack === undefined;
  // Client ids have no capitals, so no customer can be named like one of these two.
  const realmScopes = isRealmStack
    ? new RealmScopes("realmScopes", { ...settings, realmId, accountRoleIds, rotation }, options)
    : undefined;
  const { scopeNames } = realmScopes ?? { scopeNames: realmScopeNames(settings) };
  const ofCustomers = [
    tellingOrganizations(lookups.integrations),
    warningOfRenames(lookups.integrations.map(({ clientId }) => clientId)),
  ].reduce((merged, further) => pulumi.mergeOptions(merged, further), options);
  const integrations = lookups.integrations.map(
    (integration) =>
      new Integration(integration.clientId, { ...settings, ...integration, realmId, scopeNames }, ofCustomers),
  );
  const services = isRealmStack ? new ServiceConfiguration("serviceConfiguration", settings) : undefined;
  const apps =
    settings.apps &&
    services &&
    declareApps(
      {
        apps: settings.apps,
        bffEnvironment: services.bffEnvironment,
        apiEnvironment: services.apiEnvironment,
        stack: pulumi.getStack(),
      },
      options,
    );

  const advice = pulumi.runtime.isDryRun() ? adviceOnSize(settings) : undefined;
  if (advice !== undefined) {
    void pulumi.log.info(advice);
  }
  return stackOutputs(settings, integrations, services, apps);
}

/** Loaded only for a stack with containers: nobody else needs anything of Docker. */
function declareApps(args: AppsArgs, options: pulumi.ComponentResourceOptions): Apps {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- Pulumi runs the program as CommonJS
  const { Apps } = require("./components/apps") as typeof import("./components/apps");
  return new Apps("apps", args, options);
}

export = () =>
  program().catch((error: unknown) => {
    // A RunError is printed without its stack: these faults are the user's, and the text says all.
    throw error instanceof UserError ? new pulumi.RunError(error.message) : error;
  });
