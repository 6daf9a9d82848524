import { code, plural } from "../changes/markdown";
import type { DriftReport } from "./report";
import type { Remedy } from "./finding";

/** The report in Markdown, readable as it is: what was changed, most dangerous first, and what to do about it. */
export function driftText(report: DriftReport): string {
  return [...paragraphs(report)].join("\n\n");
}

function* paragraphs(report: DriftReport): Generator<string> {
  const { drift, findings, following, hiddenSecrets, pending, stack, tokens, unfinishedRotations } = report;
  yield headline(report);
  if (findings.length > 0) {
    yield list(findings.map(({ sentence }) => sentence));
  }
  yield* titled("Because of that, up changes besides:", joined(following));
  yield* titled(
    "What the customers' tokens show:",
    tokens.differences.map(
      ({ customers, difference }) => (customers.length > 0 ? `${customers.join(", ")}: ` : "") + code(difference),
    ),
  );
  yield* titled("Not deployed yet, which is no drift:", pending);
  yield* titled("The tokens of these customers were not compared, since not all is deployed:", joined(tokens.skipped));
  yield* titled(
    "Whether somebody regenerated these customers' secrets cannot be told, since Keycloak does not show them to the deployer:",
    joined(hiddenSecrets),
  );
  yield* titled(
    "These customers have a new secret that the stack does not know yet, while the previous one still works. Finish it:",
    unfinishedRotations.map((customer) => code(`scpcloud rotate --stack ${stack} --customer ${customer}`)),
  );
  yield* titled("What to do:", drift ? [...remedies(report)] : []);
}

function headline({ drift, findings, stack, tokens }: DriftReport): string {
  if (!drift) {
    const checked =
      tokens.checked === 0 ? "" : `, and the tokens of ${plural(tokens.checked, "customer")} are as promised`;
    return `✓ ${stack}: no drift; everything is as the last up left it${checked}`;
  }
  const parts = [
    { count: findings.length, text: `${plural(findings.length, "change")} by hand` },
    { count: tokens.differences.length, text: `${plural(tokens.differences.length, "difference")} in tokens` },
  ].filter(({ count }) => count > 0);
  return `✗ ${stack}: ${parts.map(({ text }) => text).join(", ") || "drift"}`;
}

function* titled(title: string, lines: readonly string[]): Generator<string> {
  if (lines.length > 0) {
    yield title;
    yield list(lines);
  }
}

function list(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join("\n");
}

/** All on one line, or no line. */
function joined(parts: readonly string[]): string[] {
  return parts.length > 0 ? [parts.join(", ")] : [];
}

/** In the order of their execution. */
function* remedies({ findings, following, policies, stack, tokens }: DriftReport): Generator<string> {
  const isThere = (remedy: Remedy) => findings.some((finding) => finding.remedy === remedy);
  const customers = findings.filter(({ newSecret }) => newSecret).map(({ owner }) => owner.name);
  const what = isThere("byHand") ? "all but the added mappers" : "this";
  if (isThere("whose")) {
    yield (
      "First find out whose user it is that has the name now: any up gives the tokens its id, and with it that " +
      "organization's data. If it is not the customer's, name another user in the stack file."
    );
  }
  if (isThere("recover")) {
    yield (
      `${code(`pulumi refresh --stack ${stack}`)} and then ${code(`scpcloud recover --stack ${stack}`)} repair ` +
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
      `${code(`scpcloud handover --stack ${stack} --customer ID --recipient age1...`)}.`
    );
  }
  if (isThere("byHand")) {
    yield "Delete the added mappers in Keycloak's console: up does not touch what it has not made.";
  }
  if (tokens.differences.length > 0) {
    yield "A difference in tokens that stays afterwards comes from what this program does not declare; see docs/drift.md.";
  }
}
