/**
 * Takes a pull request's stack files into this checkout of main, whose program reads them: stack-files.ts FOLDER [--checked]
 * With --checked, it takes only what leads a preview nowhere else: the program may decrypt secrets and log in.
 */
import { lstatSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";

import { stringify } from "yaml";

import { messageOf, UsageError } from "../commands/cli/errors.ts";
import { type Fault, SettingsError, shown } from "../faults/faults.ts";
import { isStarted, runToExitCode } from "../processes/program.ts";
import { readStackFiles, stackFileName, type StackFiles, stackOfFile } from "../settings/stackFile/files.ts";
import { parseStackFile, type StackFile } from "../settings/stackFile/stackFile.ts";

/** What a customer's pull request is about. All else says where something is, who logs in, or what is a secret. */
const HARMLESS: ReadonlySet<string> = new Set(
  [
    "accessTokenLifespan",
    "accountAccess",
    "allowedOrigins",
    "audience",
    "contact",
    "forbiddenOrganizationIds",
    "forbiddenOrganizationUsers",
    "integrations",
    "protect",
    "secretRotation",
  ].map((name) => `scpcloud:${name}`),
);
/** A stack of 200 customers has 30 KB. */
const MOST_CHARACTERS = 1_000_000;

/** The stack files of a folder, as far as they are files; what else is there under such a name is nobody's stack. */
function filesIn(folder: string): StackFiles {
  const found = readdirSync(folder).flatMap((name): [string, string][] => {
    const stack = stackOfFile(name);
    const path = join(folder, name);
    // A link would name a file of this machine.
    return stack === undefined || !lstatSync(path).isFile() ? [] : [[stack, readFileSync(path, "utf8")]];
  });
  return new Map(found);
}

/**
 * Main's stack files with the changes of a pull request.
 * @returns those that change, written anew: two readers of YAML may take one text for two things
 * @throws SettingsError with everything that leads elsewhere
 */
export function checkedFiles(main: StackFiles, theirs: StackFiles): StackFiles {
  const faults: Fault[] = [];
  const changed = new Map<string, string>();
  for (const stack of new Set([...main.keys(), ...theirs.keys()])) {
    const [before, after] = [main.get(stack), theirs.get(stack)];
    if (before === undefined || after === undefined) {
      faults.push(refusal(stackFileName(stack), "must be there before and after", "it adds or removes a stack"));
    } else if (before !== after) {
      changed.set(stack, checked(stack, before, after, faults));
    }
  }
  if (faults.length > 0) {
    throw new SettingsError(faults);
  }
  return changed;
}

function checked(stack: string, before: string, after: string, faults: Fault[]): string {
  const file = stackFileName(stack);
  if (after.length > MOST_CHARACTERS) {
    faults.push(refusal(file, `must have at most ${MOST_CHARACTERS} characters`, "a preview has to read it"));
    return before;
  }
  const [old, now] = [parseStackFile(file, before), read(file, after, faults)];
  if (now === undefined) {
    return before;
  }
  faults.push(...now.faults);
  for (const key of differing(old.rest, now.rest)) {
    faults.push(refusal(key, "must stay as it is on main", "it says how the secrets are encrypted", file));
  }
  for (const key of differing(old.config, now.config)) {
    if (!HARMLESS.has(key)) {
      faults.push(
        refusal(
          key,
          "must stay as it is on main",
          "it says where the preview looks, as whom it logs in, or what it decrypts",
          file,
        ),
      );
    } else if (hasSecret(now.config[key])) {
      faults.push(refusal(key, "must have no encrypted value", "the preview would decrypt it, and may show it", file));
    }
  }
  const harmless = Object.entries(now.config).filter(([key]) => HARMLESS.has(key));
  const others = Object.entries(old.config).filter(([key]) => !HARMLESS.has(key));
  return stringify(
    { ...old.rest, config: Object.fromEntries([...others, ...harmless]) },
    { lineWidth: 0, aliasDuplicateObjects: false },
  );
}

function read(file: string, text: string, faults: Fault[]): StackFile | undefined {
  try {
    return parseStackFile(file, text);
  } catch (error) {
    if (!(error instanceof SettingsError)) {
      throw error;
    }
    faults.push(...error.faults);
    return undefined;
  }
}

function differing(a: StackFile["rest"], b: StackFile["rest"]): string[] {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].filter((key) => !isDeepStrictEqual(a[key], b[key])).sort();
}

/** Also one below a list or a map; and a key by which another reader would merge something in. */
function hasSecret(value: unknown): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    Object.entries(value).some(([key, item]) => key === "secure" || key === "<<" || hasSecret(item))
  );
}

function refusal(key: string, rule: string, reason: string, file?: string): Fault {
  return {
    key,
    rule,
    reason,
    ...(file === undefined ? {} : { value: shown(file) }),
    remedy: "merge this change alone: the plan of its deployment shows what it does, and asks for approval",
  };
}

function main(folder: string | undefined, isChecked: boolean): void {
  if (folder === undefined) {
    throw new UsageError("Say: node .github/stack-files.ts FOLDER [--checked]");
  }
  const directory = resolve(import.meta.dirname, "..");
  const [own, theirs] = [readStackFiles(directory), filesIn(folder)];
  for (const [stack, text] of isChecked ? checkedFiles(own, theirs) : theirs) {
    writeFileSync(join(directory, stackFileName(stack)), text);
  }
  if (!isChecked) {
    [...own.keys()]
      .filter((stack) => !theirs.has(stack))
      .forEach((stack) => rmSync(join(directory, stackFileName(stack))));
  }
}

if (isStarted(import.meta.filename)) {
  runToExitCode(() => main(process.argv[2], process.argv.includes("--checked")), messageOf);
}
