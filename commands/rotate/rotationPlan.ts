import { oddityOf } from "../../contract/credentials.ts";
import { ROTATION_ATTRIBUTE, rotationName } from "../../contract/names.ts";
import { refuse } from "../../faults/userError.ts";
import type { KeycloakAdmin } from "../../keycloak/admin.ts";
import { readClientPolicies, readClientProfiles } from "../../keycloak/clientPolicies.ts";
import { minutes } from "../../keycloak/clients.ts";
import type { Settings } from "../../settings/settings.ts";
import { recordOf } from "../../values/shapes.ts";
import type { HandoverRecord } from "../repository/handoverRecord.ts";
import type { CustomerSecrets } from "./customerSecrets.ts";

/** What is done for a customer. */
export interface RotationStep {
  readonly secrets: CustomerSecrets;
  /**
   * `renew`: Keycloak makes a new secret. `takeOver`: Keycloak has one that the stack does not know, as a run that was
   * stopped leaves it; the stack gets it. `end`: only the previous one is stopped. `leave`: nothing.
   */
  readonly action: "end" | "leave" | "renew" | "takeOver";
  /** Whether a previous secret that still works is stopped. */
  readonly stopsPrevious: boolean;
  /** What will happen, in one line. */
  readonly text: string;
}

export interface RotationWishes {
  readonly stack: string;
  /** Whether only previous secrets are to be stopped. What was handed over, to warn of one that was not. */
  readonly end?: HandoverRecord;
  /** Whether previous secrets are to stop at once. */
  readonly withoutOverlap: boolean;
  /** Whether those are renewed, too, that would be left alone. */
  readonly again: boolean;
  /** By Keycloak's clock. */
  readonly now: Date;
}

/** For how many seconds Keycloak keeps a previous secret alive; or why it does not. */
export type Overlap = { readonly seconds: number } | { readonly missing: string };

/** A secret younger than this is the work of a run that was stopped, which another one is not to undo. */
export const YOUNG_HOURS = 24;

/** What the realm's client profile and client policy say, which the stack declares. Needs the right to view the realm. */
export async function readOverlap(
  admin: KeycloakAdmin,
  { overlapDays }: Pick<Settings, "overlapDays">,
): Promise<Overlap> {
  if (overlapDays === undefined) {
    return { missing: "the stack file does not set scpcloud:secretRotation" };
  }
  const name = rotationName(overlapDays);
  const [policies, profiles] = await Promise.all([readClientPolicies(admin), readClientProfiles(admin)]);
  const policy = policies.find((one) => one.name === name);
  const executors = profiles.find((one) => one.name === name)?.executors ?? [];
  const { configuration } = executors.find(({ executor }) => executor === "secret-rotation") ?? {};
  const seconds = Number(recordOf(configuration)["rotated-expiration-period"]);
  return policy?.enabled === true && policy.profiles.includes(name) && seconds > 0
    ? { seconds }
    : { missing: `Keycloak has no client policy ${name} that is enabled and has the profile of that name` };
}

/**
 * Who is given a new secret. A run that was stopped is not begun anew: a second renewal would end the secret that the
 * customer has. Who wants no overlap has said that it may end.
 * @throws UserError where secrets would stop at once without anybody having said so, or where the stack does not know
 * yet the one that would be left
 */
export function planRotation(
  customers: readonly CustomerSecrets[],
  overlap: Overlap,
  wishes: RotationWishes,
): RotationStep[] {
  const steps = customers.map((secrets) =>
    wishes.end === undefined ? planRenewal(secrets, overlap, wishes) : planEnd(secrets, wishes.stack, wishes.end),
  );
  const faults = steps.filter((step) => typeof step === "string");
  const remedy =
    "Deploy secretRotation first (pulumi up; scpcloud recover, where it was deployed before), or say --no-overlap.";
  refuse(faults, undefined, ...(wishes.end ? [] : [remedy]));
  return steps.filter((step) => typeof step !== "string");
}

function planRenewal(secrets: CustomerSecrets, overlap: Overlap, wishes: RotationWishes): RotationStep | string {
  const { client, created, present, previous, stored } = secrets;
  const { clientId } = client;
  const { again, now, withoutOverlap } = wishes;
  const step = { secrets, stopsPrevious: withoutOverlap };
  const oddity = oddityOf(present);
  if (present !== stored && oddity === undefined) {
    const text =
      `${clientId}: Keycloak has another secret than the stack: a run was stopped, or somebody renewed it. The stack ` +
      "takes it over; no further one is made";
    const ends = withoutOverlap && previous !== undefined ? ". The one before it stops AT ONCE" : "";
    return { ...step, action: "takeOver", text: text + ends };
  }
  const odd = oddity === undefined ? "" : `its secret ${oddity}; it `;
  const isYoung = created !== undefined && now.getTime() - created.getTime() < YOUNG_HOURS * 60 * 60 * 1000;
  if (((isYoung && oddity === undefined) || previous !== undefined) && !again && !withoutOverlap) {
    const why = [
      ...(isYoung ? [`younger than ${YOUNG_HOURS} hours`] : []),
      ...(previous === undefined ? [] : [`the one before works until ${minutes(previous.worksUntil)}`]),
    ];
    const age = created === undefined ? "of unknown date" : `of ${minutes(created)}`;
    const text = `is left alone: its secret is ${age}; ${why.join("; ")}. --again renews it all the same`;
    return { ...step, action: "leave", text: `${clientId}: ${odd}${text}` };
  }
  const isPicked = client.attributes?.[ROTATION_ATTRIBUTE] === "true";
  const overlapSeconds = "seconds" in overlap && isPicked && present !== "" ? overlap.seconds : undefined;
  if (overlapSeconds === undefined && !withoutOverlap) {
    const unpicked = "its client lacks the attribute by which the policy picks it";
    const why = present === "" ? "it is empty" : "missing" in overlap ? overlap.missing : unpicked;
    return `${clientId}: its present secret would stop at once, since ${why}`;
  }
  const until =
    overlapSeconds === undefined || withoutOverlap
      ? "stops AT ONCE"
      : `works until ${minutes(new Date(now.getTime() + overlapSeconds * 1000))}`;
  const ends =
    previous === undefined ? "" : `; the one before it stops at once, not at ${minutes(previous.worksUntil)}`;
  const text = `${clientId}: ${odd}gets a new secret; the present one ${until}${ends}`;
  return { ...step, action: "renew", text };
}

function planEnd(secrets: CustomerSecrets, stack: string, record: HandoverRecord): RotationStep | string {
  const { client, created, present, previous, stored } = secrets;
  const { clientId } = client;
  if (present !== stored) {
    return `${clientId}: the stack does not know its new secret yet; run: scpcloud rotate --stack ${stack} --customer ${clientId}`;
  }
  if (previous === undefined) {
    const text = `${clientId}: no previous secret works; nothing to stop`;
    return { secrets, action: "leave", stopsPrevious: false, text };
  }
  const isHandedOver = created === undefined || record[clientId]?.at(-1)?.secretCreated === created.toISOString();
  const warning = isHandedOver
    ? ""
    : ". THE NEW SECRET WAS NOT HANDED OVER YET, as far as is noted: the customer may have the previous one only";
  const text = `${clientId}: the previous secret stops AT ONCE, not at ${minutes(previous.worksUntil)}${warning}`;
  return { secrets, action: "end", stopsPrevious: true, text };
}
