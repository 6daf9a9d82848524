import { didYouMean, type Fault, SettingsError, shown } from "../../faults/faults.ts";
import { recordOf } from "../../values/shapes.ts";
import { comparedCustomers, type OtherStacks } from "../integrations.ts";
import { STACK } from "../schema/stack.ts";
import type { ConfigurationSource } from "../source.ts";
import { isWrittenPlainly, stackFileName, type StackFiles } from "./files.ts";
import { ENVIRONMENT, parseStackFile, toSource, toText, type WrittenConfiguration } from "./stackFile.ts";

const REALM_STACK = "scpcloud:realmStack";
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
 * The customers of the stacks whose files may have one of these names. YAML spells a text otherwise than it is only with
 * a backslash, two single quotes, or a line's end for a blank. Reading all files would take longer than all the rest.
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

/** By stack, the realm stack that its file names; empty where it names none. */
type Named = ReadonlyMap<string, string>;

function realmStacks(files: StackFiles): Named {
  return new Map([...files.keys()].map((stack) => [stack, realmStackIn(stack, files)]));
}

// A file in plain lines is not parsed, here and below: that of many customers takes longer than all the rest.
function realmStackIn(stack: string, files: StackFiles): string {
  const text = files.get(stack) ?? "";
  if (!text.includes("realmStack")) {
    return "";
  }
  const named = isWrittenPlainly(text)
    ? /^ {2}scpcloud:realmStack: +(["']?)(?<name>[\w.-]+)\1/m.exec(text)?.groups?.["name"]
    : parseStackFile(stackFileName(stack), text).config[REALM_STACK];
  return typeof named === "string" ? named : "";
}

function stacksNaming(realmStack: string, named: Named): string[] {
  return [...named].filter(([, name]) => name === realmStack).map(([stack]) => stack);
}

/** A stack without any does not use the realm (yet, or any more). */
function hasCustomers(stack: string, files: StackFiles): boolean {
  const text = files.get(stack) ?? "";
  return isWrittenPlainly(text)
    ? /^ {2}scpcloud:integrations:(?! +\{\})/m.test(text)
    : Object.keys(readStack(stack, files).integrations).length > 0;
}

/**
 * @param stack the one that names it, if it is known
 * @throws SettingsError where it cannot be the realm stack
 */
function refuseRealmStack(realmStack: string, named: Named, stack?: string): void {
  const faults = Array.from(checkRealmStack(realmStack, named, stack), ([rule, reason, value, remedy]) => ({
    key: REALM_STACK,
    rule,
    reason,
    value,
    remedy,
  }));
  if (faults.length > 0) {
    throw new SettingsError(faults);
  }
}

type Parts = readonly [rule: string, reason: string, value: string, remedy: string];

function* checkRealmStack(realmStack: string, named: Named, stack?: string): Generator<Parts> {
  const realmFile = stackFileName(realmStack);
  if (stack !== undefined) {
    const file = stackFileName(stack);
    if (realmStack === stack) {
      yield [
        "must be the name of another stack",
        "a stack that declares the client scopes of the realm itself has no realmStack",
        `${shown(stack)} in ${file}`,
        "remove it, or write the stack that declares them",
      ];
      return;
    }
    if (named.get(stack) !== realmStack) {
      yield [
        `must stand in ${file}, in the project's folder`,
        "the other stacks of the realm read there which customers this one has",
        shown(realmStack),
        "write it there; a file that is named by --config-file cannot say it",
      ];
    }
    const users = stacksNaming(stack, named).map(stackFileName);
    if (users.length > 0) {
      yield [
        "must not be set in a stack that others name as theirs",
        "they have their settings from it, and it has none itself",
        `${file} has ${shown(realmStack)}, and ${users.join(", ")} ${REALM_STACK}: ${stack}`,
        `remove it here, or write ${shown(realmStack)} there`,
      ];
    }
  }
  const further = named.get(realmStack);
  if (further === undefined) {
    yield [
      "must be the name of another stack, whose stack file is in the project's folder",
      `there is no ${realmFile}`,
      shown(realmStack),
      didYouMean(realmStack, stacksNaming("", named)),
    ];
  } else if (further !== "") {
    yield [
      "must be a stack that has no realmStack itself",
      "it has to declare the client scopes of the realm",
      `${shown(realmStack)}, but ${realmFile} has ${REALM_STACK}: ${further}`,
      `write ${shown(further)} here, or remove ${REALM_STACK} from ${realmFile}`,
    ];
  }
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
