import { minutes } from "../../keycloak/clients";
import { InterruptedError } from "../../processes/run";
import { exportState, type State } from "../pulumi/exportedState";
import type { HandoverRecord } from "../repository/handoverRecord";
import { type CustomerSecrets, RotationError } from "./customerSecrets";
import { getsToken, holdingLock, type RotationTools } from "./rotateSecrets";

/** Whose previous secret can be stopped. @throws RotationError where the stack does not know the present one yet */
export function planEnd(customers: readonly CustomerSecrets[], stack: string): CustomerSecrets[] {
  const behind = customers.filter(({ present, stored }) => present !== stored);
  if (behind.length > 0) {
    throw new RotationError(
      [
        "Nothing was changed.",
        ...behind.map(
          ({ client: { clientId } }) =>
            `${clientId}: the stack does not know its new secret yet; run: scpcloud rotate --stack ${stack} --customer ${clientId}`,
        ),
      ].join("\n"),
    );
  }
  return customers.filter(({ previous }) => previous !== undefined);
}

/** What will happen, in one line for each. */
export function endText({ client: { clientId }, created, previous }: CustomerSecrets, record: HandoverRecord): string {
  if (previous === undefined) {
    return `${clientId}: no previous secret works; nothing to stop`;
  }
  const handedOver = record[clientId]?.at(-1)?.secretCreated;
  const warning =
    created !== undefined && handedOver !== created.toISOString()
      ? ". THE NEW SECRET WAS NOT HANDED OVER YET, as far as is noted: the customer may have the previous one only"
      : "";
  return `${clientId}: the previous secret stops AT ONCE, not at ${minutes(previous.worksUntil)}${warning}`;
}

/** Stops previous secrets early, and tries both. */
export async function endOverlaps(customers: readonly CustomerSecrets[], tools: RotationTools): Promise<void> {
  let ended = 0;
  const end = async () => {
    for (const { client } of customers) {
      await tools.admin.change("DELETE", `/clients/${client.id}/client-secret/rotated`);
      ended++;
    }
  };
  await holdingLock([stackUrn(await exportState(tools.pulumi))], customers, tools, end).catch((error: unknown) => {
    // The state stays as it is, so that nothing is lost where the run fails afterwards.
    if (ended < customers.length || error instanceof InterruptedError) {
      throw error;
    }
  });
  for (const { client, present, previous } of customers) {
    const { clientId } = client;
    if (previous !== undefined && (await getsToken(clientId, previous.secret, tools))) {
      throw new RotationError(
        `${clientId}: Keycloak still takes the previous secret; look at the client's Credentials`,
      );
    }
    if (!(await getsToken(clientId, present, tools))) {
      throw new RotationError(`${clientId}: the previous secret is refused, but the new one, too: run scpcloud verify`);
    }
    tools.report(`✓ ${clientId}: the previous secret is refused, the new one gets tokens`);
  }
}

/** The resource that is the stack itself: to read it anew asks Keycloak nothing. */
function stackUrn({ deployment: { resources = [] } }: State): string {
  return resources.find(({ type }) => type === "pulumi:pulumi:Stack")?.urn ?? "";
}
