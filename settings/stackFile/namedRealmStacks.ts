import { didYouMean, SettingsError, shown } from "../../faults/faults.ts";
import { isWrittenPlainly, stackFileName, type StackFiles } from "./files.ts";
import { parseStackFile } from "./stackFile.ts";

/** The key by which a stack of customers names the stack that declares its realm's client scopes. */
export const REALM_STACK = "scpcloud:realmStack";

/** By stack, the realm stack that its file names; empty where it names none. */
type NamedRealmStacks = ReadonlyMap<string, string>;

/** What all stack files of a project name. */
export function realmStacks(files: StackFiles): NamedRealmStacks {
  return new Map([...files.keys()].map((stack) => [stack, realmStackIn(stack, files)]));
}

/** A file in plain lines is not parsed: that of many customers takes longer than all the rest. */
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

/** The stacks that name a realm stack; those that name none, for an empty one. */
export function stacksNaming(realmStack: string, named: NamedRealmStacks): string[] {
  return [...named].filter(([, name]) => name === realmStack).map(([stack]) => stack);
}

/**
 * Refuses a realm stack that cannot be one.
 * @param stack the one that names it, if it is known
 * @throws SettingsError with all faults
 */
export function refuseRealmStack(realmStack: string, named: NamedRealmStacks, stack?: string): void {
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

function* checkRealmStack(realmStack: string, named: NamedRealmStacks, stack?: string): Generator<Parts> {
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
