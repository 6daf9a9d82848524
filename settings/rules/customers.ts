import { type Fault, shown } from "../../faults/faults.ts";
import { recordOf, stringsOf } from "../../values/shapes.ts";
import { SUCCESSOR } from "../schema/customers.ts";
import type { ComparedCustomer, OtherStacks } from "../source.ts";
import { findUnsharedTwins, forbiddenOrganization, integrationKey, organizationsOf } from "./organizations.ts";

/** The customers of a stack file. @param file its name, where the customers of several are compared */
export function comparedCustomers(integrations: unknown, file?: string): ComparedCustomer[] {
  const textOf = (value: unknown) => (typeof value === "string" ? value : undefined);
  return Object.entries(recordOf(integrations)).map(([clientId, entry]) => {
    const { organizationId, organizationUser, sharedOrganization, successorOf } = recordOf(entry);
    return {
      clientId,
      file,
      organizationId: textOf(organizationId),
      organizationUser: textOf(organizationUser),
      sharedOrganization: sharedOrganization === true,
      successorOf: textOf(successorOf),
    };
  });
}

/**
 * What is wrong between a stack's customers, between them and what the rest of the stack says, and between them and the
 * customers of the realm's other stacks, which are told the same.
 */
export function* checkIntegrations(
  { integrations, ...stack }: Readonly<Record<string, unknown>>,
  deployerClientId: unknown,
  otherStacks?: OtherStacks,
): Generator<Fault> {
  const own = comparedCustomers(integrations, otherStacks?.file);
  const names = own.flatMap((one) => [one.clientId, one.organizationId, one.organizationUser, one.successorOf]);
  const others = otherStacks?.customersNaming(names.filter((name) => name !== undefined)) ?? [];
  const lookalikes = Map.groupBy([...own, ...others], ({ clientId }) => clientId.toLowerCase());
  const forbiddenIds = stringsOf(stack["forbiddenOrganizationIds"]);
  const forbiddenUsers = stringsOf(stack["forbiddenOrganizationUsers"]).map((name) => name.toLowerCase());
  for (const customer of own) {
    const { clientId, file, organizationId, organizationUser } = customer;
    const key = integrationKey(clientId);
    const twins = lookalikes.get(clientId.toLowerCase())?.filter((other) => other !== customer) ?? [];
    const [twin] = twins.filter((other) => other.file === file);
    if (twin !== undefined) {
      yield {
        key,
        value: shown(clientId),
        rule: `must differ from ${shown(twin.clientId)} by more than upper and lower case`,
        reason: "Keycloak lower-cases the service account's name and refuses the second client (409)",
        remedy: "rename one of the two",
      };
    }
    const elsewhere = twins.filter((other) => other.file !== file).map((other) => other.file);
    if (elsewhere.length > 0) {
      yield {
        key,
        rule: "must be a customer of one stack only",
        reason: "the realm has one client of that id, and each stack would take it for its own",
        value: `in ${file} and in ${elsewhere.join(", ")}`,
        remedy: "remove it from all files but that of the stack which has deployed it, or rename one of the two",
      };
    }
    if (clientId === deployerClientId) {
      yield {
        key,
        value: shown(clientId),
        rule: "must not be the deployer's own client",
        reason: "the stack would take over what it logs in with",
        remedy: "rename it",
      };
    }
    if (organizationUser !== undefined && forbiddenUsers.includes(organizationUser.toLowerCase())) {
      yield forbiddenOrganization(`${key}.organizationUser`, shown(organizationUser));
    }
    if (organizationId !== undefined && forbiddenIds.includes(organizationId)) {
      yield forbiddenOrganization(`${key}.organizationId`, shown(organizationId));
    }
  }
  yield* checkSuccessors(own, [...own, ...others]);
  yield* findUnsharedTwins(organizationsOf(own), organizationsOf(others));
}

/** A successor and its predecessor are two customers of one stack. */
function* checkSuccessors(own: readonly ComparedCustomer[], all: readonly ComparedCustomer[]): Generator<Fault> {
  for (const customer of all) {
    const { clientId, file, successorOf } = customer;
    if (successorOf === undefined) {
      continue;
    }
    const key = integrationKey(clientId, "successorOf");
    const predecessors = all.filter((other) => other.clientId === successorOf && other !== customer);
    const predecessor = predecessors.find((other) => other.file === file);
    const isOwn = own.includes(customer);
    const elsewhere = isOwn ? predecessors[0] : predecessors.find((other) => own.includes(other));
    if (isOwn && predecessor?.successorOf !== undefined) {
      yield {
        key,
        value: shown(successorOf),
        rule: "must not be a successor itself",
        reason: "two clients of a customer are enough to move from one to the other",
        remedy: "retire the first, and give the second organizationUser in place of successorOf",
      };
    } else if (predecessor === undefined && (isOwn || elsewhere !== undefined)) {
      yield {
        key,
        rule: "must be the client id of another customer of this stack",
        reason: SUCCESSOR,
        ...(elsewhere === undefined
          ? {
              value: shown(successorOf),
              remedy: "write that client id or, where the earlier client is gone, its organizationUser here",
            }
          : {
              value: `${shown(successorOf)} in ${file}, which is ${integrationKey(successorOf)} in ${elsewhere.file}`,
              remedy: "have both in one stack: scpcloud move takes a customer from one to the other",
            }),
      };
    }
  }
}
