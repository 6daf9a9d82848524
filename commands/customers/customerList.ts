import type { KeycloakAdmin } from "../../keycloak/admin.ts";
import { type ClientRepresentation, findClient, secretTimes } from "../../keycloak/clients.ts";
import { organizationNow } from "../../keycloak/users.ts";
import type { IntegrationSettings, Settings } from "../../settings/settings.ts";
import type { StackOutputs } from "../cli/stack.ts";
import type { Handover, HandoverRecord } from "../repository/handoverRecord.ts";

/** A customer as `customers` tells it; undefined is what nobody knows. */
export type Customer = Awaited<ReturnType<typeof listCustomers>>[number];

const DAY_MILLISECONDS = 24 * 60 * 60 * 1000;

/** Every customer of stack file and state, as Keycloak has it, in the order of their client ids. */
export async function listCustomers(
  { integrations }: Pick<Settings, "integrations">,
  { integrations: deployed = {} }: StackOutputs,
  admin: KeycloakAdmin,
  record: HandoverRecord,
  now: Date,
) {
  const settings = new Map(integrations.map((integration) => [integration.clientId, integration]));
  const clientIds = [...new Set([...settings.keys(), ...Object.keys(deployed)])].sort();
  return Promise.all(
    clientIds.map(async (clientId) => {
      const integration = settings.get(clientId);
      const { organization } = integration ?? {};
      const deployedId = deployed[clientId]?.organizationId;
      const client = await findClient(admin, clientId);
      const user = organization && "user" in organization ? organization.user : undefined;
      const id = organization && "id" in organization ? organization.id : deployedId;
      const secret = client && describeSecret(client, now);
      return {
        clientId,
        name: integration?.name ?? client?.name ?? clientId,
        /** `now` is what has become of the user since the last up. */
        organization: { user, id, now: await userNow(user, deployedId, admin) },
        state: stateOf(integration, deployedId !== undefined, client),
        successorOf: integration?.successorOf,
        secret,
        handover: lastHandover(record[clientId] ?? [], secret?.created),
      };
    }),
  );
}

async function userNow(user: string | undefined, deployedId: string | undefined, admin: KeycloakAdmin) {
  if (user === undefined || deployedId === undefined) {
    return undefined;
  }
  const now = await organizationNow(admin, user, deployedId);
  switch (now.kind) {
    case "same":
      return undefined;
    case "absent":
      return "NO SUCH USER";
    case "other":
      return now.before === undefined ? `SAME NAME, OTHER ID: ${now.id}` : `not deployed yet: ${now.id}`;
  }
}

/** The list knows by the outputs what is deployed. An `up` that was interrupted has saved its resources, but no outputs. */
export async function withInterrupted(
  customers: readonly Customer[],
  clientIdsInState: () => Promise<ReadonlySet<string>>,
): Promise<Customer[]> {
  const isUnknown = ({ state }: Customer) => state === "only in Keycloak";
  const inState = customers.some(isUnknown) ? await clientIdsInState() : new Set();
  return customers.map((customer) =>
    isUnknown(customer) && inState.has(customer.clientId) ? { ...customer, state: "up was interrupted" } : customer,
  );
}

/** Where a customer stands, by stack file, state and Keycloak. */
function stateOf(
  integration: IntegrationSettings | undefined,
  isDeployed: boolean,
  client: ClientRepresentation | undefined,
): string {
  if (client === undefined) {
    return isDeployed ? "missing in Keycloak" : "not deployed yet";
  }
  if (!isDeployed) {
    return "only in Keycloak";
  }
  if (integration === undefined) {
    return "removed from the stack file";
  }
  const isEnabled = client.enabled !== false;
  if (integration.retired) {
    return isEnabled ? "retired, still enabled" : "retired";
  }
  return isEnabled ? "active" : "disabled by hand";
}

function describeSecret(client: ClientRepresentation, now: Date) {
  const { created, overlapEnds } = secretTimes(client, now);
  const age = created && Math.floor((now.getTime() - created.getTime()) / DAY_MILLISECONDS);
  return {
    created: created?.toISOString(),
    // Where the server's clock is ahead, it would be below 0.
    ageInDays: age && Math.max(0, age),
    previousWorksUntil: overlapEnds?.toISOString(),
  };
}

/** The last time that a secret was handed over. */
function lastHandover(handovers: readonly Handover[], created: string | undefined) {
  const last = handovers.at(-1);
  return (
    last && {
      date: last.date,
      // Those of one run, or of two within a second.
      recipients: [...new Set(handovers.filter(({ date }) => date === last.date).map(({ recipient }) => recipient))],
      ofPresentSecret:
        created === undefined || last.secretCreated === undefined ? undefined : created === last.secretCreated,
    }
  );
}

/** Who gets tokens by a secret that is older than so many days, or of which Keycloak does not know the age. */
export function customersWithOldSecret(customers: readonly Customer[], days: number): Customer[] {
  return customers.filter(
    ({ secret, state }) =>
      ["active", "retired, still enabled"].includes(state) && !((secret?.ageInDays ?? Infinity) <= days),
  );
}
