import { readdir } from "node:fs/promises";
import { join } from "node:path";

import * as v from "valibot";

import { UserError } from "../../faults/userError.ts";
import { readIfThere, replaceFile } from "../../processes/files.ts";
import { ofJson } from "../../values/shapes.ts";

const HANDOVER = v.looseObject({
  /** ISO 8601. */
  date: v.string(),
  /** The public key that the credential was encrypted for. */
  recipient: v.string(),
  /** When Keycloak made the secret, by which it is known again; absent where Keycloak does not know. */
  secretCreated: v.exactOptional(v.string()),
});
const RECORD = v.record(v.string(), v.array(HANDOVER));

/** What was handed over, to whom and when. Nothing of it is secret. */
export type Handover = Readonly<Pick<v.InferOutput<typeof HANDOVER>, "date" | "recipient" | "secretCreated">>;

/** By client id, in the order of time. */
export type HandoverRecord = Readonly<Record<string, readonly Handover[]>>;

/** The file beside the stack file that is to be committed with it. */
export function recordFile(stack: string): string {
  // A stack may be called by its full name, with organization and project.
  return `handovers.${stack.split("/").at(-1)}.json`;
}

/** Records whose stack has no stack file: `pulumi stack rename` renames the stack file, and not the record. */
async function recordsWithoutStack(directory: string): Promise<string[]> {
  const names = await readdir(directory);
  return names.filter((name) => {
    const stack = /^handovers\.(.+)\.json$/.exec(name)?.[1];
    return stack !== undefined && !names.includes(`Pulumi.${stack}.yaml`);
  });
}

/**
 * Empty before the first handover.
 * @param warn told where the record may have stayed behind under the stack's earlier name
 * @throws UserError where somebody wrote something else into the file
 */
export async function readRecord(
  directory: string,
  stack: string,
  warn: (line: string) => void = (line) => console.error(line),
): Promise<HandoverRecord> {
  const file = recordFile(stack);
  const text = await readIfThere(join(directory, file));
  if (text === undefined) {
    for (const left of await recordsWithoutStack(directory)) {
      warn(
        `${left} is the record of a stack that has no stack file. If that is ${stack}'s earlier name: git mv ${left} ${file}`,
      );
    }
    return {};
  }
  const record = ofJson(RECORD, text);
  if ("wrong" in record) {
    throw new UserError(`${file} is no record of handovers. Restore it: git checkout -- ${file}`);
  }
  return record.value;
}

/** Adds to the record, in one step, so that a run that is killed leaves it whole. */
export async function addToRecord(
  directory: string,
  stack: string,
  clientId: string,
  handovers: readonly Handover[],
): Promise<void> {
  const record = await readRecord(directory, stack);
  writeRecord(directory, stack, { ...record, [clientId]: [...(record[clientId] ?? []), ...handovers] });
}

/** Takes what was handed over to these customers from one stack's record into another's; a second time changes nothing. */
export async function moveRecord(
  directory: string,
  from: string,
  to: string,
  clientIds: readonly string[],
): Promise<void> {
  const [source, destination] = await Promise.all([readRecord(directory, from), readRecord(directory, to)]);
  const isMoved = ([clientId]: [string, unknown]) => clientIds.includes(clientId);
  const entries = Object.entries(source);
  if (entries.some(isMoved)) {
    writeRecord(directory, to, { ...destination, ...Object.fromEntries(entries.filter(isMoved)) });
    writeRecord(directory, from, Object.fromEntries(entries.filter((entry) => !isMoved(entry))));
  }
}

function writeRecord(directory: string, stack: string, record: HandoverRecord): void {
  const sorted = Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
  replaceFile(join(directory, recordFile(stack)), `${JSON.stringify(sorted, undefined, 2)}\n`);
}
