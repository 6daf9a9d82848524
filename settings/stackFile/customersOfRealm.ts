import { recordOf } from "../decode.ts";
import { type Fault, shown } from "../faults.ts";
import {
  type ComparedCustomer,
  comparedCustomers,
  findUnsharedTwins,
  integrationKey,
  organizationsOf,
  PREDECESSOR,
} from "../integrations.ts";
import type { OrganizationOfClient } from "../source.ts";
import { stackFileName, type StackFiles } from "./files.ts";
import { parseStackFile } from "./stackFile.ts";

/** A stack of a realm: the realm stack, which declares what all share, or one of customers only, which names it. */
export interface StackOfRealm {
  readonly stack: string;
  /** The stack's file, in the project's folder. */
  readonly file: string;
  /** The customers' entries by client id, as they are written. */
  readonly integrations: Readonly<Record<string, unknown>>;
}

/** A stack as its file says. */
export function readStack(stack: string, files: StackFiles): StackOfRealm {
  const file = stackFileName(stack);
  const { config } = parseStackFile(file, files.get(stack) ?? "");
  return { stack, file, integrations: recordOf(config["scpcloud:integrations"]) };
}

type CustomersInFile = Pick<StackOfRealm, "file" | "integrations">;

/** A customer, as far as its entry can be understood, and where it is. */
interface CustomerInFile extends ComparedCustomer {
  readonly file: string;
}

/** What is wrong with a stack's customers beside those of the realm's other stacks; the others are told the same. */
export function* checkCustomers(
  stack: CustomersInFile,
  others: readonly string[],
  files: StackFiles,
): Generator<Fault> {
  const own = customersIn(stack);
  const theirs = customersNaming(own.flatMap(namesIn), others, files);
  const byName = Map.groupBy(theirs, ({ clientId }) => clientId.toLowerCase());
  for (const { clientId, file } of own) {
    const elsewhere = byName.get(clientId.toLowerCase())?.map((other) => other.file);
    if (elsewhere !== undefined) {
      yield {
        key: integrationKey(clientId),
        rule: "must be a customer of one stack only",
        reason: "the realm has one client of that id, and each stack would take it for its own",
        value: `in ${file} and in ${elsewhere.join(", ")}`,
        remedy: "remove it from all files but that of the stack which has deployed it, or rename one of the two",
      };
    }
  }
  const all = [...own, ...theirs];
  for (const { clientId, file, successorOf } of all.filter((one) => one.successorOf !== undefined)) {
    const predecessors = all.filter((other) => other.clientId === successorOf);
    const [elsewhere] = predecessors;
    const isOwn = [file, elsewhere?.file].includes(stack.file);
    if (elsewhere !== undefined && isOwn && predecessors.every((other) => other.file !== file)) {
      yield {
        key: integrationKey(clientId, "successorOf"),
        ...PREDECESSOR,
        value: `${shown(successorOf)} in ${file}, which is ${integrationKey(elsewhere.clientId)} in ${elsewhere.file}`,
        remedy: "have both in one stack: scpcloud move takes a customer from one to the other",
      };
    }
  }
  yield* twinsElsewhere(organizationsOf(own), organizationsOf(theirs));
}

/**
 * The same of organizations as Keycloak knows them: one stack may name by a user's id what another names by the user.
 * @param own with the ids of users that the stack names, and the names of users whose ids it says
 */
export function checkLookedUp(
  own: readonly OrganizationOfClient[],
  others: readonly string[],
  files: StackFiles,
): Fault[] {
  const names = own.map(({ organization }) => organization.toLowerCase());
  return twinsElsewhere(own, organizationsOf(customersNaming(names, others, files)));
}

function customersIn({ file, integrations }: CustomersInFile): CustomerInFile[] {
  return comparedCustomers(integrations).map((customer) => ({ ...customer, file }));
}

/**
 * The customers of the stacks whose files may have one of these texts. YAML spells a text otherwise than it is only with
 * a backslash, two single quotes, or a line's end for a blank. Reading all files would take longer than all the rest.
 */
function customersNaming(names: readonly string[], stacks: readonly string[], files: StackFiles): CustomerInFile[] {
  return stacks
    .filter((stack) => {
      const plain = (files.get(stack) ?? "").replace(/\s+/g, " ").toLowerCase();
      return /\\|''/.test(plain) || names.some((name) => plain.includes(name));
    })
    .flatMap((stack) => customersIn(readStack(stack, files)));
}

/** What an entry and one of another stack may have in common. */
function namesIn({ clientId, organizationId, organizationUser, successorOf }: ComparedCustomer): string[] {
  return [clientId, organizationId, organizationUser, successorOf]
    .filter((name) => name !== undefined)
    .map((name) => name.toLowerCase());
}

function twinsElsewhere(own: readonly OrganizationOfClient[], others: readonly OrganizationOfClient[]): Fault[] {
  const names = (those: readonly OrganizationOfClient[]) => new Set(those.map(({ organization }) => organization));
  const [here, there] = [names(own), names(others)];
  return findUnsharedTwins(
    [...own, ...others].filter(({ organization }) => here.has(organization) && there.has(organization)),
  );
}
