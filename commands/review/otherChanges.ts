import type { SharedSettings } from "../../contract/tokenContract.ts";
import { isSecret, type StackFile, toText, type WrittenConfiguration } from "../../settings/stackFile/stackFile.ts";
import { recordOf } from "../../values/shapes.ts";
import { countChanged, type TokenChanges } from "./claimsDiff.ts";

/** A revision's stack file: its configuration over the defaults, and what else stands in it. */
type WrittenFile = Pick<StackFile, "config" | "rest">;

/** The keys that the contract takes from all customers' settings; none can be missing here. */
const SHARED_KEYS: Readonly<Record<keyof SharedSettings, true>> = {
  accessTokenLifespan: true,
  accountAccess: true,
  allowedOrigins: true,
  audience: true,
  publicUrl: true,
  realm: true,
};

const INTEGRATIONS = "scpcloud:integrations";

/** The paths, without values, of whatever changes in the stack file besides what the changes of tokens tell. */
export function otherChanges(before: WrittenFile, after: WrittenFile, changes: TokenChanges): string[] {
  const told = new Set(toldPaths(changes));
  const { [INTEGRATIONS]: customersBefore, ...configBefore } = before.config;
  const { [INTEGRATIONS]: customersAfter, ...configAfter } = after.config;
  const come = new Set([...changes.added.map(({ clientId }) => clientId), ...changes.addedRetired]);
  const gone = new Set(changes.removed.map(({ clientId }) => clientId));
  const without = (customers: unknown, left: ReadonlySet<string>) =>
    Object.fromEntries(Object.entries(recordOf(customers)).filter(([clientId]) => !left.has(clientId)));
  return [
    ...changedPaths(asTexts(configBefore), asTexts(configAfter)),
    ...changedPaths(without(customersBefore, gone), without(customersAfter, come), INTEGRATIONS),
    ...changedPaths(before.rest, after.rest),
  ]
    .filter((path) => !told.has(path))
    .sort();
}

function toldPaths(changes: TokenChanges): string[] {
  const { added, changed, existing, restored, retired } = changes;
  // Where nobody has a token before and after, the new customers' show what all have in common.
  const isSharedTold = existing.length > 0 ? countChanged(changes) > 0 : added.length + restored.length > 0;
  const entry = (clientId: string, keys: readonly string[]) => keys.map((key) => `${INTEGRATIONS}.${clientId}.${key}`);
  return [
    ...(isSharedTold ? Object.keys(SHARED_KEYS).map((key) => `scpcloud:${key}`) : []),
    ...[...retired, ...restored.map(({ clientId }) => clientId)].flatMap((clientId) => entry(clientId, ["retired"])),
    ...[...changed.flatMap(({ clientIds }) => clientIds), ...restored.map(({ clientId }) => clientId)].flatMap(
      (clientId) => entry(clientId, ["organizationId", "organizationUser"]),
    ),
  ];
}

/** 300 and "300" are one and the same to the program, which is handed texts. */
function asTexts(config: WrittenConfiguration): WrittenConfiguration {
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key, isMap(value) || isSecret(value) ? value : toText(value)]),
  );
}

/** The order of a map's keys means nothing; a list is one value. */
function changedPaths(before: unknown, after: unknown, path?: string): string[] {
  if (!isMap(before) || !isMap(after)) {
    return JSON.stringify(before) === JSON.stringify(after) ? [] : [path ?? ""];
  }
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) =>
    changedPaths(valueOf(before, key), valueOf(after, key), path === undefined ? key : `${path}.${key}`),
  );
}

function valueOf(map: WrittenConfiguration, key: string): unknown {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}

function isMap(value: unknown): value is WrittenConfiguration {
  return recordOf(value) === value && !isSecret(value);
}
