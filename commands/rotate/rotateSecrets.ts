import { isKnownSecret } from "../../contract/credentials.ts";
import { TYPES } from "../../contract/types.ts";
import { UserError } from "../../faults/userError.ts";
import { findClient, secretTimes } from "../../keycloak/clients.ts";
import { InterruptedError } from "../../processes/run.ts";
import { recordOf } from "../../values/shapes.ts";
import { readOutputs } from "../cli/stack.ts";
import { unlocked } from "../locks/stackLock.ts";
import { exportState, type StateResource } from "../pulumi/exportedState.ts";
import { ownerOf, parentsOf } from "../pulumi/owners.ts";
import { changingSteps } from "../pulumi/preview.ts";
import { type PulumiCli, runBothPreviews } from "../pulumi/pulumiCli.ts";
import { type CustomerSecrets, lookAtSecrets, type RotationTools } from "./customerSecrets.ts";
import { prove, refuseWhereRefused } from "./proof.ts";
import type { RotationStep } from "./rotationPlan.ts";

/** Renews or stops secrets, one customer after the other; each is whole before the next is begun. */
export async function rotateSecrets(steps: readonly RotationStep[], tools: RotationTools): Promise<void> {
  const { pulumi, report } = tools;
  const work = steps.filter(({ action }) => action !== "leave");
  await refuseWhereRefused(work, tools);
  const resources = await resourcesOf(pulumi);
  // To read the stack itself anew asks Keycloak nothing: the end of an overlap changes nothing in the state.
  const stackUrn = resources.find(({ type }) => type === "pulumi:pulumi:Stack")?.urn ?? "";
  const urns = work.map(({ action, secrets }) => (action === "end" ? stackUrn : clientUrn(secrets, resources)));
  await refuseOtherChanges(
    urns.filter((urn) => urn !== stackUrn),
    tools,
  );
  for (const [index, step] of work.entries()) {
    const { clientId } = step.secrets.client;
    const position = work.length === 1 ? clientId : `${index + 1} of ${work.length}: ${clientId}`;
    report(`${position}: ${await carryOut(step, urns[index] ?? "", tools)}`);
    if (step.action !== "end") {
      report(`  hand it over: scpcloud handover --stack ${pulumi.stack} --customer ${clientId} --recipient age1...`);
    }
  }
}

async function carryOut(step: RotationStep, urn: string, tools: RotationTools): Promise<string> {
  const { admin, pulumi, report } = tools;
  const { action, secrets, stopsPrevious } = step;
  const { clientId, id } = secrets.client;
  const path = `/clients/${id}/client-secret`;
  let { present } = secrets;
  let worksUntil: Date | undefined;
  let isEnded = false;
  try {
    await holdingLock(urn, secrets, tools, async () => {
      if (action === "renew") {
        const { value } = recordOf(await admin.change("POST", path));
        if (!isKnownSecret(value)) {
          throw new UserError("Keycloak does not show it to the deployer");
        }
        present = value;
      }
      const client = await findClient(admin, clientId);
      worksUntil = client && secretTimes(client, admin.now()).overlapEnds;
      if (stopsPrevious && worksUntil !== undefined) {
        await admin.change("DELETE", `${path}/rotated`);
        worksUntil = undefined;
      }
      isEnded = action === "end";
      if (!isEnded) {
        report(
          `  ${action === "takeOver" ? "Keycloak has" : "Keycloak has made"} the new secret; now the stack's state`,
        );
      }
    });
  } catch (error) {
    // Nothing is lost where the run fails after the end of an overlap.
    if (!isEnded || error instanceof InterruptedError) {
      throw present === secrets.present ? error : unfinished(clientId, error);
    }
  }
  if ((await readOutputs(pulumi)).credentials?.[clientId]?.clientSecret !== present) {
    throw new UserError(
      `${clientId}: Keycloak's secret is not the one in the stack's outputs: somebody else works on it. Run this ` +
        "command again; it makes no further secret",
    );
  }
  const previous = action === "renew" ? secrets.present : (secrets.previous?.secret ?? secrets.stored);
  return prove(clientId, { present, previous, worksUntil }, tools);
}

/**
 * Does something to a secret while no other run changes the stack, and only if it is as it was when the user was asked.
 * Then the resource of the URN is read anew into the state.
 */
function holdingLock(urn: string, seen: CustomerSecrets, tools: RotationTools, action: () => Promise<void>) {
  const { pulumi, report, underLock } = tools;
  const { clientId, id } = seen.client;
  return unlocked([pulumi], report, () =>
    underLock([urn], async () => {
      clientUrn(seen, await resourcesOf(pulumi));
      const [now] = await lookAtSecrets([clientId], tools);
      const isSame = now?.present === seen.present && now.previous?.secret === seen.previous?.secret;
      if (now?.client.id !== id || !isSame) {
        throw new UserError(
          `Nothing was changed. Somebody else has renewed the secret of ${clientId} meanwhile; look at it: scpcloud customers`,
        );
      }
      await action();
    }),
  );
}

/** A new secret is there, and what comes after it failed. */
function unfinished(clientId: string, error: unknown): unknown {
  return error instanceof UserError && !(error instanceof InterruptedError)
    ? new UserError(
        `${clientId}: Keycloak has made a new secret, which the stack does not know yet. Run this command again; it makes no ` +
          `further secret. What failed:\n${error.message.replace("; nothing was changed", "")}`,
      )
    : error;
}

/** Refuses where somebody changed these clients: the state would then say that the last `up` has left them so. */
async function refuseOtherChanges(urns: readonly string[], { pulumi }: RotationTools): Promise<void> {
  const { stack } = pulumi;
  if (urns.length === 0) {
    return;
  }
  const { plain, refreshed } = await runBothPreviews(
    pulumi,
    urns.flatMap((urn) => ["--target", urn]),
  );
  const changing = [plain, refreshed].flatMap((preview) => [...changingSteps(preview).keys()]);
  if (changing.length > 0) {
    const parents = parentsOf([...refreshed.steps, ...plain.steps]);
    const names = [...new Set(changing.map((urn) => ownerOf(urn, parents).name))].sort();
    throw new UserError(
      `Nothing was changed. The stack file, or somebody in Keycloak, changed something of ${names.join(", ")}, which has ` +
        `to be deployed before. See what it is: scpcloud drift --stack ${stack}. Deploy it: pulumi up --refresh ` +
        `--stack ${stack}`,
    );
  }
}

async function resourcesOf(pulumi: PulumiCli): Promise<readonly StateResource[]> {
  return (await exportState(pulumi)).deployment.resources ?? [];
}

/** The URN of the customer's client. @throws UserError for what the state does not have */
function clientUrn({ client }: CustomerSecrets, resources: readonly StateResource[]): string {
  const urn = resources.find(({ id, type }) => type === TYPES.client && id === client.id)?.urn;
  if (urn === undefined) {
    throw new UserError(`${client.clientId}: Keycloak's client is another one than the state's; run: scpcloud drift`);
  }
  return urn;
}
