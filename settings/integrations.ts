import { type Fault, reservedName, shown } from "./faults";
import type { ProviderValues } from "./provider";
import { CLIENT_ID_LENGTH } from "./rules";
import type { UsableValues, Values } from "./schema";
import type { IntegrationSettings, OrganizationSource } from "./settings";

/** Clients that Keycloak itself makes in every realm (26.x). */
const BUILT_IN_CLIENTS = [
  "account",
  "account-console",
  "admin-cli",
  "broker",
  "realm-management",
  "security-admin-console",
];

/** The full key of a customer's entry, or of one of its settings. */
export function integrationKey(clientId: string, setting?: string): string {
  return ["scpcloud:integrations", clientId, ...(setting === undefined ? [] : [setting])].join(".");
}

/** The customers' entries by client id. */
export type Customers = NonNullable<UsableValues["integrations"]>;

/** What is wrong with the customers beyond the shape of each entry. */
export function* checkIntegrations(
  { integrations, ...values }: UsableValues,
  provider: ProviderValues,
): Generator<Fault> {
  const customers = integrations ?? {};
  const clientIds = Object.keys(customers);
  const lookalikes = Map.groupBy(clientIds, (clientId) => clientId.toLowerCase());
  const deployerClientId = provider.realm === values.realm ? provider.clientId : undefined;
  for (const clientId of clientIds) {
    yield* checkClientId(clientId, lookalikes, deployerClientId);
    yield* checkSuccessor(clientId, customers);
  }
  yield* checkOrganizations(customers, values);
  yield* findUnsharedTwins([...organizationsOf(customers)]);
}

/** The customers' organizations as they are compared before any lookup; a successor's is that of its predecessor. */
export function* organizationsOf(customers: Customers): Generator<OrganizationOfClient> {
  for (const [clientId, entry] of Object.entries(customers)) {
    const organization = entry?.organizationId ?? entry?.organizationUser;
    if (organization != null) {
      const sharedOrganization = entry?.sharedOrganization === true;
      yield { clientId, organization: organization.toLowerCase(), sharedOrganization };
    }
  }
}

function* checkClientId(
  clientId: string,
  lookalikes: ReadonlyMap<string, readonly string[]>,
  deployerClientId: string | undefined,
): Generator<Fault> {
  const fault = (rule: string, reason: string, remedy: string): Fault => ({
    key: integrationKey(clientId),
    rule,
    reason,
    value: shown(clientId),
    remedy,
  });

  if (!/^[a-z0-9-]+$/.test(clientId)) {
    const suggestion = clientId
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-|-$/g, "");
    yield fault(
      "must be a client id of lower-case letters, digits and hyphens",
      "it is one half of HTTP Basic credentials, in which programs read other characters differently (RFC 6749, 2.3.1)",
      `write ${shown(suggestion || "acme")}`,
    );
  }
  if (clientId.length > CLIENT_ID_LENGTH) {
    yield fault(
      `must have at most ${CLIENT_ID_LENGTH} characters`,
      "Keycloak names the service account service-account-<client id>, in 255 characters",
      `shorten it by ${clientId.length - CLIENT_ID_LENGTH}`,
    );
  }
  const twin = lookalikes.get(clientId.toLowerCase())?.find((other) => other !== clientId);
  if (twin !== undefined) {
    yield fault(
      `must differ from ${shown(twin)} by more than upper and lower case`,
      "Keycloak lower-cases the service account's name and refuses the second client (409)",
      "rename one of the two",
    );
  }
  if (clientId === deployerClientId) {
    yield fault("must not be the deployer's own client", "the stack would take over what it logs in with", "rename it");
  }
  if (BUILT_IN_CLIENTS.includes(clientId)) {
    yield reservedName(integrationKey(clientId), clientId);
  }
}

function* checkOrganizations(customers: Customers, values: UsableValues): Generator<Fault> {
  const forbiddenIds = values.forbiddenOrganizationIds ?? [];
  const forbiddenUsers = (values.forbiddenOrganizationUsers ?? []).map((name) => name?.toLowerCase());
  for (const [clientId, entry] of Object.entries(customers)) {
    const { organizationId: id, organizationUser: user, successorOf } = entry ?? {};
    if (entry !== null && successorOf === undefined && (id === undefined) === (user === undefined)) {
      yield {
        key: integrationKey(clientId),
        rule: "must have exactly one of organizationUser and organizationId",
        reason: "the claim organizationId decides whose data the customer sees",
        value: id === undefined ? "neither" : "both",
        remedy: id === undefined ? "add the user name or the user's id of its organization" : "remove one of the two",
      };
    }
    if (user != null && forbiddenUsers.includes(user.toLowerCase())) {
      yield forbiddenOrganization(integrationKey(clientId, "organizationUser"), shown(user));
    }
    if (id != null && forbiddenIds.includes(id)) {
      yield forbiddenOrganization(integrationKey(clientId, "organizationId"), shown(id));
    }
  }
}

/** What a successor's predecessor must be; another one is told of where it stands in another stack (realmStacks.ts). */
export const PREDECESSOR = {
  rule: "must be the client id of another customer of this stack",
  reason: "a successor has the organization of the client that it succeeds",
} as const;

/** A second client of a customer, to which it moves from the first. */
function* checkSuccessor(clientId: string, customers: Customers): Generator<Fault> {
  const { organizationId, organizationUser, successorOf } = customers[clientId] ?? {};
  if (successorOf == null) {
    return;
  }
  const found = { key: integrationKey(clientId, "successorOf"), value: shown(successorOf) };
  if (organizationId !== undefined || organizationUser !== undefined) {
    yield {
      ...found,
      rule: "must not stand beside organizationUser or organizationId",
      reason: PREDECESSOR.reason,
      remedy: "remove one of the two",
    };
  } else if (successorOf === clientId || !Object.hasOwn(customers, successorOf)) {
    yield {
      ...found,
      ...PREDECESSOR,
      remedy: "write that client id or, where the earlier client is gone, its organizationUser here",
    };
  } else if (customers[successorOf]?.successorOf !== undefined) {
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

/** A customer and what identifies its organization: a user's name before the lookup, its id after. */
export interface OrganizationOfClient {
  readonly clientId: string;
  readonly organization: string;
  readonly sharedOrganization: boolean;
  /** The customer's stack file, where several are compared. */
  readonly file?: string;
}

/** The faults of customers with the same organization that do not say so; all who share one have to. */
export function findUnsharedTwins(customers: readonly OrganizationOfClient[]): Fault[] {
  const groups = Map.groupBy(customers, ({ organization }) => organization);
  return customers
    .filter(
      ({ organization, sharedOrganization }) => !sharedOrganization && (groups.get(organization)?.length ?? 0) > 1,
    )
    .map((customer) => ({
      key: integrationKey(customer.clientId),
      rule: "must not have another customer's organization",
      reason: "each would see the other's data",
      value: `${shown(customer.organization)}${inFile(customer)}, also of ${(groups.get(customer.organization) ?? [])
        .filter((other) => other !== customer)
        .map((other) => `${other.file === undefined ? other.clientId : integrationKey(other.clientId)}${inFile(other)}`)
        .join(", ")}`,
      remedy: "correct the organization or, if it is meant, set sharedOrganization: true on each of them",
    }));
}

function inFile({ file }: OrganizationOfClient): string {
  return file === undefined ? "" : ` in ${file}`;
}

/** The customers as the program declares them, in the order of their client ids. */
export function toIntegrations({ integrations }: Values): IntegrationSettings[] {
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
  throw new Error("checkIntegrations has let an integration without organization pass");
}
