import { isDeepStrictEqual } from "node:util";

import { UserError } from "../../faults/userError.ts";
import { unlocked } from "../locks/stackLock.ts";
import { exportState, type StateResource } from "../pulumi/exportedState.ts";
import { CUSTOMER_TYPE, nameOf, typeOf } from "../pulumi/owners.ts";
import { type PulumiCli, PulumiError } from "../pulumi/pulumiCli.ts";

/** The customers in a stack's state: the resources of each, by client id. */
export type CustomersInState = ReadonlyMap<string, readonly StateResource[]>;

/** @returns undefined where there is no such stack */
export async function customersInState(pulumi: PulumiCli): Promise<CustomersInState | undefined> {
  const state = await exportState(pulumi).catch((error: unknown) => {
    if (error instanceof PulumiError && /no stack named/.test(error.output)) {
      return undefined;
    }
    throw error;
  });
  if (state === undefined) {
    return undefined;
  }
  const { resources = [], pending_operations: pending = [] } = state.deployment;
  if (pending.length > 0) {
    // `pulumi state move` forgets them, and with them what has to be looked for in Keycloak.
    throw new UserError(
      `An up of ${pulumi.stack} was killed. Do: scpcloud recover --stack ${pulumi.stack}, and then this again.`,
    );
  }
  const customers = new Map<string, StateResource[]>();
  for (const resource of resources) {
    const clientId = customerOf(resource);
    if (clientId !== undefined) {
      customers.set(clientId, [...(customers.get(clientId) ?? []), resource]);
    }
  }
  return customers;
}

function customerOf({ parent = "", urn }: StateResource): string | undefined {
  const owner = [urn, parent].find((one) => typeOf(one) === CUSTOMER_TYPE);
  return owner && nameOf(owner);
}

/**
 * Brings the customers' resources from one state to the other, and nothing else: Keycloak is not asked. Pulumi writes the
 * destination first; where it was killed before it wrote the source, both states have them, and they go from the source.
 * @throws UserError where both states have a customer, but not the same
 */
export async function moveInStates(
  from: PulumiCli,
  to: PulumiCli,
  clientIds: readonly string[],
  report: (line: string) => void,
): Promise<void> {
  // A run that was killed may have left a CLI that goes on for a moment.
  for (let attemptsLeft = 3; ; attemptsLeft--) {
    const [source = new Map<string, never>(), destination] = await Promise.all([
      customersInState(from),
      customersInState(to),
    ]);
    const left = clientIds.filter((clientId) => source.has(clientId));
    const twice = left.filter((clientId) => destination?.has(clientId));
    const moved = left.filter((clientId) => !twice.includes(clientId));
    try {
      if (twice.length > 0) {
        refuseOthers(twice, source, destination);
        report(
          `${twice.length} of them are in both states, as a killed run leaves them: removing them from that of ${from.stack}`,
        );
        await unlocked([from], report, () => forget(from, twice));
      }
      if (moved.length > 0) {
        const urns = moved.flatMap((clientId) => (source.get(clientId) ?? []).map(({ urn }) => urn));
        const roots = urns.filter((urn) => typeOf(urn) === CUSTOMER_TYPE);
        report(`moving ${moved.length} in the state`);
        const command = ["state", "move", "--source", from.stack, "--dest", to.stack, "--yes", ...roots];
        await unlocked([to, from], report, () => from.run(command, { global: true }));
      }
      return;
    } catch (error) {
      const isMovedMeanwhile = error instanceof PulumiError && /already exists in destination stack/.test(error.output);
      if (!isMovedMeanwhile || attemptsLeft === 0) {
        throw error;
      }
    }
  }
}

/** The same client of Keycloak's has the same id. */
function refuseOthers(clientIds: readonly string[], source: CustomersInState, destination?: CustomersInState): void {
  for (const clientId of clientIds) {
    const [ids, others] = [source, destination].map((state) =>
      (state?.get(clientId) ?? []).flatMap(({ id }) => id ?? []).sort(),
    );
    if (!isDeepStrictEqual(ids, others)) {
      throw new UserError(
        `${clientId}: both states have it, but not the same client of Keycloak's. Compare pulumi stack export of both.`,
      );
    }
  }
}

/** Takes customers out of a state. From 3.228 on, Pulumi takes several resources at a time, in an order that is safe. */
async function forget(pulumi: PulumiCli, clientIds: readonly string[]): Promise<void> {
  const { resources = [] } = (await exportState(pulumi)).deployment;
  const forgotten = resources.filter((resource) => clientIds.includes(customerOf(resource) ?? ""));
  if (forgotten.length > 0) {
    // All are protected; force overrides nothing else.
    await pulumi.run(["state", "delete", "--yes", "--force", ...forgotten.map(({ urn }) => urn)]);
  }
}
