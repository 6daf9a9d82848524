import type { Owner } from "../pulumi/owners.ts";

/** What a change by hand endangers, the worst first. */
const DANGERS = ["existence", "credentials", "access", "claims", "other"] as const;
export type Danger = (typeof DANGERS)[number];

/** A change by hand, in words. */
export interface Finding {
  readonly owner: Owner;
  readonly danger: Danger;
  readonly sentence: string;
  /**
   * What helps: an `up` that refreshes; `recover`, which adopts what somebody made in place of what he deleted; nothing
   * but undoing it by hand; finding out whose user it is.
   */
  readonly remedy: "up" | "recover" | "byHand" | "whose";
  /** Whether the customer has to be given another secret afterwards. */
  readonly newSecret: boolean;
}

/** The most dangerous first, whatever the order of the questions to the servers. */
export function inOrder(findings: readonly Finding[]): Finding[] {
  const rank = ({ danger }: Finding) => DANGERS.indexOf(danger);
  return [...findings].sort((a, b) => rank(a) - rank(b) || (a.sentence < b.sentence ? -1 : 1));
}
