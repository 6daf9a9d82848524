import type { LostClient, Plan } from "../pulumi/plan";
import { RecoveryError } from "../locks/stackLock";

/** @throws RecoveryError with the cause where an `up` would delete or replace a client */
export function refuseLosses({ lostClients }: Plan): void {
  if (lostClients.length === 0) {
    return;
  }
  const replaced = lostClients.filter(({ replacedFor }) => replacedFor.length > 0);
  const lines = [
    "Recovery never deletes or replaces a client, but an up would now do it:",
    ...lostClients.map(
      ({ replacedFor, urn }) =>
        `  ${urn.split("::").at(-1)}${replacedFor.length > 0 ? `, replaced because of ${replacedFor.join(", ")}` : ""}`,
    ),
  ];
  if (replaced.length < lostClients.length) {
    lines.push("Put these customers back into the stack file, recover, and remove them afterwards with pulumi up.");
  }
  if (replaced.length > 0) {
    lines.push(
      `No client keeps its secret when it is replaced: have ${reasonsOf(replaced)} as it was before, in the stack ` +
        "file or in Keycloak, and recover. realmId is scpcloud:realm; a realm that was renamed has to be renamed back.",
    );
  }
  throw new RecoveryError(lines.join("\n"));
}

function reasonsOf(lost: readonly LostClient[]): string {
  return [...new Set(lost.flatMap(({ replacedFor }) => replacedFor))].join(", ");
}
