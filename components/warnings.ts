import * as pulumi from "@pulumi/pulumi";

import { ORGANIZATION_MAPPER } from "../contract/names.ts";
import { TYPES } from "../contract/types.ts";
import { shown } from "../faults/faults.ts";
import type { IntegrationSettings } from "../settings/settings.ts";
import { withHooks } from "./hooks.ts";

/**
 * An option of the customers. It warns if one customer is new and a deployed one is no longer declared: that may be one
 * customer with another client id. Pulumi itself only says how to get around `protect`. The stack's outputs are read only
 * if a customer is new.
 */
export function warningOfRenames(declared: readonly string[]): pulumi.ComponentResourceOptions {
  let told: Promise<void> | undefined;
  const tell = () => {
    // The hook must not wait for it. The engine needs a worker for this question, and all workers may be busy with the hooks
    // of new customers. The run waits for it at its end.
    told ??= warn(declared);
    return Promise.resolve();
  };
  return withHooks({ beforeCreate: [new pulumi.ResourceHook("newCustomer", tell, { onDryRun: true })] }, TYPES.client);
}

async function warn(declared: readonly string[]): Promise<void> {
  const name = [pulumi.getOrganization(), pulumi.getProject(), pulumi.getStack()].join("/");
  const found = (await pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", { name }).catch(() => ({}))) as {
    readonly outputs?: { readonly integrations?: object };
  };
  const text = renameWarning(Object.keys(found.outputs?.integrations ?? {}), declared);
  if (text !== undefined) {
    await pulumi.log.warn(text);
  }
}

/** @param deployed the client ids that the last `up` has deployed */
export function renameWarning(deployed: readonly string[], declared: readonly string[]): string | undefined {
  const gone = deployed.filter((clientId) => !declared.includes(clientId));
  const added = declared.filter((clientId) => !deployed.includes(clientId));
  const [old = "", one = ""] = [gone[0], added[0]];
  return gone.length === 0 || added.length === 0
    ? undefined
    : `No longer in the stack file: ${gone.join(", ")}; new: ${added.join(", ")}. Another client id is another client ` +
        `with another secret. Where a client id was changed, put the old entry back, and write the new one with ` +
        `successorOf, such as ${one} with successorOf: ${old} (docs/credentials.md). Who is to go is retired first.`;
}

type Customer = Pick<IntegrationSettings, "clientId" | "organization">;

/** What a change of a mapper is told from. */
type MapperUpdate = Pick<pulumi.ResourceHookArgs, "name" | "newInputs" | "oldInputs">;

/**
 * An option of the customers. A preview and an `up` warn of each customer whose organization becomes another one: its
 * tokens will name somebody else's data. That can happen without a change of the stack file.
 */
export function warningOfOtherOrganizations(integrations: readonly Customer[]): pulumi.ComponentResourceOptions {
  const warnOfIt = async (update: MapperUpdate) => {
    const text = describeOtherOrganization(update, integrations);
    if (text !== undefined) {
      await pulumi.log.warn(text);
    }
  };
  return withHooks(
    { beforeUpdate: [new pulumi.ResourceHook("organization", warnOfIt, { onDryRun: true })] },
    TYPES.hardcodedClaim,
  );
}

/** Undefined for another mapper, or another change of it. */
export function describeOtherOrganization(
  { name, newInputs, oldInputs }: MapperUpdate,
  integrations: readonly Customer[],
): string | undefined {
  const [before, after] = [oldInputs, newInputs].map((inputs): unknown => inputs?.["claimValue"]);
  const customer = integrations.find(({ clientId }) => `${clientId}-${ORGANIZATION_MAPPER}` === name);
  if (customer === undefined || before === after) {
    return undefined;
  }
  const { clientId, organization } = customer;
  const change = `organizationId ${String(before)} becomes ${String(after)}`;
  return "id" in organization
    ? `${clientId}: another organization, as the stack file says: ${change}.`
    : `${clientId}: SAME NAME, OTHER ID, unless the stack file named another user than ${shown(organization.user)} before: ` +
        `${change}. See whose user that is.`;
}
