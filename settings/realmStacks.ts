import { plainKeys } from "./configKeys";
import { checkCustomers, checkLookedUp, readStack, type StackOfRealm, toCustomers } from "./customersOfRealm";
import { recordOf } from "./decode";
import { didYouMean, type Fault, SettingsError, shown } from "./faults";
import { STACK } from "./schema/stack";
import type { ConfigurationSource, TwinsElsewhere } from "./source";
import { ENVIRONMENT, parseStackFile, toSource, toText, type WrittenConfiguration } from "./stackFile";
import { type StackFiles, stackFileName } from "./stackFiles";

const REALM_STACK = "scpcloud:realmStack";
const INTEGRATIONS = "scpcloud:integrations";
/** What a stack of customers has itself. */
const OWN_KEYS: readonly string[] = [REALM_STACK, INTEGRATIONS];

/**
 * The stacks of a realm: the realm stack first, then those that name it, in the order of their names.
 * @throws SettingsError where there is no such stack file, or it names another realm stack itself
 */
export function stacksOfRealm(realmStack: string, files: StackFiles): StackOfRealm[] {
  const named = realmStacks(files);
  const faults = [...checkNamed(realmStack, named, files)];
  if (faults.length > 0) {
    throw new SettingsError(faults);
  }
  return [realmStack, ...stacksNaming(realmStack, named)].map((stack) => readStack(stack, files));
}

/** The stacks that name no realm stack: each is its realm's own, alone or with those that name it. */
export function realmsOf(files: StackFiles): string[] {
  const named = realmStacks(files);
  return [...files.keys()].filter((stack) => !named.has(stack));
}

/** What a stack has from the others of its realm. */
export interface SharedRealm {
  /** Of a stack of customers only: the file of its realm stack, and what that says, by full key. */
  readonly file?: string;
  readonly settings?: WrittenConfiguration;
  /** Of a realm stack: the stacks that name it and have customers. */
  readonly usedBy?: readonly string[];
  /** What is wrong between the files. */
  readonly faults: readonly Fault[];
  readonly twinsElsewhere: TwinsElsewhere;
}

/**
 * What a stack has from the others of its realm; undefined where it is alone there.
 * @param own what its configuration says itself: its `realmStack`, and the customers' entries
 * @throws SettingsError where its realm stack cannot be told, so that most of its settings are not known
 */
