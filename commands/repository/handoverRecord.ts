import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { UserError } from "../../settings/userError.ts";
import { replaceFile } from "../../processes/files.ts";

/** What was handed over, to whom and when. Nothing of it is secret. */
export interface Handover {
  /** ISO 8601. */
  readonly date: string;
  /** The public key that the credential was encrypted for. */
  readonly recipient: string;
  /** When Keycloak made the secret, by which it is known again; absent where Keycloak does not know. */
  readonly secretCreated?: string;
}

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
  let text: string;
  try {
    text = await readFile(join(directory, file), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      for (const left of await recordsWithoutStack(directory)) {
        warn(
          `${left} is the record of a stack that has no stack file. If that is ${stack}'s earlier name: git mv ${left} ${file}`,
        );
      }
      return {};
    }
    throw error;
  }
  try {
    const record = JSON.parse(text) as unknown;
    if (isRecord(record)) {
      return record;
    }
  } catch {
    // A conflict that git has left in it, for example.
  }
  throw new UserError(`${file} is no record of handovers. Restore it: git checkout -- ${file}`);
}

function isRecord(value: unknown): value is HandoverRecord {
  const isHandover = (one: unknown) =>
    typeof one === "object" && one !== null && "date" in one && "recipient" in one && typeof one.date === "string";
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((list: unknown) => Array.isArray(list) && list.every(isHandover))
  );
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
