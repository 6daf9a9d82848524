import type { OtherUser } from "../../keycloak/users";
import type { Change } from "./changes";
import type { Finding } from "./finding";
import { CHANGED, CHANGED_OTHERWISE, LOST, LOST_OTHERWISE } from "./words";

/** A change in words: one sentence, or one for each entry that a list has gained or lost. */
export function tell(change: Change): Finding[] {
  const { owner, type } = change.resource;
  return toldOf(change, type).map((told) => ({ owner, remedy: "up", newSecret: false, ...told }));
}

function toldOf(change: Change, type: string) {
  if (change.kind === "lost") {
    return (LOST[type] ?? LOST_OTHERWISE)(change);
  }
  const told = CHANGED[type]?.[change.property]?.(change) ?? [];
  return told.length > 0 ? told : CHANGED_OTHERWISE(change);
}

/** The stack file says the same as before, and an `up` would all the same write another organization. */
export function tellOtherUser({ clientId, text }: OtherUser): Finding {
  const owner = { kind: "customer", name: clientId } as const;
  return { owner, danger: "access", sentence: `customer ${clientId}: ${text}`, remedy: "whose", newSecret: false };
}
