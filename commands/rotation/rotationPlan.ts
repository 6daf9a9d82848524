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
  readonly now: Date;
}

/** A secret younger than this is the work of a run that was stopped, which another one is not to undo. */
export const YOUNG_HOURS = 24;

/**
 * Who is given a new secret. A run that was stopped is not begun anew: a second renewal would end the secret that the
 * customer has.
 * @throws RotationError where secrets would stop at once without anybody having said so
 */
export function planRotation(
  customers: readonly CustomerSecrets[],
  overlap: Overlap,
  wishes: RotationWishes,
): RotationStep[] {
  const steps = customers.map((secrets): RotationStep => {
    const action = actionFor(secrets, wishes);
    const overlaps = "seconds" in overlap && !wishes.withoutOverlap && isPicked(secrets.client);
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
        .map(({ secrets: { client } }) => {
          const why =
            "missing" in overlap ? overlap.missing : "its client lacks the attribute by which the policy picks it";
          return `${client.clientId}: its present secret would stop at once, since ${why}`;
        });
  if (faults.length > 0) {
    throw new RotationError(
      [
        "Nothing was changed.",
        ...faults,
        "Deploy secretRotation first (pulumi up; npm run recover, where it was deployed before), or say --no-overlap.",
      ].join("\n"),
    );
  }
  return steps;
}

function actionFor({ created, present, previous, stored }: CustomerSecrets, { again, now }: RotationWishes) {
  if (present !== stored) {
    return "takeOver";
  }
  const isYoung = created !== undefined && now.getTime() - created.getTime() < YOUNG_HOURS * 60 * 60 * 1000;
  return (isYoung || previous !== undefined) && !again ? "leave" : "renew";
}

/** What a step will do, in one line. */
export function stepText({ action, overlapSeconds, secrets }: RotationStep, now: Date): string {
  const { client, created, previous } = secrets;
  const { clientId } = client;
  switch (action) {
    case "leave": {
      const what = previous === undefined ? "" : `; the one before works until ${minutes(previous.worksUntil)}`;
      return `${clientId}: is left alone: its secret is of ${created === undefined ? "unknown date" : minutes(created)}${what}. --again renews it all the same`;
    }
    case "takeOver":
      return (
        `${clientId}: Keycloak has another secret than the stack: a run was stopped, or somebody renewed it. The stack ` +
        "takes it over; no further one is made"
      );
    case "renew": {
      const ends =
        previous === undefined ? "" : `; the one before it stops at once, not at ${minutes(previous.worksUntil)}`;
      return overlapSeconds === undefined
        ? `${clientId}: gets a new secret; the present one stops AT ONCE`
        : `${clientId}: gets a new secret; the present one works until ${minutes(after(now, overlapSeconds))}${ends}`;
    }
  }
}

function after(now: Date, seconds: number): Date {
  return new Date(now.getTime() + seconds * 1000);
}
