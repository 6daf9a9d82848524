import { type Fault, shown } from "../../faults/faults.ts";
import type { ComparedCustomer, OtherStacks } from "../source.ts";

/** The full key of a customer's entry, or of one of its settings. */
export function integrationKey(clientId: string, setting?: string): string {
  return ["scpcloud:integrations", clientId, ...(setting === undefined ? [] : [setting])].join(".");
}

/** A customer and what identifies its organization: a user's name before the lookup, its id after. */
type OrganizationOfClient = Pick<ComparedCustomer, "clientId" | "sharedOrganization"> & {
  readonly file?: string | undefined;
  readonly organization: string;
};

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
export function organizationsOf(customers: readonly ComparedCustomer[]): OrganizationOfClient[] {
  return customers.flatMap(({ organizationId, organizationUser, ...customer }) => {
    const organization = (organizationId ?? organizationUser)?.toLowerCase();
    return organization === undefined ? [] : [{ ...customer, organization }];
  });
}

/**
 * The faults of customers with the same organization that do not say so. All who share one have to.
 * @param others those of other stacks, who are told where they share one with a customer of this stack
 */
export function findUnsharedTwins(
  own: readonly OrganizationOfClient[],
  others: readonly OrganizationOfClient[] = [],
): Fault[] {
  const compared = new Set(own.map(({ organization }) => organization));
  const all = [...own, ...others].filter(({ organization }) => compared.has(organization));
  return [...Map.groupBy(all, ({ organization }) => organization).values()].flatMap((group) =>
    group
      .filter(({ sharedOrganization }) => group.length > 1 && !sharedOrganization)
      .map((customer) => unsharedTwin(customer, group)),
  );
}

function unsharedTwin(customer: OrganizationOfClient, group: readonly OrganizationOfClient[]): Fault {
  const isInFiles = group.some(({ file }) => file !== customer.file);
  const others = group
    .filter((other) => other !== customer)
    .map(({ clientId, file }) => (isInFiles ? `${integrationKey(clientId)} in ${file}` : clientId));
  const place = isInFiles ? ` in ${customer.file}` : "";
  return {
    key: integrationKey(customer.clientId),
    rule: "must not have another customer's organization",
    reason: "each would see the other's data",
    value: `${shown(customer.organization)}${place}, also of ${others.join(", ")}`,
    remedy: "correct the organization or, if it is meant, set sharedOrganization: true on each of them",
  };
}

/**
 * The same of organizations as Keycloak knows them: one stack may name by a user's id what another names by the user.
 * @param own each by the id of the user that the stack names, and by the name of the user whose id it says
 */
export function findTwinsElsewhere(
  own: readonly OrganizationOfClient[],
  { customersNaming, file }: OtherStacks,
): Fault[] {
  const others = organizationsOf(customersNaming(own.map(({ organization }) => organization)));
  const found = new Set(others.map(({ organization }) => organization));
  const shared = own.filter(({ organization }) => found.has(organization));
  return findUnsharedTwins(
    shared.map((customer) => ({ ...customer, file })),
    others,
  );
}
