import { minutes } from "../../keycloak/clients.ts";
import { plural } from "../changes/markdown.ts";
import { tableText } from "../cli/table.ts";
import type { Customer } from "./customerList.ts";

/** The customers as a table for a terminal. Columns that are empty for all are left out. */
export function customersTable(customers: readonly Customer[]): string {
  const columns: [head: string, cell: (customer: Customer) => string | undefined][] = [
    ["client id", ({ clientId }) => clientId],
    ["name", ({ clientId, name }) => (name === clientId ? "" : name)],
    ["organization", ({ organization: { user, id, now } }) => [user, id, now].filter(Boolean).join("\n")],
    ["state", ({ state }) => state],
    ["successor of", ({ successorOf }) => successorOf],
    ["age of the secret", ({ secret }) => secret && ageOf(secret)],
    ["handed over", ({ handover }) => handover && handedOver(handover)],
    ["previous secret works until", ({ secret: { previousWorksUntil: end } = {} }) => end && minutes(new Date(end))],
  ];
  const filled = columns.filter(([, cell]) => customers.some((customer) => cell(customer)));
  return tableText(
    filled.map(([head]) => head),
    customers.map((customer) => filled.map(([, cell]) => cell(customer) || "—")),
  );
}

function ageOf({ ageInDays }: NonNullable<Customer["secret"]>): string {
  return ageInDays === undefined ? "unknown" : plural(ageInDays, "day");
}

function handedOver({ date, ofPresentSecret, recipients }: NonNullable<Customer["handover"]>): string {
  const whom = recipients.map((recipient) => `${recipient.slice(0, 9)}...${recipient.slice(-4)}`).join("\n");
  return `${date.slice(0, 10)}${ofPresentSecret === false ? ", an earlier secret" : ""}\n${whom}`;
}

/** Who has to be given another secret, one line each. */
export function oldSecretLines(old: readonly Customer[], days: number, stack: string): string[] {
  return old.map(({ clientId, secret }) => {
    const age =
      secret?.ageInDays === undefined
        ? "Keycloak does not know how old the secret is"
        : `the secret is ${secret.ageInDays} days old, more than ${days}`;
    return `✗ ${clientId}: ${age}; renew it as docs/credentials.md tells for stack ${stack}`;
  });
}
