import { basicAuthorization, isSecret } from "../../components/credentials";
import { TYPES } from "../../components/types";
import { recordOf } from "../../settings/decode";
import type { Settings } from "../../settings/settings";
import type { StackOutputs } from "../cli/stack";
import type { KeycloakManager } from "../../keycloak/admin";
import { findClient, minutes, secretTimes } from "../../keycloak/clients";
import type { KeycloakConnection } from "../../keycloak/http";
import { fetchToken, TokenRefusedError } from "../../keycloak/tokens";
import { ownerOf, parentsOf } from "../pulumi/owners";
import { changingSteps } from "../pulumi/preview";
import { type PulumiCli, runPreview } from "../pulumi/pulumiCli";
import { exportState, type State } from "../pulumi/exportedState";
import { unlocking } from "../recover/recovery";
import { type CustomerSecrets, RotationError } from "./customerSecrets";
import type { RotationStep } from "./rotationPlan";

/** What secrets are renewed with. */
export interface RotationTools {
  readonly stack: string;
  readonly settings: Settings;
  readonly keycloak: KeycloakConnection;
  readonly admin: KeycloakManager;
  readonly pulumi: PulumiCli;
  /** The outputs as the last `up` left them. */
  readonly readOutputs: () => Promise<StackOutputs>;
  readonly report: (line: string) => void;
}

/** Renews secrets, one customer after the other; each is whole before the next is begun. */
export async function rotateSecrets(steps: readonly RotationStep[], given: RotationTools): Promise<void> {
  const { report, stack } = given;
  const tools = { ...given, pulumi: unlocking(given.pulumi, report) };
  const work = steps.filter(({ action }) => action !== "leave");
  await refuseWhereRefused(work, tools);
  const targets = await refuseOtherChanges(work, tools);
  for (const [index, step] of work.entries()) {
    const { clientId } = step.secrets.client;
    const position = work.length === 1 ? clientId : `${index + 1} of ${work.length}: ${clientId}`;
    report(`${position}: ${await renew(step, targets.get(clientId) ?? "", tools)}`);
    report(`  hand it over: npm run handover -- --stack ${stack} --customer ${clientId} --recipient age1...`);
  }
}

/**
 * Makes no secret where Keycloak would refuse it for another reason than its value: a client policy, or DPoP. It answers
 * 400 then, and 401 to a wrong or expired secret (tried on 26.7.3).
 */
async function refuseWhereRefused(work: readonly RotationStep[], { keycloak, settings }: RotationTools): Promise<void> {
  const refused = await Promise.all(
    work.map(async ({ secrets: { client, present } }) => {
      const { clientId } = client;
      const token = fetchToken(keycloak, settings.realm, basicAuthorization(clientId, present));
      const error: unknown = await token.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      return error instanceof TokenRefusedError && error.status === 400 ? [`${clientId}: ${error.said}`] : [];
    }),
  );
  if (refused.flat().length > 0) {
    throw new RotationError(
      [
        "Nothing was changed. Keycloak refuses these clients' tokens, whatever their secrets are:",
        ...refused.flat(),
        "Look at the client policies in the realm settings, and run: npm run drift",
      ].join("\n"),
    );
  }
}

async function renew(step: RotationStep, target: string, tools: RotationTools): Promise<string> {
  const { admin, pulumi, readOutputs, report } = tools;
  const { action, secrets, stopsPrevious } = step;
  const { client } = secrets;
  const path = `/clients/${client.id}/client-secret`;
  const present = action === "takeOver" ? secrets.present : recordOf(await admin.change("POST", path))["value"];
  if (!isSecret(present)) {
    throw new RotationError(`${client.clientId}: Keycloak does not show the deployer the secret that it has made`);
  }
  const previous = action === "takeOver" ? (secrets.previous?.secret ?? secrets.stored) : secrets.present;
  let worksUntil = await overlapEnd(client.clientId, admin);
  if (stopsPrevious && worksUntil !== undefined) {
    await admin.change("DELETE", `${path}/rotated`);
    worksUntil = undefined;
  }
  report(`  ${action === "takeOver" ? "Keycloak has" : "Keycloak has made"} the new secret; now the stack's state`);
  const update = ["up", "--refresh", "--yes", "--skip-preview", "--suppress-outputs", "--suppress-permalink"];
  await pulumi.run([...update, "--target", target]);
  if ((await readOutputs()).credentials?.[client.clientId]?.clientSecret !== present) {
    throw new RotationError(
      `${client.clientId}: Keycloak's secret is not the one in the stack's outputs: somebody else works on it. Run this ` +
        "command again; it makes no further secret",
    );
  }
  return prove(client.clientId, { present, previous, worksUntil }, tools);
}

async function overlapEnd(clientId: string, admin: KeycloakManager): Promise<Date | undefined> {
  const client = await findClient(admin, clientId);
  return client && secretTimes(client, new Date()).overlapEnds;
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
      `${clientId}: Keycloak refuses its own new secret; run: npm run verify -- --stack ${tools.stack}`,
    );
  }
  const previousWorks = await getsToken(clientId, previous, tools);
  const shouldWork = worksUntil !== undefined && worksUntil > new Date();
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

/**
 * Refuses where the state could not be brought up to date without deploying something else of these clients.
 * @returns the URNs of the clients by client id
 */
async function refuseOtherChanges(
  work: readonly RotationStep[],
  { pulumi, stack }: RotationTools,
): Promise<ReadonlyMap<string, string>> {
  const targets = urnsOf(
    work.map(({ secrets }) => secrets),
    await exportState(pulumi),
  );
  if (targets.size === 0) {
    return targets;
  }
  const options = [...targets.values()].flatMap((urn) => ["--target", urn]);
  const preview = await runPreview(pulumi, "--refresh", ...options);
  const changing = [...changingSteps(preview).keys()];
  if (changing.length > 0) {
    const parents = parentsOf(preview.steps);
    const names = [...new Set(changing.map((urn) => ownerOf(urn, parents).name))].sort();
    throw new RotationError(
      `Nothing was changed. The stack file, or somebody in Keycloak, changed something of ${names.join(", ")}, which would ` +
        `be deployed along. See what it is: npm run drift -- --stack ${stack}. Deploy it first: pulumi up --refresh ` +
        `--stack ${stack}`,
    );
  }
  return targets;
}

/** The URNs of the clients by client id. @throws RotationError for what the state does not have */
function urnsOf(customers: readonly CustomerSecrets[], { deployment }: State): ReadonlyMap<string, string> {
  const { resources = [] } = deployment;
  const clients = resources.filter(({ type }) => type === TYPES.client);
  return new Map(
    customers.map(({ client }) => {
      const urn = clients.find(({ id }) => id === client.id)?.urn;
      if (urn === undefined) {
        throw new RotationError(
          `${client.clientId}: Keycloak's client is another one than the state's; run: npm run drift`,
        );
      }
      return [client.clientId, urn];
    }),
  );
}
