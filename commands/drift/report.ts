import { TYPES } from "../../contract/types.ts";
import { code, plural } from "../changes/markdown.ts";
import { alikeOwners, type OwnerChanges, type ResourceChange } from "../changes/resourceChanges.ts";
import type { Change } from "./changesByHand.ts";
import { type Finding, inOrder } from "./finding.ts";
import type { TokenDifferences } from "./tokenDrift.ts";
import { tell } from "./words.ts";

/** What somebody changed behind the program's back, and what is only not yet deployed. */
export interface DriftReport {
  readonly stack: string;
  /** Whether anything is not as the last `up` left it. */
  readonly drift: boolean;
  readonly findings: readonly Finding[];
  /** The names of resources that an `up` would change for no other reason than these. */
  readonly following: readonly string[];
  readonly tokens: TokenDifferences;
  /** The customers whose secrets Keycloak does not show the deployer: no drift. */
  readonly hiddenSecrets: readonly string[];
  /** The customers whose new secret the stack does not know yet, while the previous one still works: no drift. */
  readonly unfinishedRotations: readonly string[];
  /** The realm's client policies that may have changed clients. */
  readonly policies: readonly string[];
  /** What the stack file says that is not deployed yet: no drift. */
  readonly pending: readonly string[];
}

/** Whether a client policy can have done it: Keycloak carries them out whenever a client is written, an `up` included. */
export function mayBePolicy({ property, resource }: Change): boolean {
  return property !== undefined && resource.type === TYPES.client;
}

/**
 * @param remade the URNs of the lost resources that somebody made anew
 * @param policies the realm's client policies, which may have changed clients as well
 */
export function findingsOf(
  changes: readonly Change[],
  remade: ReadonlySet<string>,
  policies: readonly string[] = [],
): Finding[] {
  return changes.flatMap((change) =>
    tell(change).map((finding) => {
      if (change.property === undefined && remade.has(change.resource.urn)) {
        return { ...finding, sentence: `${finding.sentence}, and made another one in its place`, remedy: "recover" };
      }
      return policies.length > 0 && mayBePolicy(change)
        ? { ...finding, sentence: finding.sentence.replace(/^someone/, "someone, or a client policy,") }
        : finding;
    }),
  );
}

/** @param pending what a preview that asked no server would change */
export function driftReport(
  found: Omit<DriftReport, "drift" | "pending">,
  pending: readonly OwnerChanges[],
): DriftReport {
  const { findings, following, tokens } = found;
  return {
    ...found,
    drift: findings.length + following.length + tokens.differences.length > 0,
    findings: inOrder(findings),
    following: [...following].sort(),
    pending: pendingLines(pending),
  };
}

/** One line for all owners with the same changes. Of a component there is nothing to deploy on any server. */
function pendingLines(owners: readonly OwnerChanges[]): string[] {
  const byName = [...owners].sort((a, b) => (a.owner.name < b.owner.name ? -1 : 1));
  return alikeOwners(byName, pendingText)
    .flatMap(({ text, title }) => (text === "" ? [] : [`${title}: ${text}`]))
    .sort();
}

function pendingText(changes: readonly ResourceChange[]): string {
  return changes
    .filter(({ isComponent }) => !isComponent)
    .map(({ action, properties, resource }) => {
      const names = properties.map(({ property }) => property).join(", ");
      return names === "" ? `${action} ${resource}` : `${action} ${resource} (${names})`;
    })
    .join("; ");
}

/** The report in Markdown, readable as it is: what was changed, most dangerous first, and what to do about it. */
export function driftText(report: DriftReport): string {
  const { drift, findings, following, hiddenSecrets, pending, stack, tokens, unfinishedRotations } = report;
  const differences = tokens.differences.map(
    ({ customers, difference }) => (customers.length > 0 ? `${customers.join(", ")}: ` : "") + code(difference),
  );
  const finish = unfinishedRotations.map((customer) => code(`scpcloud rotate --stack ${stack} --customer ${customer}`));
  const parts: readonly (readonly [title: string, lines: readonly string[]])[] = [
    [headline(report), findings.map(({ sentence }) => sentence)],
    ["Because of that, up changes besides:", joined(following)],
    ["What the customers' tokens show:", differences],
    ["Not deployed yet, which is no drift:", pending],
    ["The tokens of these customers were not compared, since not all is deployed:", joined(tokens.skipped)],
    [
      "Whether somebody regenerated these customers' secrets cannot be told, since Keycloak does not show them to the deployer:",
      joined(hiddenSecrets),
    ],
    [
      "These customers have a new secret that the stack does not know yet, while the previous one still works. Finish it:",
      finish,
    ],
    ["What to do:", drift ? [...remedies(report)] : []],
  ];
  return parts
    .filter(([, lines], index) => index === 0 || lines.length > 0)
    .flatMap(([title, lines]) => [title, lines.map((line) => `- ${line}`).join("\n")])
    .filter((paragraph) => paragraph !== "")
    .join("\n\n");
}

function headline({ drift, findings, stack, tokens }: DriftReport): string {
  if (!drift) {
    const checked =
      tokens.checked === 0 ? "" : `, and the tokens of ${plural(tokens.checked, "customer")} are as promised`;
    return `✓ ${stack}: no drift; everything is as the last up left it${checked}`;
  }
  const parts = [
    ...(findings.length > 0 ? [`${plural(findings.length, "change")} by hand`] : []),
    ...(tokens.differences.length > 0 ? [`${plural(tokens.differences.length, "difference")} in tokens`] : []),
  ];
  return `✗ ${stack}: ${parts.join(", ") || "drift"}`;
}

/** All on one line, or no line. */
function joined(parts: readonly string[]): string[] {
  return parts.length > 0 ? [parts.join(", ")] : [];
}

/** In the order of their execution. */
function* remedies({ findings, following, policies, stack, tokens }: DriftReport): Generator<string> {
  const isThere = (remedy: Finding["remedy"]) => findings.some((finding) => finding.remedy === remedy);
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
