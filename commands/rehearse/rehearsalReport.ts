import { plural } from "../changes/markdown.ts";
import { ACTIVITIES } from "../doctor/check.ts";
import { rolesFor } from "../doctor/rights.ts";
import type { DriftReport } from "../drift/report.ts";
import type { TokenChange } from "./rehearsedTokens.ts";

/** What came of a rehearsal. */
export interface RehearsalReport {
  readonly stack: string;
  /** Undefined where a fresh realm was rehearsed. */
  readonly from: string | undefined;
  readonly to: string;
  readonly customers: number;
  /** How many customers the stack file has. */
  readonly customersOfStack: number;
  readonly tokens: readonly TokenChange[];
  /** What `verify` says on the new version; nothing where every token is as promised. */
  readonly contract: readonly string[];
  /** What `drift` says on the new version; nothing where there is none. */
  readonly drift: readonly string[];
  /** What `doctor` says is wrong on the new version, and the roles that an activity needs only there. */
  readonly rights: readonly string[];
  /** Why neither could look: what the program says of the new server. */
  readonly refusal?: string;
}

/** Whether anything differs. */
export function differs({ tokens, contract, drift, refusal, rights }: RehearsalReport): boolean {
  return tokens.length + contract.length + drift.length + rights.length > 0 || refusal !== undefined;
}

/** The roles that an activity of the deployer needs on the new version, and did not on the old one. */
export function newRoles(from: string, to: string): string[] {
  return ACTIVITIES.flatMap((activity) => {
    const rolesOn = (version: string) => rolesFor(activity, { version, looksUpUsers: true });
    const added = rolesOn(to).filter((role) => !rolesOn(from).includes(role));
    return added.length === 0 ? [] : [`${activity} needs ${added.join(", ")}, which it does not on ${from}`];
  });
}

/** What `drift` says on the new version, one line each. */
export function linesOf(report: DriftReport): Pick<RehearsalReport, "contract" | "drift"> {
  const { findings, following, pending, tokens } = report;
  return {
    contract: tokens.differences.map(({ customers, difference }) =>
      customers.length === 0 ? difference : `${customers.join(", ")}: ${difference}`,
    ),
    drift: [
      ...findings.map(({ sentence }) => sentence),
      ...following.map((name) => `up would change ${name}`),
      ...pending.map((line) => `up would now: ${line}`),
    ],
  };
}

/** The report for a reader. */
export function rehearsalText(report: RehearsalReport): string {
  const { stack, from, to, customers, customersOfStack, tokens, contract, drift, refusal, rights } = report;
  const who = plural(customers, "customer");
  const sample = customers < customersOfStack ? ` (a sample of ${customersOfStack})` : "";
  const what = from === undefined ? `a fresh realm on Keycloak ${to}` : `Keycloak ${from} → ${to}`;
  if (!differs(report)) {
    const promise = from === undefined ? "the tokens are as promised" : "nothing changes";
    return `✓ ${stack}: ${what}: ${promise} for ${who}${sample}`;
  }
  const sections = [
    section("Tokens:", tokens.map(tokenLine)),
    section("verify says on the new version:", contract),
    section("drift says on the new version:", drift),
    section("doctor says on the new version:", rights),
    refusal === undefined ? "" : `A preview would be refused on the new version:\n\n${refusal}`,
  ];
  const headline = `✗ ${stack}: ${what}: something differs for ${who}${sample}`;
  return [headline, ...sections.filter((text) => text !== "")].join("\n\n");
}

const NAMED = 3;

function tokenLine({ sentence, clientIds }: TokenChange): string {
  const more = clientIds.length - NAMED;
  const named = clientIds.slice(0, NAMED).join(", ");
  return `${sentence} (${more > 0 ? `${named} and ${more} more` : named})`;
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? "" : `${title}\n\n${lines.map((line) => `- ${line}`).join("\n")}`;
}
