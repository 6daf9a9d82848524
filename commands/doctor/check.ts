import type { Fault } from "../../faults/faults.ts";

/** What one does with a stack. */
export const ACTIVITIES = ["preview", "up", "verify", "drift"] as const;
export type Activity = (typeof ACTIVITIES)[number];
/** Those that ask the admin REST API. */
export const OF_ADMIN = ["preview", "up", "drift"] as const satisfies readonly Activity[];

const MARKS = { right: "✓", wrong: "✗", warning: "!", unknown: "?" } as const;

/** One thing that has to be right before a stack can be worked on. */
export interface Check {
  readonly about: string;
  /** `warning`: all works, but not as one would wish; `unknown`: it could not be found out. */
  readonly outcome: keyof typeof MARKS;
  /** What was found, or why it is wrong. */
  readonly found: string;
  readonly remedy?: string | undefined;
  /** What cannot work until it is right; nothing where all can. */
  readonly prevents: readonly Activity[];
}

const harmless =
  (outcome: Check["outcome"]) =>
  (about: string, found: string, remedy?: string): Check => ({
    about,
    outcome,
    found,
    remedy,
    prevents: [],
  });

export const right = harmless("right");
export const warning = harmless("warning");
export const unknown = harmless("unknown");

export function wrong(about: string, found: string, remedy: string, prevents: readonly Activity[] = ACTIVITIES): Check {
  return { about, outcome: "wrong", found, remedy, prevents };
}

/** A fault in the words that a preview has for it. */
export function wrongBy(about: string, fault: Fault, prevents?: readonly Activity[]): Check {
  const value = fault.value === undefined ? "" : ` (found: ${fault.value})`;
  return wrong(about, `${fault.key} ${fault.rule}, because ${fault.reason}${value}`, fault.remedy, prevents);
}

/** A line for what was found, and one for what to do. */
export function checkText({ about, outcome, found, remedy }: Check): string {
  const line = `${MARKS[outcome]} ${about}: ${found}`;
  return remedy === undefined ? line : `${line}\n    Do: ${remedy}`;
}

/** The closing line: what can work. */
export function summaryText(stack: string, checks: readonly Check[]): string {
  const prevented = ACTIVITIES.filter((activity) => checks.some(({ prevents }) => prevents.includes(activity)));
  const uncertain = checks.filter(({ outcome }) => outcome === "unknown" || outcome === "warning").length;
  const besides = uncertain === 0 ? "" : `; look at the ${uncertain === 1 ? "line" : `${uncertain} lines`} with ! or ?`;
  return prevented.length === 0
    ? `✓ ${stack}: ${ACTIVITIES.join(", ")} can work${besides}`
    : `✗ ${stack}: ${prevented.join(", ")} cannot work yet${besides}`;
}
