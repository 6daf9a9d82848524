import type { Fault } from "../../settings/faults";

/** What a stack is worked on with. */
export const ACTIVITIES = ["preview", "up", "verify", "drift"] as const;
export type Activity = (typeof ACTIVITIES)[number];
/** What asks the admin REST API. */
export const OF_ADMIN = ["preview", "up", "drift"] as const satisfies readonly Activity[];

/** One thing that has to be right before a stack can be worked on. */
export interface Check {
  readonly about: string;
  /** `warning`: all works, but not as one would wish; `unknown`: it could not be found out. */
  readonly outcome: "right" | "wrong" | "warning" | "unknown";
  /** What was found, or why it is wrong. */
  readonly found: string;
  /** What to do about it. */
  readonly remedy?: string;
  /** What cannot work until it is right; nothing where all can. */
  readonly prevents: readonly Activity[];
}

export function right(about: string, found: string): Check {
  return { about, outcome: "right", found, prevents: [] };
}

export function warning(about: string, found: string, remedy: string): Check {
  return { about, outcome: "warning", found, remedy, prevents: [] };
}

export function unknown(about: string, found: string, remedy?: string): Check {
  return { about, outcome: "unknown", found, ...(remedy === undefined ? {} : { remedy }), prevents: [] };
}

export function wrong(about: string, found: string, remedy: string, prevents: readonly Activity[] = ACTIVITIES): Check {
  return { about, outcome: "wrong", found, remedy, prevents };
}

/** A fault in the words that a preview has for it. */
export function wrongBy(about: string, fault: Fault, prevents: readonly Activity[] = ACTIVITIES): Check {
  const value = fault.value === undefined ? "" : ` (found: ${fault.value})`;
  return wrong(about, `${fault.key} ${fault.rule}, because ${fault.reason}${value}`, fault.remedy, prevents);
}

const MARKS = { right: "✓", wrong: "✗", warning: "!", unknown: "?" } as const;

/** One line for each check, and one more for what to do. */
export function checkText({ about, outcome, found, remedy }: Check): string {
  const line = `${MARKS[outcome]} ${about}: ${found}`;
  return remedy === undefined ? line : `${line}\n    Do: ${remedy}`;
}

/** The closing line: what can work. */
export function summaryText(stack: string, checks: readonly Check[]): string {
  const prevented = ACTIVITIES.filter((activity) => checks.some(({ prevents }) => prevents.includes(activity)));
  const count = (outcome: Check["outcome"]) => checks.filter((check) => check.outcome === outcome).length;
  const uncertain = count("unknown") + count("warning");
  const besides = uncertain === 0 ? "" : `; look at the ${uncertain === 1 ? "line" : `${uncertain} lines`} with ! or ?`;
  return prevented.length === 0
    ? `✓ ${stack}: ${ACTIVITIES.join(", ")} can work${besides}`
    : `✗ ${stack}: ${prevented.join(", ")} cannot work yet${besides}`;
}
