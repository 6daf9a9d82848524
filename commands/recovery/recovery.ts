import { TYPES } from "../../contract/types.ts";
import { refuse, UserError } from "../../faults/userError.ts";
import type { KeycloakManager } from "../../keycloak/admin.ts";
import { type ClientRepresentation, findClient } from "../../keycloak/clients.ts";
import packageJson from "../../package.json" with { type: "json" };
import { withTemporaryFile } from "../../processes/files.ts";
import { plural } from "../changes/markdown.ts";
import { namesLock, unlocked } from "../locks/stackLock.ts";
import { exportState } from "../pulumi/exportedState.ts";
import { nameOf } from "../pulumi/owners.ts";
import { importFile, type Plan, type PlannedResource, planOf } from "../pulumi/plan.ts";
import { type PulumiCli, type PulumiError, pulumiErrorOf, runPreview } from "../pulumi/pulumiCli.ts";
import { findExisting } from "./adoptable.ts";
import { madeByHand } from "./clientChanges.ts";
import { clientsWithOtherSecret, clientsWithoutSecret } from "./lostSecrets.ts";
import { removeUnknownPolicies, restorePolicies } from "./rotationPolicies.ts";

const { dependencies } = packageJson;

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
  report: (line: string) => void,
  { mayBeHandMade = () => false, ended }: RecoveryOptions = {},
): Promise<Recovery> {
  const unlockedPulumi: PulumiCli = {
    stack: pulumi.stack,
    run: (args, options) => unlocked([pulumi], report, () => pulumi.run(args, options), ended),
  };
  const adopted: string[] = [];
  const preview = async () => planOf(await runPreview(unlockedPulumi));

  const { resources: before = [] } = (await exportState(pulumi, "--show-secrets")).deployment;
  const lacking = clientsWithoutSecret(before);
  const others = await clientsWithOtherSecret(before, admin);
  if (lacking.length > 0) {
    report(`the state lacks the secret of ${names(lacking)}; reading it from Keycloak`);
  }
  if (others.length > 0) {
    report(`Keycloak has another secret than the state of ${names(others)}; reading it from Keycloak`);
  }
  const targets = [...lacking, ...others].flatMap((urn) => ["--target", urn]);
  const refresh = ["refresh", "--yes", "--skip-preview", "--clear-pending-creates"];
  if (targets.length > 0) {
    await unlockedPulumi.run([...refresh, ...targets]);
  }
  // Mappers can be looked for only when their client or client scope is in the state, hence the rounds.
  let plan = await preview();
  for (;;) {
    refuseLosses(plan);
    const found = plan.creates.map(async (resource) => {
      const importId = await findExisting(resource, admin);
      return importId === undefined ? [] : [{ ...resource, importId }];
    });
    const existing = (await Promise.all(found)).flat();
    if (existing.length === 0) {
      break;
    }
    await refuseHandMade(existing, mayBeHandMade, admin);
    for (const { type, name, importId } of existing) {
      report(`found in Keycloak, but not in the state: ${type.split(":").at(-1)} ${name} (${importId})`);
    }
    await withTemporaryFile(JSON.stringify(importFile(existing, plan, dependencies["@pulumi/keycloak"])), (path) =>
      unlockedPulumi.run([
        ...["import", "--file", path, "--yes", "--skip-preview"],
        ...["--generate-code=false", "--protect=false"],
      ]),
    );
    adopted.push(...existing.map(({ name }) => name));
    plan = await preview();
    refuseRepetition(existing, plan);
  }

  const { resources = [], pending_operations: pending = [] } = (await exportState(pulumi)).deployment;
  for (const policy of await restorePolicies(resources, admin)) {
    report(`somebody deleted it in Keycloak; made anew: ${policy}`);
  }
  if (pending.length > 0) {
    const operations = plural(pending.length, "operation was", "operations were");
    report(`${operations} under way when the run was killed; refreshing the state`);
    await unlockedPulumi.run(refresh);
    refuseLosses(await preview());
  }
  for (const policy of await removeUnknownPolicies(plan.creates, admin)) {
    report(`removed what the state does not know, for up to make it: ${policy}`);
  }
  try {
    await unlockedPulumi.run(["up", "--yes", "--skip-preview", "--suppress-outputs"], {
      // A dead run's lock is told here, and is no error then.
      onLine: (line) => void (namesLock(line) || report(line)),
    });
  } catch (error) {
    throw await withMissingSecrets(pulumiErrorOf(error), pulumi);
  }
  return { adopted, pendingOperations: pending.length };
}

