import { code, plural } from "../review/markdown";
import type { DriftReport } from "./report";
import type { Remedy } from "./finding";

/** The report in Markdown, readable as it is: what was changed, most dangerous first, and what to do about it. */
export function driftText(report: DriftReport): string {
  const { findings, following, hiddenSecrets, pending, tokens } = report;
  const differences = tokens.differences.map(
    ({ customers, difference }) => (customers.length > 0 ? `${customers.join(", ")}: ` : "") + code(difference),
  );
  return [
    headline(report),
    ...list(
      "",
      findings.map(({ sentence }) => sentence),
    ),
    ...list("Because of that, up changes besides:", following.length > 0 ? [following.join(", ")] : []),
    ...list("What the customers' tokens show:", differences),
    ...list(
      "Not deployed yet, which is no drift (the stack file says it, or the user of an organization has another id):",
      pending,
    ),
    ...list(
      "The tokens of these customers were not compared, since not all is deployed:",
      tokens.skipped.length > 0 ? [tokens.skipped.join(", ")] : [],
    ),
    ...list(
      "Whether somebody regenerated these customers' secrets cannot be told, since Keycloak does not show them to the deployer:",
      hiddenSecrets.length > 0 ? [hiddenSecrets.join(", ")] : [],
    ),
    ...list(
      "These customers have a new secret that the stack does not know yet, while the previous one still works. Finish it:",
      report.unfinishedRotations.map((customer) =>
        code(`npm run rotate -- --stack ${report.stack} --customer ${customer}`),
      ),
    ),
    ...list("What to do:", report.drift ? [...remedies(report)] : []),
  ].join("\n\n");
}

function headline({ drift, findings, stack, tokens }: DriftReport): string {
  if (!drift) {
    const checked =
      tokens.checked === 0 ? "" : `, and the tokens of ${plural(tokens.checked, "customer")} are as promised`;
    return `✓ ${stack}: no drift; everything is as the last up left it${checked}`;
  }
  const parts = [
    ...(findings.length > 0 ? [plural(findings.length, "change") + " by hand"] : []),
    ...(tokens.differences.length > 0 ? [plural(tokens.differences.length, "difference") + " in tokens"] : []),
  ];
  return `✗ ${stack}: ${parts.join(", ") || "drift"}`;
}

function list(title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) {
    return [];
  }
  return [...(title === "" ? [] : [title]), lines.map((line) => `- ${line}`).join("\n")];
}

/** In the order of their execution. */
function* remedies({ findings, following, policies, stack, tokens }: DriftReport): Generator<string> {
  const isThere = (remedy: Remedy) => findings.some((finding) => finding.remedy === remedy);
  const customers = findings.filter(({ newSecret }) => newSecret).map(({ owner }) => owner.name);
  const what = isThere("byHand") ? "all but the added mappers" : "this";
  if (isThere("recover")) {
    yield (
      `${code(`pulumi refresh --stack ${stack}`)} and then ${code(`npm run recover -- --stack ${stack}`)} repair ` +
      `${what} and adopt what was made anew, which an up would be refused for.`
    );
  } else if (isThere("up") || following.length > 0) {
    yield `${code(`pulumi up --refresh --stack ${stack}`)} repairs ${what}; without --refresh it would not look.`;
  }
  if (policies.length > 0) {
    yield (
      "If drift tells the same of these clients right after that, nobody did it by hand, but a client policy of the " +
      `realm (enabled: ${policies.map(code).join(", ")}), whenever a client is written. An up cannot repair ` +
      "that, and every up tries again. Except these clients from the policy, in the realm settings."
    );
  }
  if (customers.length > 0) {
    yield (
      `Then hand the present secrets over to ${[...new Set(customers)].sort().join(", ")}: ` +
      `${code(`npm run handover -- --stack ${stack} --customer ID --recipient age1...`)}.`
    );
  }
  if (isThere("byHand")) {
    yield "Delete the added mappers in Keycloak's console: up does not touch what it has not made.";
  }
  if (tokens.differences.length > 0) {
    yield "A difference in tokens that stays afterwards comes from what this program does not declare; see docs/drift.md.";
  }
}