export function sharedRealm(
  stack: string,
  own: { readonly realmStack: unknown; readonly integrations: unknown },
  files: StackFiles,
): SharedRealm | undefined {
  const named = realmStacks(files);
  const users = stacksNaming(stack, named);
  const twinsIn =
    (others: readonly string[]): TwinsElsewhere =>
    (looked) =>
      checkLookedUp(
        looked.map((one) => ({ ...one, file: stackFileName(stack) })),
        others,
        files,
      );
  const customers = toCustomers({ file: stackFileName(stack), integrations: recordOf(own.integrations) });
  if (own.realmStack === undefined || own.realmStack === "") {
    return users.length === 0
      ? undefined
      : {
          usedBy: users.filter((user) => hasCustomers(user, files.get(user) ?? "")),
          faults: [...checkCustomers(customers, users, files)],
          twinsElsewhere: twinsIn(users),
        };
  }
  const realmStack = toText(own.realmStack);
  const faults =
    realmStack === stack
      ? [namesItself(stack)]
      : [...checkPlace(stack, realmStack, users, named), ...checkNamed(realmStack, named, files)];
  if (faults.length > 0) {
    throw new SettingsError(faults);
  }
  const file = stackFileName(realmStack);
  const { config, faults: fileFaults } = parseStackFile(file, files.get(realmStack) ?? "");
  const isShared = (key: string) => key.startsWith("scpcloud:") && !OWN_KEYS.includes(key);
  const others = [realmStack, ...stacksNaming(realmStack, named).filter((other) => other !== stack)];
  return {
    file,
    settings: Object.fromEntries(Object.entries(config).filter(([key]) => isShared(key))),
    faults: [
      ...fileFaults.filter(({ key }) => key === ENVIRONMENT || isShared(key.split(/[.[]/, 1)[0] ?? "")),
      ...checkRepeated(stack, file, files.get(stack) ?? ""),
      ...checkCustomers(customers, others, files),
    ],
    twinsElsewhere: twinsIn(others),
  };
}

/** A configuration with what the realm's other stacks add to it. */
export function withSharedRealm(
  source: ConfigurationSource,
  { faults, file, settings = {}, twinsElsewhere, usedBy }: SharedRealm,
): ConfigurationSource {
  const { values, hasParts, secretKeys } = toSource(settings);
  return {
    ...source,
    values: { ...source.values, ...values },
    hasParts: { ...source.hasParts, ...hasParts },
    secretKeys: new Set([...source.secretKeys, ...secretKeys]),
    fileFaults: [...(source.fileFaults ?? []), ...faults],
    ownValues: source.values,
    twinsElsewhere,
    ...(file === undefined ? {} : { realmFile: file }),
    ...(usedBy === undefined ? {} : { usedBy }),
  };
}

/** By stack, the realm stack that its file names. */
function realmStacks(files: StackFiles): ReadonlyMap<string, string> {
  const named = [...files].map(([stack, text]): [string, unknown] => [stack, realmStackIn(stack, text)]);
  return new Map(named.filter((entry): entry is [string, string] => typeof entry[1] === "string" && entry[1] !== ""));
}

function realmStackIn(stack: string, text: string): unknown {
  if (!text.includes("realmStack")) {
    return undefined;
  }
  const plain = /^(["']?)([\w.-]+)\1\s*(?:#.*)?$/.exec(plainKeys(text)?.get(REALM_STACK) ?? "");
  return plain?.[2] ?? parseStackFile(stackFileName(stack), text).config[REALM_STACK];
}

function stacksNaming(realmStack: string, named: ReadonlyMap<string, string>): string[] {
  return [...named].filter(([, name]) => name === realmStack).map(([stack]) => stack);
}

/** A stack without any does not use the realm (yet, or any more). */
function hasCustomers(stack: string, text: string): boolean {
  const plain = plainKeys(text)?.get(INTEGRATIONS);
  return plain === undefined
    ? Object.keys(readStack(stack, new Map([[stack, text]])).integrations).length > 0
    : !/^\{\s*\}/.test(plain);
}

/** What is wrong with the stack that is named. */
function* checkNamed(realmStack: string, named: ReadonlyMap<string, string>, files: StackFiles): Generator<Fault> {
  const further = named.get(realmStack);
  if (!files.has(realmStack)) {
    const candidates = [...files.keys()].filter((stack) => !named.has(stack));
    yield fault(
      "must be the name of another stack, whose stack file is in the project's folder",
      `there is no ${stackFileName(realmStack)}`,
      shown(realmStack),
      didYouMean(realmStack, candidates),
    );
  } else if (further !== undefined) {
    yield fault(
      "must be a stack that has no realmStack itself",
      "it has to declare the client scopes of the realm",
      `${shown(realmStack)}, but ${stackFileName(realmStack)} has ${REALM_STACK}: ${further}`,
      `write ${shown(further)} here, or remove ${REALM_STACK} from ${stackFileName(realmStack)}`,
    );
  }
}

function namesItself(stack: string): Fault {
  return fault(
    "must be the name of another stack",
    "a stack that declares the client scopes of the realm itself has no realmStack",
    `${shown(stack)} in ${stackFileName(stack)}`,
    "remove it, or write the stack that declares them",
  );
}

/** What is wrong with a stack that names one. */
function* checkPlace(
  stack: string,
  realmStack: string,
  users: readonly string[],
  named: ReadonlyMap<string, string>,
): Generator<Fault> {
  const file = stackFileName(stack);
  if (named.get(stack) !== realmStack) {
    yield fault(
      `must stand in ${file}, in the project's folder`,
      "the other stacks of the realm read there which customers this one has",
      shown(realmStack),
      "write it there; a file that is named by --config-file cannot say it",
    );
  }
  if (users.length > 0) {
    yield fault(
      "must not be set in a stack that others name as theirs",
      "they have their settings from it, and it has none itself",
      `${file} has ${shown(realmStack)}, and ${users.map(stackFileName).join(", ")} ${REALM_STACK}: ${stack}`,
      `remove it here, or write ${shown(realmStack)} there`,
    );
  }
}

function fault(rule: string, reason: string, value: string, remedy: string): Fault {
  return { key: REALM_STACK, rule, reason, value, remedy };
}

/** Pulumi hands out the defaults of Pulumi.yaml with the rest; only the file tells what was written. */
function checkRepeated(stack: string, realmFile: string, text: string): Fault[] {
  const file = stackFileName(stack);
  const keys = plainKeys(text)?.keys() ?? Object.keys(parseStackFile(file, text).config);
  const repeatable = Object.keys(STACK.entries).map((key) => `scpcloud:${key}`);
  return [...keys]
    .filter((key) => repeatable.includes(key) && !OWN_KEYS.includes(key))
    .map((key) => ({
      key,
      rule: `must not stand in ${file}`,
      reason: `a stack with ${REALM_STACK} has customers only, and all else from ${realmFile}`,
      remedy: `remove it; ${realmFile} says it for all stacks of the realm`,
    }));
}
