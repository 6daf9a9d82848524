import { code } from "../changes/markdown";
import type { Owner } from "../pulumi/owners";

/** What a change by hand endangers, the worst first. */
const DANGERS = ["existence", "credentials", "access", "claims", "other"] as const;
export type Danger = (typeof DANGERS)[number];

/**
 * What helps against it: an `up` that refreshes; two of them; adopting what somebody made in place of what he deleted;
 * nothing but undoing it by hand; finding out whose user it is.
 */
export type Remedy = "up" | "recover" | "byHand" | "whose";

/** A change by hand, in words. */
export interface Finding {
  readonly owner: Owner;
  readonly danger: Danger;
  readonly sentence: string;
  readonly remedy: Remedy;
  /** Whether the customer has to be given another secret afterwards. */
  readonly newSecret: boolean;
}

/** What a table of sentences says of a change. */
export interface Told {
  readonly danger: Danger;
  readonly sentence: string;
  readonly remedy?: Remedy;
  readonly newSecret?: boolean;
}

/** The most dangerous first, whatever the order of the questions to the servers. */
export function inOrder(findings: readonly Finding[]): Finding[] {
  const rank = ({ danger }: Finding) => DANGERS.indexOf(danger);
  return [...findings].sort((a, b) => rank(a) - rank(b) || (a.sentence < b.sentence ? -1 : 1));
}

/** A masked value in a sentence; somebody at the server may have written it. */
export function shown(value: unknown): string {
  if (value === undefined) {
    return "nothing";
  }
  return code(typeof value === "string" ? value : JSON.stringify(value));
}
