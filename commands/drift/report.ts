import { TYPES } from "../../contract/types";
import type { Owner } from "../pulumi/owners";
import type { Preview } from "../pulumi/preview";
import { changesByOwner, type OwnerChanges } from "../changes/resourceChanges";
import { ownerTitle } from "../changes/changesText";
import type { Change } from "./changes";
import { type Finding, inOrder } from "./finding";
import { tell } from "./tell";
import type { TokenDifferences } from "./tokenDrift";

/** Whether a client policy can have done it: Keycloak carries them out whenever a client is written, an `up` included. */
export function mayBePolicy(change: Change): boolean {
  return change.kind === "changed" && change.resource.type === TYPES.client;
}

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
      if (change.kind === "lost" && remade.has(change.resource.urn)) {
        return { ...finding, sentence: `${finding.sentence}, and made another one in its place`, remedy: "recover" };
      }
      return policies.length > 0 && mayBePolicy(change)
        ? { ...finding, sentence: finding.sentence.replace(/^someone/, "someone, or a client policy,") }
        : finding;
    }),
  );
}

/** @param plain a preview that asked no server */
export function driftReport(found: Omit<DriftReport, "drift" | "pending">, plain: Preview): DriftReport {
  const { findings, following, tokens } = found;
  return {
    ...found,
    drift: findings.length + following.length + tokens.differences.length > 0,
    findings: inOrder(findings),
    following: [...following].sort(),
    pending: pendingLines(changesByOwner(plain)),
  };
}

export function pendingOwners(plain: Preview): Owner[] {
  return changesByOwner(plain).map(({ owner }) => owner);
}

/** One line for all owners with the same changes. */
function pendingLines(owners: readonly OwnerChanges[]): string[] {
  return (
    [...Map.groupBy(owners, pendingText)]
      // Of a component there is nothing to deploy on any server.
      .filter(([text]) => text !== "")
      .map(([text, alike]) => {
        const byName = alike.map(({ owner }) => owner).sort((a, b) => (a.name < b.name ? -1 : 1));
        return `${ownerTitle(byName)}: ${text}`;
      })
      .sort()
  );
}

function pendingText({ changes }: OwnerChanges): string {
  return changes
    .filter(({ isComponent }) => !isComponent)
    .map(({ action, properties, resource }) => {
      const names = properties.map(({ property }) => property).join(", ");
      return names === "" ? `${action} ${resource}` : `${action} ${resource} (${names})`;
    })
    .join("; ");
}
