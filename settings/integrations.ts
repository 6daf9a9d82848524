import * as v from "valibot";

import { recordOf, stringsOf } from "./decode.ts";
import { type Fault, shown } from "./faults.ts";
import { SUCCESSOR } from "./schema/customers.ts";
import type { Values } from "./schema/stack.ts";
import type { IntegrationSettings, OrganizationSource } from "./settings.ts";
import type { OrganizationOfClient } from "./source.ts";

/** The full key of a customer's entry, or of one of its settings. */
export function integrationKey(clientId: string, setting?: string): string {
  return ["scpcloud:integrations", clientId, ...(setting === undefined ? [] : [setting])].join(".");
}

const textIfAny = v.fallback(v.optional(v.string()), undefined);

/** What customers are compared by, as far as their entries have it in the right types. */
const COMPARED = v.object({
  organizationId: textIfAny,
  organizationUser: textIfAny,
  sharedOrganization: v.fallback(v.optional(v.boolean(), false), false),
  successorOf: textIfAny,
});

export type ComparedCustomer = v.InferOutput<typeof COMPARED> & { readonly clientId: string };

/** The customers of a stack file, however wrong they are. */
export function comparedCustomers(integrations: unknown): ComparedCustomer[] {
  return Object.entries(recordOf(integrations)).map(([clientId, entry]) => ({
    clientId,
    ...v.parse(COMPARED, recordOf(entry)),
  }));
}

/** What is wrong between customers, and with what the rest of the stack says. */
export function* checkIntegrations(
  { integrations, ...stack }: Readonly<Record<string, unknown>>,
  deployerClientId: unknown,
): Generator<Fault> {
  const compared = comparedCustomers(integrations);
  const lookalikes = Map.groupBy(compared, ({ clientId }) => clientId.toLowerCase());
  const forbiddenIds = stringsOf(stack["forbiddenOrganizationIds"]);
  const forbiddenUsers = stringsOf(stack["forbiddenOrganizationUsers"]).map((name) => name.toLowerCase());
  for (const { clientId, organizationId, organizationUser, successorOf } of compared) {
    const own = { key: integrationKey(clientId), value: shown(clientId) };
    const twin = lookalikes.get(clientId.toLowerCase())?.find((other) => other.clientId !== clientId);
    if (twin !== undefined) {
      yield {
        ...own,
        rule: `must differ from ${shown(twin.clientId)} by more than upper and lower case`,
        reason: "Keycloak lower-cases the service account's name and refuses the second client (409)",
        remedy: "rename one of the two",
      };
    }
    if (clientId === deployerClientId) {
      yield {
        ...own,
        rule: "must not be the deployer's own client",
        reason: "the stack would take over what it logs in with",
        remedy: "rename it",
      };
    }
    if (organizationUser !== undefined && forbiddenUsers.includes(organizationUser.toLowerCase())) {
      yield forbiddenOrganization(integrationKey(clientId, "organizationUser"), shown(organizationUser));
    }
    if (organizationId !== undefined && forbiddenIds.includes(organizationId)) {
      yield forbiddenOrganization(integrationKey(clientId, "organizationId"), shown(organizationId));
    }
    if (successorOf !== undefined) {
      yield* checkPredecessor({ clientId, successorOf }, compared);
    }
  }
  yield* findUnsharedTwins(organizationsOf(compared));
}

/** What a successor's predecessor must be. Another one is told of where it stands in another stack (realmStacks.ts). */
export const PREDECESSOR = {
  rule: "must be the client id of another customer of this stack",
  reason: SUCCESSOR,
} as const;

function* checkPredecessor(
  { clientId, successorOf }: { readonly clientId: string; readonly successorOf: string },
  customers: readonly ComparedCustomer[],
): Generator<Fault> {
  const found = { key: integrationKey(clientId, "successorOf"), value: shown(successorOf) };
  const predecessor = customers.find((other) => other.clientId === successorOf && other.clientId !== clientId);
  if (predecessor === undefined) {
    yield {
      ...found,
      ...PREDECESSOR,
      remedy: "write that client id or, where the earlier client is gone, its organizationUser here",
    };
  } else if (predecessor.successorOf !== undefined) {
    yield {
      ...found,
      rule: "must not be a successor itself",
      reason: "two clients of a customer are enough to move from one to the other",
      remedy: "retire the first, and give the second organizationUser in place of successorOf",
    };
  }
}

/** The fault of an organization that the stack forbids; also told of an id that was looked up by user name. */
export function forbiddenOrganization(key: string, value: string): Fault {
  return {
    key,
    rule: "must not be an organization that this stack forbids",
    reason: "scpcloud:forbiddenOrganizationUsers or -Ids lists it: the customer would be given somebody else's data",
    value,
    remedy: "name a user of the customer's own organization",
  };
}

/** The customers' organizations as they are compared before any lookup. A successor's is that of its predecessor. */
export function organizationsOf(
  customers: readonly (ComparedCustomer & Pick<OrganizationOfClient, "file">)[],
): OrganizationOfClient[] {
  return customers.flatMap(({ organizationId, organizationUser, ...customer }) => {
    const organization = (organizationId ?? organizationUser)?.toLowerCase();
    return organization === undefined ? [] : [{ ...customer, organization }];
  });
}

/** The faults of customers with the same organization that do not say so. All who share one have to. */
export function findUnsharedTwins(customers: readonly OrganizationOfClient[]): Fault[] {
  const groups = Map.groupBy(customers, ({ organization }) => organization);
  return customers.flatMap((customer) => {
    const others = (groups.get(customer.organization) ?? []).filter((other) => other !== customer);
    return customer.sharedOrganization || others.length === 0
      ? []
      : [
          {
            key: integrationKey(customer.clientId),
            rule: "must not have another customer's organization",
            reason: "each would see the other's data",
            value: `${shown(customer.organization)}${inFile(customer)}, also of ${others
              .map(
                (other) =>
                  `${other.file === undefined ? other.clientId : integrationKey(other.clientId)}${inFile(other)}`,
              )
              .join(", ")}`,
            remedy: "correct the organization or, if it is meant, set sharedOrganization: true on each of them",
          },
        ];
  });
}

function inFile({ file }: OrganizationOfClient): string {
  return file === undefined ? "" : ` in ${file}`;
}

/** The customers as the program declares them, in the order of their client ids. */
export function toIntegrations(integrations: Values["integrations"]): IntegrationSettings[] {
  return Object.entries(integrations)
    .map(([clientId, { name = clientId, retired, sharedOrganization, successorOf, ...entry }]) => ({
      clientId,
      name,
      organization: toOrganization((successorOf === undefined ? undefined : integrations[successorOf]) ?? entry),
      retired,
      sharedOrganization,
      ...(successorOf === undefined ? {} : { successorOf }),
    }))
    .sort((a, b) => (a.clientId < b.clientId ? -1 : 1));
}

function toOrganization({
  organizationId,
  organizationUser,
}: Pick<Values["integrations"][string], "organizationId" | "organizationUser">): OrganizationSource {
  if (organizationUser !== undefined) {
    return { user: organizationUser };
  }
  if (organizationId !== undefined) {
    return { id: organizationId };
  }
  // Keycloak would take an empty id and leave the claim out without a word.
  throw new Error("A customer without organization has passed the schema");
}
