import Table from "cli-table3";

import { loginAsDeployer } from "../../keycloak/admin";
import { connect } from "../../keycloak/http";
import { readSettings } from "../../settings/read";
import { runReport, type StackReport } from "../cli/commandLine";
import { loadStack } from "../cli/stack";
import { plural } from "../changes/markdown";
import { connectAsServices } from "../tokens/services";
import { type CustomerReport, differenceLines, type VerificationReport, verifyStack } from "../tokens/verification";

/** With more customers than this, the claims of those with differences only are shown. */
const CUSTOMERS_SHOWN_IN_FULL = 5;

runReport(
  {
    name: "verify",
    description:
      "Takes a real token for every customer of a stack and compares all its claims with what the settings promise.\n" +
      "Exits with 1 on any difference. Prints neither tokens nor secrets.",
    options: { all: { type: "boolean", description: "show every claim of every customer, however many there are" } },
  },
  async ({ stack: name, options }) => {
    const stack = await loadStack(name);
    const settings = readSettings(stack.source);
    const keycloak = connect(settings.connection);
    const services = await connectAsServices(settings);
    try {
      const admin = await loginAsDeployer(keycloak, settings);
      const report = await verifyStack(settings, stack.outputs, { keycloak: services.keycloak, admin });
      const { text, exitCode } = toldOf(report, name, options.all);
      return { text: [text, ...(services.note === undefined ? [] : [`  ${services.note}`])].join("\n"), exitCode };
    } finally {
      await Promise.all([keycloak.close(), services.keycloak.close()]);
    }
  },
);

function toldOf(report: VerificationReport, stack: string, all = false): StackReport {
  const { customers } = report;
  const differences = [...report.clocks, ...report.differences, ...customers.flatMap(differenceLines)];
  const shownInFull = all || customers.length <= CUSTOMERS_SHOWN_IN_FULL;
  const shown = customers.filter((customer) => shownInFull || customer.differences.length > 0);
  const retired = customers.filter((customer) => customer.retired).length;
  const others = retired === 0 ? "" : `; ${plural(retired, "retired one gets", "retired ones get")} none`;
  const lines = [
    ...shown.map(claimsTable),
    ...differences.map((difference) => `✗ ${difference}`),
    differences.length === 0
      ? `✓ ${stack}: the tokens of ${plural(customers.length - retired, "customer")} are what the settings promise${others}; issuer ${report.issuer}`
      : `✗ ${stack}: ${plural(customers.length, "customer")}, ${plural(differences.length, "difference")}`,
  ];
  return { text: lines.join("\n"), exitCode: differences.length === 0 ? 0 : 1 };
}

function claimsTable({ clientId, claims, differences, retired }: CustomerReport): string {
  if (claims.length === 0) {
    return `${clientId}: ${retired && differences.length === 0 ? "retired, gets no token" : "no token"}`;
  }
  const table = new Table({
    head: ["claim", "contract", "token", ""],
    colWidths: [17, 56, 56, 14],
    wordWrap: true,
    wrapOnWordBoundary: false,
    style: { head: [], border: [], compact: true },
  });
  for (const { claim, expected, found, verdict } of claims) {
    table.push([claim, expected ?? "—", found ?? "—", verdict === "equal" ? "✓" : `✗ ${verdict}`]);
  }
  return `${clientId}\n${table.toString()}`;
}