/** Why `up` failed. Only it can tell: a client that somebody made public gets a secret from it. */
async function withMissingSecrets(failure: PulumiError, pulumi: PulumiCli): Promise<UserError> {
  const { resources = [] } = (await exportState(pulumi, "--show-secrets")).deployment;
  const lacking = clientsWithoutSecret(resources);
  return lacking.length === 0
    ? failure
    : new UserError(
        `${failure.message}\nKeycloak does not give the secret of ${names(lacking)}. The deployer must see it ` +
          "(role manage-clients). Look at the client's Credentials in the admin console, and run this command again.",
      );
}

function names(urns: readonly string[]): string {
  return urns.map(nameOf).join(", ");
}

/** @throws UserError with the cause where an `up` would delete or replace a client */
function refuseLosses({ lostClients }: Plan): void {
  const reasons = [...new Set(lostClients.flatMap(({ replacedFor }) => replacedFor))].join(", ");
  const lines = lostClients.map(({ replacedFor, urn }) => {
    const cause = replacedFor.length > 0 ? `, replaced because of ${replacedFor.join(", ")}` : "";
    return `  ${nameOf(urn)}${cause}`;
  });
  const deleted = "Put these customers back into the stack file, recover, and remove them afterwards with pulumi up.";
  const replaced =
    `No client keeps its secret when it is replaced: have ${reasons} as it was before, in the stack ` +
    "file or in Keycloak, and recover. realmId is scpcloud:realm; a realm that was renamed has to be renamed back.";
  refuse(
    lines,
    "Recovery never deletes or replaces a client, but an up would now do it:",
    ...(lostClients.some(({ replacedFor }) => replacedFor.length === 0) ? [deleted] : []),
    ...(reasons === "" ? [] : [replaced]),
  );
}

/** @throws UserError naming the clients that a killed run cannot have left as they are */
async function refuseHandMade(
  existing: readonly PlannedResource[],
  mayBeHandMade: (client: ClientRepresentation) => boolean,
  admin: KeycloakManager,
): Promise<void> {
  const clientIds = existing.flatMap(({ inputs, type }) => (type === TYPES.client ? [String(inputs["clientId"])] : []));
  const told = await Promise.all(
    clientIds.map(async (clientId) => {
      const client = await findClient(admin, clientId);
      const found = client === undefined || mayBeHandMade(client) ? [] : madeByHand(client);
      return found.length === 0 ? [] : [`  ${clientId}: ${found.join("; ")}`];
    }),
  );
  refuse(
    told.flat(),
    "Keycloak has clients that this stack's state does not know, and no killed run has left them as they are:",
    "Somebody made or changed them by hand; nothing was changed in them. Run: scpcloud adopt. It shows what changes " +
      "for each before it changes anything, and keeps the client's id and secret.",
  );
}

/** Without this, an import that does not reach the plan would go on for ever. */
function refuseRepetition(imported: readonly PlannedResource[], { creates }: Plan): void {
  const stillPlanned = imported.filter(({ urn }) => creates.some((planned) => planned.urn === urn));
  if (stillPlanned.length > 0) {
    throw new UserError(
      `Pulumi has imported ${stillPlanned.map(({ name }) => name).join(", ")}, but would still create it. ` +
        "Compare the URNs in `pulumi stack --show-urns` with those in `pulumi preview`.",
    );
  }
}
