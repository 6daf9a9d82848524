import { recordOf } from "./decode";
import { type Fault, shown } from "./faults";
import {
  type ComparedCustomer,
  comparedCustomers,
  findUnsharedTwins,
  integrationKey,
  type OrganizationOfClient,
  organizationsOf,
  PREDECESSOR,
} from "./integrations";
import { parseStackFile } from "./stackFile";
import { type StackFiles, stackFileName } from "./stackFiles";

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
  return {
    stack,
    file,
    integrations: recordOf(parseStackFile(file, files.get(stack) ?? "").config["scpcloud:integrations"]),
  };
}

/** The customers of a stack, as far as their entries can be understood. */
interface CustomersOfFile {
  readonly file: string;
  readonly customers: readonly ComparedCustomer[];
}

/** Where a client id stands, in lower case. */
type Places = ReadonlyMap<string, readonly { readonly file: string }[]>;

/** What is wrong with a stack's customers beside those of the realm's other stacks; the others are told the same. */
export function* checkCustomers(own: CustomersOfFile, others: readonly string[], files: StackFiles): Generator<Fault> {
  const names = own.customers.flatMap(namesIn);
  const near = others
    .filter((stack) => mayHaveOneOf(names, files.get(stack) ?? ""))
    .map((stack) => toCustomers(readStack(stack, files)));
  if (near.length === 0) {
    return;
  }
  const places = Map.groupBy(
    [own, ...near].flatMap(({ file, customers }) => customers.map(({ clientId }) => ({ clientId, file }))),
    ({ clientId }) => clientId.toLowerCase(),
  );
  for (const { clientId } of own.customers) {
    yield* checkClientId(clientId, own.file, places);
  }
  for (const other of near) {
    yield* checkSuccessors(own, other);
    yield* checkSuccessors(other, own);
  }
  yield* checkOrganizations(own, near);
}

/** A stack's customers, of whose entries only what can be understood is compared. */
export function toCustomers({ file, integrations }: Pick<StackOfRealm, "file" | "integrations">): CustomersOfFile {
  return { file, customers: comparedCustomers(integrations) };
}

/** What an entry and one of another stack may have in common. */
function namesIn({ clientId, organizationId, organizationUser, successorOf }: ComparedCustomer): string[] {
  return [clientId, organizationId, organizationUser, successorOf]
    .filter((name) => name !== undefined)
    .map((name) => name.toLowerCase());
}

/**
 * Whether a stack file may have one of these texts. YAML spells a text otherwise than it is only with a backslash, two
 * single quotes, or a line's end for a blank. Reading each file of many customers would take longer than all the rest.
 */
function mayHaveOneOf(names: readonly string[], text: string): boolean {
  const plain = text.replace(/\s+/g, " ").toLowerCase();
  return /\\|''/.test(plain) || names.some((name) => plain.includes(name));
}

function* checkClientId(clientId: string, file: string, places: Places): Generator<Fault> {
  const elsewhere = (places.get(clientId.toLowerCase()) ?? []).filter((other) => other.file !== file);
  if (elsewhere.length > 0) {
    yield {
      key: integrationKey(clientId),
      rule: "must be a customer of one stack only",
      reason: "the realm has one client of that id, and each stack would take it for its own",
      value: `in ${file} and in ${elsewhere.map((other) => other.file).join(", ")}`,
      remedy: "remove it from all files but that of the stack which has deployed it, or rename one of the two",
    };
  }
}

function* checkSuccessors(of: CustomersOfFile, elsewhere: CustomersOfFile): Generator<Fault> {
  const has = ({ customers }: CustomersOfFile, clientId: string) => customers.some((one) => one.clientId === clientId);
  for (const { clientId, successorOf } of of.customers) {
    if (successorOf !== undefined && !has(of, successorOf) && has(elsewhere, successorOf)) {
      yield {
        key: integrationKey(clientId, "successorOf"),
        ...PREDECESSOR,
        value: `${shown(successorOf)} in ${of.file}, which is ${integrationKey(successorOf)} in ${elsewhere.file}`,
        remedy: "have both in one stack: scpcloud move takes a customer from one to the other",
      };
    }
  }
}

function checkOrganizations(own: CustomersOfFile, near: readonly CustomersOfFile[]): Fault[] {
  return twinsElsewhere(organizationsIn(own), near.flatMap(organizationsIn));
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
  const near = others.filter((stack) => mayHaveOneOf(names, files.get(stack) ?? ""));
  return twinsElsewhere(
    own,
    near.flatMap((stack) => organizationsIn(toCustomers(readStack(stack, files)))),
  );
}

function twinsElsewhere(own: readonly OrganizationOfClient[], others: readonly OrganizationOfClient[]): Fault[] {
  const names = (those: readonly OrganizationOfClient[]) => new Set(those.map(({ organization }) => organization));
  const [here, there] = [names(own), names(others)];
  return findUnsharedTwins(
    [...own, ...others].filter(({ organization }) => here.has(organization) && there.has(organization)),
  );
}

function organizationsIn({ customers, file }: CustomersOfFile): OrganizationOfClient[] {
  return organizationsOf(customers, file);
}
