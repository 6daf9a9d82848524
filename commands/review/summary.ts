import { block, plural } from "../changes/markdown.ts";
import { ACTIONS, alikeOwners, changesByOwner, changesText, type OwnerChanges } from "../changes/resourceChanges.ts";
import { unprotectedOwners } from "../pulumi/owners.ts";
import type { Preview } from "../pulumi/preview.ts";
import { explainProtection } from "../pulumi/protection.ts";
import { dangers } from "./dangers.ts";
import type { ReviewPart } from "./part.ts";

/** What an `up` would do, customer by customer. */
export function summaryPart(preview: Preview, stack: string, limit: number): ReviewPart {
  const quoted = (title: string, messages: readonly string[]) =>
    messages.length > 0 ? [`${title}\n\n${block(messages.join("\n\n"), limit / 3)}`] : [];
  const { counts, errors, policies, steps } = preview;
  const refused = quoted("The policy pack refuses the deployment:", policies?.violations ?? []);
  const warnings = [
    ...quoted("The policy pack advises:", policies?.advice ?? []),
    ...quoted("Pulumi warns:", preview.warnings),
  ];
  if (errors.length > 0) {
    const said = quoted("It says:", [explainProtection(errors.join("\n\n"))]);
    return { heading: `${stack}: the preview failed`, dangers: [...said, ...refused], sections: warnings };
  }
  const owners = changesByOwner(preview);
  const unchanged = counts["same"] ?? 0;
  const headline =
    owners.length === 0
      ? `no changes; ${plural(unchanged, "resource")} unchanged`
      : `${counted(owners)}; ${unchanged} unchanged`;
  const told = stepsPart(steps);
  return {
    heading: `${stack}: ${headline}${policiesInWords(policies)}`,
    dangers: [...refused, ...told.dangers],
    sections: [...told.sections, ...warnings],
  };
}

/** Some steps of a preview in the summary's words. */
export function stepsPart(steps: Preview["steps"]): Omit<ReviewPart, "heading"> {
  const owners = changesByOwner({ steps });
  const lines = [...dangers(owners, unprotectedOwners(steps))].map((line) => `- ${line}`);
  const alike = alikeOwners(owners.sort(byDanger), changesText);
  return {
    dangers: lines.length > 0 ? [lines.join("\n")] : [],
    sections: alike.map(({ text, title }) => `#### ${title}\n\n${text}`),
  };
}

/** Whether anybody asked the policies, and how they answered. */
function policiesInWords(policies: Preview["policies"]): string {
  if (policies === undefined) {
    return "";
  }
  const { length } = policies.violations;
  return length === 0 ? "; the policies allow it" : `; refused by policies (${plural(length, "violation")})`;
}

const KINDS = ["shared", "stack", "customer"] as const;

/** What is dangerous comes first. */
function byDanger(a: OwnerChanges, b: OwnerChanges): number {
  return (
    severity(a) - severity(b) ||
    KINDS.indexOf(a.owner.kind) - KINDS.indexOf(b.owner.kind) ||
    (a.owner.name < b.owner.name ? -1 : 1)
  );
}

/** The smaller, the more dangerous. A lost or disabled client is worse than any update. */
function severity({ changes }: OwnerChanges): number {
  const actions = changes.map(({ action, enabled, isLost }) => (isLost || enabled === false ? "replace" : action));
  return Math.min(...actions.map((action) => ACTIONS.indexOf(action)));
}

function counted(owners: readonly OwnerChanges[]): string {
  const actions = owners.flatMap(({ changes }) => changes.map(({ action }) => action));
  return ACTIONS.map((action) => ({ action, count: actions.filter((other) => other === action).length }))
    .filter(({ count }) => count > 0)
    .map(({ action, count }) => `${count} to ${action}`)
    .join(", ");
}
