import { join } from "node:path";

import { UserError } from "../../faults/userError.ts";
import { replaceFile } from "../../processes/files.ts";
import { readStackFiles, stackFileName } from "../../settings/stackFile/files.ts";
import { plural } from "../changes/markdown.ts";
import { nameOf } from "../pulumi/owners.ts";
import { changingSteps } from "../pulumi/preview.ts";
import { PROJECT_DIRECTORY } from "../pulumi/projectDirectory.ts";
import { pulumiCli, runPreview } from "../pulumi/pulumiCli.ts";
import { moveRecord } from "../repository/handoverRecord.ts";
import { readStackFile } from "./editedFile.ts";
import { type MovePlan, planMove } from "./movePlan.ts";
import { customersInState, moveInStates } from "./states.ts";

/** A move between two stacks of the project. */
export interface Move {
  readonly from: string;
  readonly to: string;
  readonly clientIds: readonly string[];
}

/** What a move finds before it changes anything. */
export interface Prospect {
  readonly plan: MovePlan;
  /** How many of the customers are in the state that they leave. */
  readonly inState: number;
  readonly isNewStack: boolean;
}

/**
 * Looks at the stack files, the states and, unless an earlier run has begun, at what an `up` would change.
 * @throws UserError with what stands in the way
 */
export async function lookAhead(move: Move): Promise<Prospect> {
  const plan = makePlan(move);
  const [source, destination] = await Promise.all([
    customersInState(pulumiCli(move.from)),
    customersInState(pulumiCli(move.to)),
  ]);
  if (source === undefined) {
    throw new UserError(`There is no stack ${move.from} in the state that Pulumi is logged in to.`);
  }
  if (!plan.isBegun) {
    await refuseChanges(move.from);
    if (destination !== undefined && destination.size > 0) {
      await refuseChanges(move.to);
    }
  }
  return {
    plan,
    inState: move.clientIds.filter((clientId) => source.has(clientId)).length,
    isNewStack: destination === undefined,
  };
}

function makePlan({ clientIds, from, to }: Move): MovePlan {
  return planMove(clientIds, from, to, readStackFiles(PROJECT_DIRECTORY));
}

/**
 * Moves the customers. First they stand in both stack files, for which every `up` and preview of either is refused; then
 * the state is moved; then they go from the file that they leave. So a run may be killed anywhere, and the next finishes.
 */
export async function moveCustomers(move: Move, prospect: Prospect, report: (line: string) => void): Promise<void> {
  const { from, to, clientIds } = move;
  if (prospect.plan.newFile !== undefined) {
    write(to, prospect.plan.newFile);
  }
  await makeStack(move, prospect, report);
  // Pulumi has added to the file of a new stack.
  const plan = makePlan(move);
  write(to, plan.to);
  await moveInStates(pulumiCli(from), pulumiCli(to), clientIds, report);
  await moveRecord(PROJECT_DIRECTORY, from, to, clientIds);
  write(from, plan.from);
  for (const stack of [to, from]) {
    const { customers, realmStack } = fileOf(stack);
    if (realmStack !== undefined && Object.keys(customers).length === 0) {
      report(
        `${stack} has no customers any more. Take it down: pulumi destroy --stack ${stack}, ` +
          `pulumi stack rm ${stack}, and remove ${stackFileName(stack)}.`,
      );
      continue;
    }
    await refuseChanges(stack);
    // It changes no resource, but the outputs, such as the customers' credentials, and who uses the realm.
    await pulumiCli(stack).run(["up", "--yes", "--skip-preview", "--suppress-outputs"]);
    report(`${stack}: the preview has no changes, and the outputs are those of its customers`);
  }
}

async function makeStack(move: Move, { isNewStack }: Prospect, report: (line: string) => void): Promise<void> {
  const { from, to } = move;
  const { secretConnectionKeys, secretsProvider } = fileOf(from);
  if (isNewStack) {
    const choice = secretsProvider === undefined ? [] : ["--secrets-provider", secretsProvider];
    await pulumiCli(to).run(["stack", "init", to, "--no-select", ...choice], { global: true });
    report(`made the stack ${to}`);
  }
  const written = fileOf(to).secretConnectionKeys;
  for (const key of secretConnectionKeys.filter((key) => !written.includes(key))) {
    // Each stack's secrets are encrypted with a key of its own.
    await pulumiCli(from).run(["config", "cp", key, "--dest", to]);
    report(`copied the secret ${key}, encrypted for ${to}`);
  }
}

/** A preview that changes a resource stands in the way of a move before it, and tells a fault of it afterwards. */
async function refuseChanges(stack: string): Promise<void> {
  const changes = [...changingSteps(await runPreview(pulumiCli(stack))).values()];
  const [first] = changes;
  if (first !== undefined) {
    throw new UserError(
      `The preview of ${stack} has ${plural(changes.length, "change")}, such as ${first.op} ${nameOf(first.urn)}. ` +
        `Do: pulumi up --stack ${stack}, and then this again.`,
    );
  }
}

function textOf(stack: string): string {
  return readStackFiles(PROJECT_DIRECTORY).get(stack) ?? "";
}

function fileOf(stack: string) {
  return readStackFile(stackFileName(stack), textOf(stack));
}

function write(stack: string, text: string): void {
  if (textOf(stack) !== text) {
    replaceFile(join(PROJECT_DIRECTORY, stackFileName(stack)), text);
  }
}
