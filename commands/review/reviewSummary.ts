import { COMMENT_LIMIT } from "./claimsText";
import { dangers } from "./dangers";
import { type Section, withinLimit } from "./limit";
import { block, danger, marker, plural } from "../changes/markdown";
import { unprotectedOwners } from "../pulumi/owners";
import type { Preview } from "../pulumi/preview";
import { explainProtection } from "../pulumi/protection";
import { type Action, ACTIONS, changesByOwner, type OwnerChanges } from "../changes/resourceChanges";
import { changesText, ownerTitle } from "../changes/changesText";

/** Customers whose changes are alike, one other owner, or something about them all. */
interface SummarySection extends Section {
  readonly owners: readonly OwnerChanges[];
  /** What it is, where it has no owners. */
  readonly title?: string;
}

/** What an `up` would do, as a comment: what is dangerous first, then customer by customer. */
export function summaryMarkdown(preview: Preview, stack: string, limit = COMMENT_LIMIT): string {
  const owners = changesByOwner(preview);
  const write = (headline: string, sections: readonly SummarySection[]) =>
    withinLimit(`${marker("summary", stack)}\n### ${stack}: ${headline}`, sections, limit, leftOutLine);
  const { advice: advised = [], violations = [] } = preview.policies ?? {};
  const warnings = [
    ...quoted("The policy pack advises:", advised, limit),
    ...quoted("Pulumi warns:", preview.warnings, limit),
  ];
  const refused = quoted("The policy pack refuses the deployment:", violations, limit, danger);
  if (preview.errors.length > 0) {
    return write("the preview failed", [
      ...quoted("It says:", [explainProtection(preview.errors.join("\n\n"))], limit, danger),
      ...refused,
      ...warnings,
    ]);
  }
  const unchanged = preview.counts["same"] ?? 0;
  const policies = policiesInWords(preview.policies);
  const dangerous = [...refused, ...dangerSections([...dangers(owners, unprotectedOwners(preview.steps))])];
  if (owners.length === 0) {
    return write(`no changes; ${plural(unchanged, "resource")} unchanged${policies}`, [...dangerous, ...warnings]);
  }
  return write(`${counted(owners)}; ${unchanged} unchanged${policies}`, [
    ...dangerous,
    ...sectionsOf(owners),
    ...warnings,
  ]);
}

/** Some steps of a preview in the summary's words. */
export function stepsMarkdown(steps: Preview["steps"]): string {
  const owners = changesByOwner({ steps });
  const dangerous = dangerSections([...dangers(owners, unprotectedOwners(steps))]);
  return [...dangerous, ...sectionsOf(owners)].map(({ text }) => text).join("\n\n");
}

/** Whether anybody asked the policies, and how they answered. */
function policiesInWords(policies: Preview["policies"]): string {
  if (policies === undefined) {
    return "";
  }
  const { length } = policies.violations;
  return length === 0 ? "; the policies allow it" : `; refused by policies (${plural(length, "violation")})`;
}

function dangerSections(lines: readonly string[]): SummarySection[] {
  const text = danger(lines.map((line) => `- ${line}`).join("\n"));
  return lines.length > 0 ? [{ text, owners: [], title: "the list of what is dangerous" }] : [];
}

function quoted(
  title: string,
  messages: readonly string[],
  limit: number,
  mark = (text: string) => text,
): SummarySection[] {
  const text = `${title}\n\n${block(messages.join("\n\n"), limit / 3)}`;
  return messages.length > 0 ? [{ text: mark(text), owners: [], title }] : [];
}

function sectionsOf(owners: readonly OwnerChanges[]): SummarySection[] {
  const groups = Map.groupBy([...owners].sort(byDanger), ({ changes, owner }) =>
    owner.kind === "customer" ? changesText(changes) : owner.kind,
  );
  return [...groups.values()].map((alike) => ({
    owners: alike,
    text: `#### ${ownerTitle(alike.map(({ owner }) => owner))}\n\n${changesText(alike[0]?.changes ?? [])}`,
  }));
}

const KINDS = ["shared", "stack", "customer"] as const;

function byDanger(a: OwnerChanges, b: OwnerChanges): number {
  return (
    severity(a) - severity(b) ||
    KINDS.indexOf(a.owner.kind) - KINDS.indexOf(b.owner.kind) ||
    (a.owner.name < b.owner.name ? -1 : 1)
  );
}

/** The smaller, the more dangerous. A lost or disabled client is worse than any update. */
function severity({ changes }: OwnerChanges): number {
  return Math.min(
    ...changes.map(({ action, enabled, isLost }) =>
      isLost || enabled === false ? ACTIONS.indexOf("replace") : ACTIONS.indexOf(action),
    ),
  );
}

const VERBS: Readonly<Record<Action, string>> = {
  create: "to create",
  update: "to update",
  replace: "to replace",
  delete: "to delete",
};

function counted(owners: readonly OwnerChanges[]): string {
  const actions = owners.flatMap(({ changes }) => changes.map(({ action }) => action));
  return ACTIONS.map((action) => ({ action, count: actions.filter((other) => other === action).length }))
    .filter(({ count }) => count > 0)
    .map(({ action, count }) => `${count} ${VERBS[action]}`)
    .join(", ");
}

function leftOutLine(sections: readonly SummarySection[]): string {
  const owners = sections.flatMap((section) => section.owners);
  const customers = owners.filter(({ owner }) => owner.kind === "customer");
  const others = owners.filter(({ owner }) => owner.kind !== "customer").map(({ owner }) => ownerTitle([owner]));
  const parts = [
    ...(customers.length > 0 ? [`${plural(customers.length, "more customer")} with changes`] : []),
    ...others,
    ...sections.flatMap(({ title }) => (title === undefined ? [] : [title])),
  ];
  const counts = owners.length > 0 ? ` (${counted(owners)})` : "";
  return `… and ${parts.join(", ")}${counts}, for which a comment has no room; see: pulumi preview --diff`;
}
