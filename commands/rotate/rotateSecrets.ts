import { basicAuthorization, isKnownSecret } from "../../contract/credentials";
import { TYPES } from "../../contract/types";
import { InterruptedError } from "../../processes/run";
import { recordOf } from "../../settings/decode";
import type { Settings } from "../../settings/settings";
import { UserError } from "../../settings/userError";
import type { StackOutputs } from "../cli/stack";
import type { KeycloakManager } from "../../keycloak/admin";
import { findClient, minutes, secretTimes } from "../../keycloak/clients";
import type { KeycloakConnection } from "../../keycloak/http";
import { fetchToken, TokenRefusedError } from "../../keycloak/tokens";
import type { PulumiCli } from "../pulumi/pulumiCli";
import { exportState } from "../pulumi/exportedState";
import type { UnderLock } from "../pulumi/underLock";
import { unlocked } from "../recovery/recovery";
import { type CustomerSecrets, RotationError } from "./customerSecrets";
import { refuseOtherChanges, refuseWhereRefused } from "./obstacles";
import type { RotationStep } from "./rotationPlan";

/** What secrets are renewed with. */
export interface RotationTools {
  readonly stack: string;
  readonly settings: Settings;
  readonly keycloak: KeycloakConnection;
  readonly admin: KeycloakManager;
  readonly pulumi: PulumiCli;
  readonly underLock: UnderLock;
  /** The outputs as the last run left them. */
  readonly readOutputs: () => Promise<StackOutputs>;
  /** What Keycloak has now. */
  readonly lookAgain: (clientId: string) => Promise<CustomerSecrets>;
  readonly report: (line: string) => void;
}

/** Renews secrets, one customer after the other; each is whole before the next is begun. */
export async function rotateSecrets(steps: readonly RotationStep[], tools: RotationTools): Promise<void> {
  const { pulumi, report, stack } = tools;
  const work = steps.filter(({ action }) => action !== "leave");
  await refuseWhereRefused(work, tools);
  const urns = await clientUrns(
    work.map(({ secrets }) => secrets),
    pulumi,
  );
  await refuseOtherChanges(urns, tools);
  for (const [index, step] of work.entries()) {
    const { clientId } = step.secrets.client;
    const position = work.length === 1 ? clientId : `${index + 1} of ${work.length}: ${clientId}`;
    report(`${position}: ${await renew(step, urns[index] ?? "", tools)}`);
    report(`  hand it over: scpcloud handover --stack ${stack} --customer ${clientId} --recipient age1...`);
  }
}

async function renew(step: RotationStep, urn: string, tools: RotationTools): Promise<string> {
  const { admin, readOutputs, report } = tools;
  const { action, secrets, stopsPrevious } = step;
  const { clientId, id } = secrets.client;
  const path = `/clients/${id}/client-secret`;
  let present = secrets.present;
  let worksUntil: Date | undefined;
  try {
    await holdingLock([urn], [secrets], tools, async () => {
      if (action === "renew") {
        const { value } = recordOf(await admin.change("POST", path));
        if (!isKnownSecret(value)) {
          throw new RotationError("Keycloak does not show it to the deployer");
        }
        present = value;
      }
      worksUntil = await overlapEnd(clientId, admin);
      if (stopsPrevious && worksUntil !== undefined) {
        await admin.change("DELETE", `${path}/rotated`);
        worksUntil = undefined;
      }
      report(`  ${action === "takeOver" ? "Keycloak has" : "Keycloak has made"} the new secret; now the stack's state`);
    });
  } catch (error) {
    throw present === secrets.present ? error : unfinished(clientId, error);
  }
  if ((await readOutputs()).credentials?.[clientId]?.clientSecret !== present) {
    throw new RotationError(
      `${clientId}: Keycloak's secret is not the one in the stack's outputs: somebody else works on it. Run this ` +
        "command again; it makes no further secret",
    );
  }
  const previous = action === "takeOver" ? (secrets.previous?.secret ?? secrets.stored) : secrets.present;
  return prove(clientId, { present, previous, worksUntil }, tools);
}

/**
 * Does something to secrets while no other run changes the stack, and only if they are as they were when the user was
 * asked. Then the resources of the URNs are read anew into the state.
 */
export function holdingLock(
  urns: readonly string[],
  customers: readonly CustomerSecrets[],
  { lookAgain, pulumi, report, underLock }: RotationTools,
  action: () => Promise<void>,
): Promise<void> {
  return unlocked(pulumi, report, () =>
    underLock(urns, async () => {
      await clientUrns(customers, pulumi);
      for (const seen of customers) {
        const { client, present, previous } = await lookAgain(seen.client.clientId);
        if (client.id !== seen.client.id || present !== seen.present || previous?.secret !== seen.previous?.secret) {
          throw new RotationError(
            `Nothing was changed. Somebody else has renewed the secret of ${client.clientId} meanwhile; look at it: scpcloud customers`,
          );
        }
      }
      await action();
    }),
  );
}

/** A new secret is there, and what comes after it failed. */
function unfinished(clientId: string, error: unknown): unknown {
  return error instanceof UserError && !(error instanceof InterruptedError)
    ? new RotationError(
        `${clientId}: Keycloak has made a new secret, which the stack does not know yet. Run this command again; it makes no ` +
          `further secret. What failed:\n${error.message.replace("; nothing was changed", "")}`,
      )
    : error;
}

async function overlapEnd(clientId: string, admin: KeycloakManager): Promise<Date | undefined> {
  const client = await findClient(admin, clientId);
  return client && secretTimes(client, admin.now()).overlapEnds;
}

interface Proving {
  readonly present: string;
  readonly previous: string;
  readonly worksUntil: Date | undefined;
}

async function prove(clientId: string, secrets: Proving, tools: RotationTools): Promise<string> {
  const { present, previous, worksUntil } = secrets;
  if (!(await getsToken(clientId, present, tools))) {
    throw new RotationError(
      `${clientId}: Keycloak refuses its own new secret; run: scpcloud verify --stack ${tools.stack}`,
    );
  }
  const previousWorks = isKnownSecret(previous) && (await getsToken(clientId, previous, tools));
  const shouldWork = worksUntil !== undefined && worksUntil > tools.admin.now();
  if (previousWorks !== shouldWork) {
    throw new RotationError(
      `${clientId}: the new secret gets tokens, but the previous one ` +
        (previousWorks ? "does, too, although it should have stopped" : "does not, although it should"),
    );
  }
  return shouldWork
    ? `✓ both secrets get tokens; the previous one works until ${minutes(worksUntil)}`
    : "✓ the new secret gets tokens; the previous one is refused";
}

/** Whether Keycloak gives a token for a secret. */
export async function getsToken(
  clientId: string,
  secret: string,
  { keycloak, settings }: Pick<RotationTools, "keycloak" | "settings">,
): Promise<boolean> {
  try {
    await fetchToken(keycloak, settings.realm, basicAuthorization(clientId, secret));
    return true;
  } catch (error) {
    if (error instanceof TokenRefusedError) {
      return false;
    }
    throw error;
  }
}

/** The URNs of the customers' clients. @throws RotationError for what the state does not have */
async function clientUrns(customers: readonly CustomerSecrets[], pulumi: PulumiCli): Promise<string[]> {
  const { resources = [] } = (await exportState(pulumi)).deployment;
  return customers.map(({ client }) => {
    const urn = resources.find(({ id, type }) => type === TYPES.client && id === client.id)?.urn;
    if (urn === undefined) {
      throw new RotationError(
        `${client.clientId}: Keycloak's client is another one than the state's; run: scpcloud drift`,
      );
    }
    return urn;
  });
}
