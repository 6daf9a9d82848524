import { isDeepStrictEqual } from "node:util";

import { SettingsError } from "../../faults/faults.ts";
import { refuse, UserError } from "../../faults/userError.ts";
import { checkIntegrations } from "../../settings/rules/customers.ts";
import { stackFileName, type StackFiles } from "../../settings/stackFile/files.ts";
import { sharedRealm } from "../../settings/stackFile/realmStacks.ts";
import { recordOf } from "../../values/shapes.ts";
import { addEntries, newStackFile, readStackFile, takeEntries } from "./editedFile.ts";

/** What becomes of the two stack files. */
export interface MovePlan {
  /** Whether an earlier run has written any of them into the destination's file already. */
  readonly isBegun: boolean;
  /** The file of the stack that the customers leave, afterwards. */
  readonly from: string;
  /** The file of the stack that they come to. */
  readonly to: string;
  /** That file before any customer is in it, where there is none yet, or none but for what `pulumi stack init` wrote. */
  readonly newFile?: string;
}

/**
 * @param files the stack files as they are; the destination may have none yet
 * @throws UserError, SettingsError with what stands in the way
 */
export function planMove(clientIds: readonly string[], from: string, to: string, files: StackFiles): MovePlan {
  const [fromFile, toFile] = [stackFileName(from), stackFileName(to)];
  const [fromText, written] = [files.get(from), files.get(to)];
  if (fromText === undefined) {
    throw new UserError(`There is no ${fromFile}.`);
  }
  const source = readStackFile(fromFile, fromText);
  const realmStack = source.realmStack ?? from;
  const isNew = written === undefined || readStackFile(toFile, written).config === undefined;
  const toText = isNew ? newStackFile(fromFile, fromText, realmStack) + (written ?? "") : written;
  const destination = readStackFile(toFile, toText);
  const isInRealm = to === realmStack || destination.realmStack === realmStack;
  const otherRealm =
    `${toFile}: the customers' realm is that of ${realmStack}, and the file does not say so. ` +
    `Do: write scpcloud:realmStack: ${realmStack}`;
  const faults = [
    ...(isInRealm ? [] : [otherRealm]),
    ...clientIds.flatMap((clientId) =>
      placeFaults(clientId, source.customers, destination.customers, fromFile, toFile),
    ),
    ...successorFaults(new Set(clientIds), { ...destination.customers, ...source.customers }),
  ];
  refuse(faults);
  const left = new Set(clientIds.filter((clientId) => Object.hasOwn(source.customers, clientId)));
  const taken = left.size === 0 ? { text: fromText, entries: [] } : takeEntries(fromFile, fromText, left);
  const added = taken.entries.filter(({ clientId }) => !Object.hasOwn(destination.customers, clientId));
  const plan: MovePlan = {
    isBegun: clientIds.some((clientId) => Object.hasOwn(destination.customers, clientId)),
    from: taken.text,
    to: added.length > 0 ? addEntries(toFile, toText, added) : toText,
    ...(isNew && { newFile: toText }),
  };
  refuseFaults(to, new Map([...files, [from, plan.from], [to, plan.to]]));
  return plan;
}

type Customers = Readonly<Record<string, unknown>>;

function placeFaults(clientId: string, source: Customers, destination: Customers, from: string, to: string): string[] {
  const [inSource, inDestination] = [Object.hasOwn(source, clientId), Object.hasOwn(destination, clientId)];
  if (!inSource && !inDestination) {
    return [`${clientId}: neither ${from} nor ${to} has such a customer`];
  }
  return inSource && inDestination && !isDeepStrictEqual(source[clientId], destination[clientId])
    ? [`${clientId}: ${from} and ${to} both have it, but not the same. Do: remove the wrong entry`]
    : [];
}

/** A customer's two clients are in one stack, since one has its organization from the other. */
function successorFaults(moved: ReadonlySet<string>, customers: Customers): string[] {
  return Object.entries(customers).flatMap(([successor, entry]) => {
    const { successorOf: predecessor } = recordOf(entry);
    if (typeof predecessor !== "string" || moved.has(successor) === moved.has(predecessor)) {
      return [];
    }
    const [one, other] = moved.has(successor) ? [successor, predecessor] : [predecessor, successor];
    return [
      `${one}: ${successor} is the successor of ${predecessor}, and both must be in one stack. ` +
        `Do: say --customer ${other}, too`,
    ];
  });
}

/** What the program would refuse of the files that are to be. */
function refuseFaults(to: string, files: StackFiles): void {
  const { customers, realmStack } = readStackFile(stackFileName(to), files.get(to) ?? "");
  const realm = sharedRealm(to, realmStack, files);
  const faults =
    realm === undefined
      ? []
      : [...realm.faults, ...checkIntegrations({ integrations: customers }, undefined, realm.otherStacks)];
  if (faults.length > 0) {
    throw new SettingsError(faults);
  }
}
