import type { StackOutputs } from "../cli/stack";
import type { Handover, HandoverRecord } from "../repository/handoverRecord";
import type { KeycloakAdmin } from "../../keycloak/admin";
import { type ClientRepresentation, findClient, secretTimes } from "../../keycloak/clients";
import { organizationNow } from "../../keycloak/users";
import type { IntegrationSettings, Settings } from "../../settings/settings";

/** Where a customer stands, by stack file, state and Keycloak. */
export type CustomerState =
  | "active"
  | "disabled by hand"
  | "retired"
  | "retired, still enabled"
  | "not deployed yet"
  | "only in Keycloak"
  | "up was interrupted"
  | "missing in Keycloak"
  | "removed from the stack file";

/** A customer as `customers` tells it. */
export interface Customer {
  readonly clientId: string;
  readonly name: string;
  /** The id is known once it is deployed. */
  readonly organization: {
    readonly user?: string;
    readonly id?: string;
    /** What has become of that user since, if it is not the same. */
    readonly now?: string;
  };
  readonly state: CustomerState;
  /** The customer's earlier client. */
  readonly successorOf?: string;
  readonly secret?: {
    /** ISO 8601; absent where Keycloak does not know it. */
    readonly created?: string;
    readonly ageInDays?: number;
    /** Until when the previous secret works too. */
    readonly previousWorksUntil?: string;
  };
  /** The last time that a secret was handed over; absent where that is noted nowhere. */
  readonly handover?: {
    readonly date: string;
    readonly recipients: readonly string[];
    /** Whether it was the present secret; absent where Keycloak does not know when it made that. */
    readonly ofPresentSecret?: boolean;
  };
}

const DAY_MILLISECONDS = 24 * 60 * 60 * 1000;

/** Every customer of stack file and state, as Keycloak has it, in the order of their client ids. */
export async function listCustomers(
  { integrations }: Pick<Settings, "integrations">,
  outputs: StackOutputs,
  admin: KeycloakAdmin,
  record: HandoverRecord,
  now: Date,
): Promise<Customer[]> {
  const settings = new Map(integrations.map((integration) => [integration.clientId, integration]));
  const clientIds = [...new Set([...settings.keys(), ...Object.keys(outputs.integrations ?? {})])].sort();
  return Promise.all(
    clientIds.map(async (clientId) => {
      const client = await findClient(admin, clientId);
      const deployedId = outputs.integrations?.[clientId]?.organizationId;
      const customer = describe(clientId, settings.get(clientId), deployedId, client, now);
      const { organization } = customer;
      const moved = await userNow(organization, deployedId, admin);
      return {
        ...customer,
        organization: { ...organization, ...(moved && { now: moved }) },
        ...lastHandover(record[clientId] ?? [], customer.secret?.created),
      };
    }),
  );
}

async function userNow({ user }: Customer["organization"], deployedId: string | undefined, admin: KeycloakAdmin) {
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

/** An `up` that was interrupted has saved its resources, but not the outputs, by which the list knows what is deployed. */
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

function describe(
  clientId: string,
  integration: IntegrationSettings | undefined,
  deployedId: string | undefined,
  client: ClientRepresentation | undefined,
  now: Date,
): Customer {
  const organization = integration?.organization;
  const id = organization !== undefined && "id" in organization ? organization.id : deployedId;
  return {
    clientId,
    name: integration?.name ?? client?.name ?? clientId,
    organization: {
      ...(organization !== undefined && "user" in organization ? { user: organization.user } : {}),
      ...(id === undefined ? {} : { id }),
    },
    state: stateOf(integration, deployedId !== undefined, client),
    ...(integration?.successorOf === undefined ? {} : { successorOf: integration.successorOf }),
    ...(client === undefined ? {} : { secret: describeSecret(client, now) }),
  };
}

function stateOf(
  integration: IntegrationSettings | undefined,
  isDeployed: boolean,
  client: ClientRepresentation | undefined,
): CustomerState {
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

function describeSecret(client: ClientRepresentation, now: Date): NonNullable<Customer["secret"]> {
  const { created, overlapEnds } = secretTimes(client, now);
  return {
    ...(created === undefined
      ? {}
      : {
          created: created.toISOString(),
          ageInDays: Math.max(0, Math.floor((now.getTime() - created.getTime()) / DAY_MILLISECONDS)),
        }),
    ...(overlapEnds === undefined ? {} : { previousWorksUntil: overlapEnds.toISOString() }),
  };
}

function lastHandover(handovers: readonly Handover[], created: string | undefined): Pick<Customer, "handover"> {
  const last = handovers.at(-1);
  if (last === undefined) {
    return {};
  }
  const { date, secretCreated } = last;
  const isKnown = created !== undefined && secretCreated !== undefined;
  return {
    handover: {
      date,
      // Those of one run.
      recipients: handovers.filter((one) => one.date === date).map(({ recipient }) => recipient),
      ...(isKnown ? { ofPresentSecret: created === secretCreated } : {}),
    },
  };
}

/** Who gets tokens by a secret that is older than so many days, or of which Keycloak does not know the age. */
export function customersWithOldSecret(customers: readonly Customer[], days: number): Customer[] {
  return customers.filter(
    ({ secret, state }) =>
      ["active", "retired, still enabled"].includes(state) && !((secret?.ageInDays ?? Infinity) <= days),
  );
}
