import { TYPES } from "../../contract/types";
import { madeByHand } from "./clientChanges";
import type { KeycloakAdmin, KeycloakManager } from "../../keycloak/admin";
import { type ClientRepresentation, findClient } from "../../keycloak/clients";
import { findExisting } from "./adoptable";
import { removeUnknownPolicies, restorePolicies } from "./rotationPolicies";
import { refuseLosses } from "./losses";
import { clientsWithOtherSecret, clientsWithoutSecret } from "./lostSecrets";
import { type LockHolder, nameHolder, namesLock, RecoveryError, withoutDeadLocks } from "../locks/stackLock";
import { type PulumiCli, PulumiError, runPreview } from "../pulumi/pulumiCli";
import { withTemporaryFile } from "../../processes/files";
import { exportState } from "../pulumi/exportedState";
import { importFile, type Plan, type PlannedResource, planOf } from "../pulumi/plan";
import { plural } from "../changes/markdown";

/** What recovery found and did. */
export interface Recovery {
  readonly adopted: readonly string[];
  readonly pendingOperations: number;
}

interface RecoveryOptions {
  readonly mayBeHandMade?: (client: ClientRepresentation) => boolean;
  readonly ended?: readonly string[];
}

/**
 * Brings a stack to its target after a run that was killed: removes the lock of a dead process, adopts what exists in
 * Keycloak but not in the state, forgets pending operations, runs `up`. Never deletes or replaces a client.
 * @param options.mayBeHandMade whether a customer's client is adopted also if no killed run can have left it so: the
 * user has seen what changes for it, or the stack has had this customer before and somebody made its client anew
 * @param options.ended the holders of locks that have ended as the user says
 */
export async function recover(
  pulumi: PulumiCli,
  admin: KeycloakManager,
  providerVersion: string,
  report: (line: string) => void,
  { mayBeHandMade = () => false, ended }: RecoveryOptions = {},
): Promise<Recovery> {
  const unlocked = unlocking(pulumi, report, ended);
  const adopted: string[] = [];
  const preview = async () => planOf(await runPreview(unlocked));

  await readSecretsAnew(pulumi, admin, unlocked, report);
  // Mappers can be looked for only when their client or client scope is in the state, hence the rounds.
  let plan = await preview();
  for (;;) {
    refuseLosses(plan);
    const existing = await findAllExisting(plan, admin);
    if (existing.length === 0) {
      break;
    }
    await refuseHandMade(existing, mayBeHandMade, admin);
    for (const { type, name, importId } of existing) {
      report(`found in Keycloak, but not in the state: ${type.split(":").at(-1)} ${name} (${importId})`);
    }
    await adopt(unlocked, importFile(existing, plan, providerVersion));
    adopted.push(...existing.map(({ name }) => name));
    plan = await preview();
    refuseRepetition(existing, plan);
  }

  const { resources = [], pending_operations: pending = [] } = (await exportState(pulumi)).deployment;
  const pendingOperations = pending.length;
  for (const policy of await restorePolicies(resources, admin)) {
    report(`somebody deleted it in Keycloak; made anew: ${policy}`);
  }
  if (pendingOperations > 0) {
    const operations = plural(pendingOperations, "operation was", "operations were");
    report(`${operations} under way when the run was killed; refreshing the state`);
    await unlocked.run(["refresh", "--yes", "--skip-preview", "--clear-pending-creates"]);
    refuseLosses(await preview());
  }
  for (const policy of await removeUnknownPolicies(plan.creates, admin)) {
    report(`removed what the state does not know, for up to make it: ${policy}`);
  }
  try {
    await unlocked.run(["up", "--yes", "--skip-preview", "--suppress-outputs"], {
      // A dead run's lock is told here, and is no error then.
      onLine: (line) => void (namesLock(line) || report(line)),
    });
  } catch (error) {
    throw (await explainMissingSecrets(pulumi, error)) ?? error;
  }
  return { adopted, pendingOperations };
}

/** The CLI, which where a process that has ended holds the stack's lock removes that before, and tells it. */
export function unlocking(pulumi: PulumiCli, report: (line: string) => void, ended: readonly string[] = []): PulumiCli {
  return { run: (args, options) => unlocked(pulumi, report, () => pulumi.run(args, options), ended) };
}

