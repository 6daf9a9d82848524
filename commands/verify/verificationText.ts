import { plural } from "../changes/markdown.ts";
import { tableText } from "../cli/table.ts";
import { type CustomerReport, differenceLines, type VerificationReport } from "../tokens/verification.ts";

/** With more customers than this, the claims of those with differences only are shown. */
const CUSTOMERS_SHOWN_IN_FULL = 5;

/** What verify says of a stack, and its differences, one line each. */
export function verificationText(
  report: VerificationReport,
  stack: string,
  all = false,
): { readonly text: string; readonly differences: readonly string[] } {
  const { customers } = report;
  const differences = [...report.clocks, ...report.differences, ...customers.flatMap(differenceLines)];
  const shownInFull = all || customers.length <= CUSTOMERS_SHOWN_IN_FULL;
  const shown = customers.filter((customer) => shownInFull || customer.differences.length > 0);
  const retired = customers.filter((customer) => customer.retired).length;
  const others = retired === 0 ? "" : `; ${plural(retired, "retired one gets", "retired ones get")} none`;
  const lines = [
    ...shown.map(claimsText),
    ...differences.map((difference) => `✗ ${difference}`),
    differences.length === 0
      ? `✓ ${stack}: the tokens of ${plural(customers.length - retired, "customer")} are what the settings promise${others}; issuer ${report.issuer}`
      : `✗ ${stack}: ${plural(customers.length, "customer")}, ${plural(differences.length, "difference")}`,
  ];
  return { text: lines.join("\n"), differences };
}

/** Each claim of a customer's token; where it differs, also what is promised. */
function claimsText({ clientId, claims, differences, retired }: CustomerReport): string {
  if (claims.length === 0) {
    return `${clientId}: ${retired && differences.length === 0 ? "retired, gets no token" : "no token"}`;
  }
  const rows = claims.map(({ claim, expected = "—", found = "—", verdict }) =>
    verdict === "equal" ? [`✓ ${claim}`, found] : [`✗ ${claim}`, `${found}\npromised: ${expected}`],
  );
  return tableText([clientId, "token"], rows);
}
