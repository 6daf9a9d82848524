import { oddityOf } from "../../contract/credentials";
import { minutes } from "../../keycloak/clients";
import { type CustomerSecrets, RotationError } from "./customerSecrets";
import { isPicked, type Overlap } from "./overlap";

/** What is done for a customer. */
export interface RotationStep {
  readonly secrets: CustomerSecrets;
  /**
   * `renew`: Keycloak makes a new secret. `takeOver`: Keycloak has one that the stack does not know, as a run that was
   * stopped leaves it; the stack gets it. `leave`: it is young, or the previous one still works.
   */
  readonly action: "leave" | "renew" | "takeOver";
  /** For how many seconds the present secret goes on working; absent where it stops at once. */
  readonly overlapSeconds?: number;
  /** Whether a previous secret that still works is stopped. */
  readonly stopsPrevious: boolean;
}

export interface RotationWishes {
  /** Whether previous secrets are to stop at once. */
  readonly withoutOverlap: boolean;
  /** Whether those are renewed, too, that would be left alone. */
  readonly again: boolean;
  /** By Keycloak's clock. */
  readonly now: Date;
}

/** A secret younger than this is the work of a run that was stopped, which another one is not to undo. */
export const YOUNG_HOURS = 24;

/**
 * Who is given a new secret. A run that was stopped is not begun anew: a second renewal would end the secret that the
 * customer has. Who wants no overlap has said that it may end.
 * @throws RotationError where secrets would stop at once without anybody having said so
 */
export function planRotation(
  customers: readonly CustomerSecrets[],
  overlap: Overlap,
  wishes: RotationWishes,
): RotationStep[] {
  const steps = customers.map((secrets): RotationStep => {
    const action = actionFor(secrets, wishes);
    const overlaps =
      "seconds" in overlap && !wishes.withoutOverlap && isPicked(secrets.client) && secrets.present !== "";
    return {
      secrets,
      action,
      stopsPrevious: wishes.withoutOverlap,
      ...(overlaps ? { overlapSeconds: overlap.seconds } : {}),
    };
  });
  const faults = wishes.withoutOverlap
    ? []
    : steps
        .filter(({ action, overlapSeconds }) => action === "renew" && overlapSeconds === undefined)
        .map(({ secrets: { client, present } }) => {
          const unpicked = "its client lacks the attribute by which the policy picks it";
          const why = present === "" ? "it is empty" : "missing" in overlap ? overlap.missing : unpicked;
          return `${client.clientId}: its present secret would stop at once, since ${why}`;
        });
  if (faults.length > 0) {
    throw new RotationError(
      [
        "Nothing was changed.",
        ...faults,
        "Deploy secretRotation first (pulumi up; scpcloud recover, where it was deployed before), or say --no-overlap.",
      ].join("\n"),
    );
  }
  return steps;
}

function actionFor(secrets: CustomerSecrets, wishes: RotationWishes) {
  const { present, previous, stored } = secrets;
  const isOdd = oddityOf(present) !== undefined;
  if (present !== stored && !isOdd) {
    return "takeOver";
  }
  const isFresh = (isYoung(secrets, wishes.now) && !isOdd) || previous !== undefined;
  return isFresh && !wishes.again && !wishes.withoutOverlap ? "leave" : "renew";
}

function isYoung({ created }: CustomerSecrets, now: Date): boolean {
  return created !== undefined && now.getTime() - created.getTime() < YOUNG_HOURS * 60 * 60 * 1000;
}

/** What a step will do, in one line. */
export function stepText({ action, overlapSeconds, secrets, stopsPrevious }: RotationStep, now: Date): string {
  const { client, created, present, previous } = secrets;
  const { clientId } = client;
  const oddity = oddityOf(present);
  const odd = oddity === undefined ? "" : `its secret ${oddity}; it `;
  switch (action) {
    case "leave": {
      const why = [
        ...(isYoung(secrets, now) ? [`younger than ${YOUNG_HOURS} hours`] : []),
        ...(previous === undefined ? [] : [`the one before works until ${minutes(previous.worksUntil)}`]),
      ];
      const age = created === undefined ? "of unknown date" : `of ${minutes(created)}`;
      return `${clientId}: ${odd}is left alone: its secret is ${age}; ${why.join("; ")}. --again renews it all the same`;
    }
    case "takeOver": {
      const ends = stopsPrevious && previous !== undefined ? ". The one before it stops AT ONCE" : "";
      return (
        `${clientId}: Keycloak has another secret than the stack: a run was stopped, or somebody renewed it. The stack ` +
        `takes it over; no further one is made${ends}`
      );
    }
    case "renew": {
      const ends =
        previous === undefined ? "" : `; the one before it stops at once, not at ${minutes(previous.worksUntil)}`;
      return overlapSeconds === undefined
        ? `${clientId}: ${odd}gets a new secret; the present one stops AT ONCE${ends}`
        : `${clientId}: ${odd}gets a new secret; the present one works until ${minutes(after(now, overlapSeconds))}${ends}`;
    }
  }
}

function after(now: Date, seconds: number): Date {
  return new Date(now.getTime() + seconds * 1000);
}
