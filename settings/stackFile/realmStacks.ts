import type { Fault } from "../../faults/faults.ts";
import { recordOf } from "../../values/shapes.ts";
import { comparedCustomers } from "../rules/customers.ts";
import { STACK } from "../schema/stack.ts";
import type { ConfigurationSource, OtherStacks } from "../source.ts";
import { isWrittenPlainly, stackFileName, type StackFiles } from "./files.ts";
import { REALM_STACK, realmStacks, refuseRealmStack, stacksNaming } from "./namedRealmStacks.ts";
import { ENVIRONMENT, parseStackFile, toSource, toText, type WrittenConfiguration } from "./stackFile.ts";

/** Whether a stack of customers has it from its realm stack. */
const isShared = (key: string) => key.startsWith("scpcloud:") && ![REALM_STACK, "scpcloud:integrations"].includes(key);

/** A stack of a realm: the realm stack, which declares what all share, or one of customers only, which names it. */
export interface StackOfRealm {
  readonly stack: string;
  /** The stack's file, in the project's folder. */
  readonly file: string;
  /** The customers' entries by client id, as they are written. */
  readonly integrations: Readonly<Record<string, unknown>>;
}

function readStack(stack: string, files: StackFiles): StackOfRealm {
  const file = stackFileName(stack);
  const { config } = parseStackFile(file, files.get(stack) ?? "");
  return { stack, file, integrations: recordOf(config["scpcloud:integrations"]) };
}

/**
 * The stacks of a realm: the realm stack first, then those that name it, in the order of their names.
 * @throws SettingsError where there is no such stack file, or it names another realm stack itself
 */
export function stacksOfRealm(realmStack: string, files: StackFiles): StackOfRealm[] {
  const named = realmStacks(files);
  refuseRealmStack(realmStack, named);
  return [realmStack, ...stacksNaming(realmStack, named)].map((stack) => readStack(stack, files));
}

/** The stacks that name no realm stack: each is its realm's own, alone or with those that name it. */
export function realmsOf(files: StackFiles): string[] {
  return stacksNaming("", realmStacks(files));
}

type SharedRealm = Pick<ConfigurationSource, "otherStacks" | "realmFile" | "usedBy"> & {
  /** What is wrong between the files. */
  readonly faults: readonly Fault[];
  /** What the file of its realm stack says, by full key. */
  readonly settings?: WrittenConfiguration;
};

/**
 * What a stack has from the others of its realm; undefined where it is alone there.
 * @param named what its configuration says as its `realmStack`
 * @throws SettingsError where its realm stack cannot be told, so that most of its settings are not known
 */
export function sharedRealm(stack: string, named: unknown, files: StackFiles): SharedRealm | undefined {
  const file = stackFileName(stack);
  const all = realmStacks(files);
  const users = stacksNaming(stack, all);
  const besides = (others: readonly string[]): OtherStacks => ({
    file,
    customersNaming: (names) => customersNaming(names, others, files),
  });
  if (named === undefined || named === "") {
    return users.length === 0
      ? undefined
      : { faults: [], otherStacks: besides(users), usedBy: users.filter((user) => hasCustomers(user, files)) };
  }
  const realmStack = toText(named);
  refuseRealmStack(realmStack, all, stack);
  const realmFile = stackFileName(realmStack);
  const { config, faults: ofRealm } = parseStackFile(realmFile, files.get(realmStack) ?? "");
  return {
    realmFile,
    settings: Object.fromEntries(Object.entries(config).filter(([key]) => isShared(key))),
    faults: [
      ...ofRealm.filter(({ key }) => key === ENVIRONMENT || isShared(key.split(/[.[]/, 1)[0] ?? "")),
      ...checkRepeated(file, realmFile, files.get(stack) ?? ""),
    ],
    otherStacks: besides([realmStack, ...stacksNaming(realmStack, all)].filter((other) => other !== stack)),
  };
}

/**
 * The customers of the stacks whose files may have one of these names. To read all files would take longer than all the
 * rest. A name stands there as it is, unless YAML spells it with a backslash, two single quotes or a line's end.
 */
function customersNaming(names: readonly string[], stacks: readonly string[], files: StackFiles) {
  const lowerCased = names.map((name) => name.toLowerCase());
  return stacks
    .filter((stack) => {
      const plain = (files.get(stack) ?? "").replace(/\s+/g, " ").toLowerCase();
      return /\\|''/.test(plain) || lowerCased.some((name) => plain.includes(name));
    })
    .map((stack) => readStack(stack, files))
    .flatMap(({ file, integrations }) => comparedCustomers(integrations, file));
}

/** A configuration with what the realm's other stacks add to it. */
export function withSharedRealm(source: ConfigurationSource, realm: SharedRealm | undefined): ConfigurationSource {
  if (realm === undefined) {
    return source;
  }
  const { faults, settings = {}, ...added } = realm;
  const { values, hasParts, secretKeys } = toSource(settings);
  return {
    ...source,
    ...added,
    values: { ...source.values, ...values },
    hasParts: { ...source.hasParts, ...hasParts },
    secretKeys: new Set([...source.secretKeys, ...secretKeys]),
    fileFaults: [...(source.fileFaults ?? []), ...faults],
    ownValues: source.values,
  };
}

/** A stack without customers does not use the realm. A file in plain lines is not parsed (namedRealmStacks.ts). */
function hasCustomers(stack: string, files: StackFiles): boolean {
  const text = files.get(stack) ?? "";
  return isWrittenPlainly(text)
    ? /^ {2}scpcloud:integrations:(?! +\{\})/m.test(text)
    : Object.keys(readStack(stack, files).integrations).length > 0;
}

/** Pulumi hands out the defaults of Pulumi.yaml with the rest; only the file tells what was written. */
function checkRepeated(file: string, realmFile: string, text: string): Fault[] {
  return Object.keys(parseStackFile(file, text).config)
    .filter((key) => isShared(key) && Object.hasOwn(STACK.entries, key.slice("scpcloud:".length)))
    .map((key) => ({
      key,
      rule: `must not stand in ${file}`,
      reason: `a stack with ${REALM_STACK} has customers only, and all else from ${realmFile}`,
      remedy: `remove it; ${realmFile} says it for all stacks of the realm`,
    }));
}