/** Something that needs the stack's lock; where a process that has ended holds it, once more without. */
export function unlocked<T>(
  pulumi: PulumiCli,
  report: (line: string) => void,
  action: () => Promise<T>,
  ended: readonly string[] = [],
): Promise<T> {
  const cancel = async (holders: readonly LockHolder[]) => {
    report(`removing the lock of ${holders.map(nameHolder).join(", and of ")}, which has ended`);
    await pulumi.run(["cancel", "--yes"]);
  };
  return withoutDeadLocks(action, cancel, ended);
}

/** Those that the state lacks, and those that Keycloak made in a rotation that was killed. */
async function readSecretsAnew(
  pulumi: PulumiCli,
  admin: KeycloakAdmin,
  unlocked: PulumiCli,
  report: (line: string) => void,
): Promise<void> {
  const { resources = [] } = (await exportState(pulumi, "--show-secrets")).deployment;
  const missing = clientsWithoutSecret(resources);
  const other = await clientsWithOtherSecret(resources, admin);
  if (missing.length > 0) {
    report(`the state lacks the secret of ${names(missing)}; reading it from Keycloak`);
  }
  if (other.length > 0) {
    report(`Keycloak has another secret than the state of ${names(other)}; reading it from Keycloak`);
  }
  const targets = [...missing, ...other].flatMap((urn) => ["--target", urn]);
  if (targets.length > 0) {
    await unlocked.run(["refresh", "--yes", "--skip-preview", "--clear-pending-creates", ...targets]);
  }
}

/** Only `up` can tell: a client that somebody made public gets a secret from it. */
async function explainMissingSecrets(pulumi: PulumiCli, failure: unknown): Promise<RecoveryError | undefined> {
  if (!(failure instanceof PulumiError)) {
    return undefined;
  }
  const left = await missingSecrets(pulumi);
  return left.length === 0
    ? undefined
    : new RecoveryError(
        `${failure.message}\nKeycloak does not give the secret of ${names(left)}. The deployer must see it ` +
          "(role manage-clients). Look at the client's Credentials in the admin console, and run this command again.",
      );
}

async function missingSecrets(pulumi: PulumiCli): Promise<readonly string[]> {
  return clientsWithoutSecret((await exportState(pulumi, "--show-secrets")).deployment.resources ?? []);
}

function names(urns: readonly string[]): string {
  return urns.map((urn) => urn.split("::").at(-1)).join(", ");
}

async function findAllExisting(
  plan: Plan,
  admin: KeycloakAdmin,
): Promise<(PlannedResource & { readonly importId: string })[]> {
  const found = await Promise.all(
    plan.creates.map(async (resource) => ({ resource, importId: await findExisting(resource, admin) })),
  );
  return found.flatMap(({ resource, importId }) => (importId === undefined ? [] : [{ ...resource, importId }]));
}

/** @throws RecoveryError naming the clients that a killed run cannot have left as they are */
async function refuseHandMade(
  existing: readonly PlannedResource[],
  mayBeHandMade: (client: ClientRepresentation) => boolean,
  admin: KeycloakAdmin,
): Promise<void> {
  const clientIds = existing.flatMap(({ inputs, type }) => (type === TYPES.client ? [String(inputs["clientId"])] : []));
  const told = await Promise.all(
    clientIds.map(async (clientId) => {
      const client = await findClient(admin, clientId);
      const found = client === undefined || mayBeHandMade(client) ? [] : madeByHand(client);
      return found.length === 0 ? [] : [`  ${clientId}: ${found.join("; ")}`];
    }),
  );
  if (told.flat().length > 0) {
    throw new RecoveryError(
      "Keycloak has clients that this stack's state does not know, and no killed run has left them as they are:\n" +
        `${told.flat().join("\n")}\n` +
        "Somebody made or changed them by hand; nothing was changed in them. Run: scpcloud adopt. It shows what changes " +
        "for each before it changes anything, and keeps the client's id and secret.",
    );
  }
}

async function adopt(unlocked: PulumiCli, file: object): Promise<void> {
  await withTemporaryFile(JSON.stringify(file), (path) =>
    unlocked.run(["import", "--file", path, "--yes", "--skip-preview", "--generate-code=false", "--protect=false"]),
  );
}

/** Without this, an import that does not reach the plan would go on for ever. */
function refuseRepetition(imported: readonly PlannedResource[], { creates }: Plan): void {
  const stillPlanned = imported.filter(({ urn }) => creates.some((planned) => planned.urn === urn));
  if (stillPlanned.length > 0) {
    throw new RecoveryError(
      `Pulumi has imported ${stillPlanned.map(({ name }) => name).join(", ")}, but would still create it. ` +
        "Compare the URNs in `pulumi stack --show-urns` with those in `pulumi preview`.",
    );
  }
}
