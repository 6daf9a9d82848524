import { UsageError } from "../cli/errors";
import {
  declaredKeys,
  isSecret,
  parseProjectFile,
  parseStackFile,
  type StackFile,
  toSource,
  withDefaults,
  type WrittenConfiguration,
} from "../../settings/stackFile";
import { SettingsError } from "../../settings/faults";
import { sharedRealm, withSharedRealm } from "../../settings/realmStacks";
import { readSettings } from "../../settings/read";
import type { OfflineSettings } from "../../settings/settings";
import { type TokenChanges, tokenChanges } from "./claimsDiff";
import { otherChanges, type WrittenStack } from "./otherChanges";
import type { RevisionFiles } from "../repository/revision";

/** What a reviewer has to know of a change of a stack file. */
export interface ClaimsReview {
  readonly stack: string;
  readonly base: string;
  /** What the program says of a stack file that it would refuse; then there is nothing to compare it with. */
  readonly faults: { readonly base?: string; readonly head?: string };
  readonly stackFile: "changed" | "added" | "removed";
  /** Undefined where the new stack file is refused. */
  readonly changes?: TokenChanges;
  /** The paths, without values, of what changes besides. */
  readonly otherChanges: readonly string[];
}

/** A stack file as it is written, and what it means. */
export interface ReadStack {
  readonly written: WrittenStack;
  readonly settings: OfflineSettings;
}

type Revision = ReadStack | { readonly faults: string };

/**
 * Compares the tokens that two revisions of a stack file promise. A base that the program refuses was never deployed:
 * its faults are told, and every customer counts as new.
 */
export function reviewClaims(stack: string, base: RevisionFiles, head: RevisionFiles): ClaimsReview {
  const [before, after] = [readRevision(stack, base, head), readRevision(stack, head, head)];
  const review: ClaimsReview = {
    stack,
    base: base.label,
    faults: {
      ...(before !== undefined && "faults" in before ? { base: before.faults } : {}),
      ...(after !== undefined && "faults" in after ? { head: after.faults } : {}),
    },
    stackFile: before === undefined ? "added" : after === undefined ? "removed" : "changed",
    otherChanges: [],
  };
  if (after !== undefined && "faults" in after) {
    return review;
  }
  const known = before === undefined || "faults" in before ? undefined : before;
  const changes = tokenChanges(known?.settings, after?.settings);
  return {
    ...review,
    changes,
    otherChanges: known === undefined || after === undefined ? [] : otherChanges(known.written, after.written, changes),
  };
}

/** Undefined where the revision has no such stack. */
function readRevision(stack: string, files: RevisionFiles, head: RevisionFiles): Revision | undefined {
  if (files.stack === undefined) {
    return undefined;
  }
  try {
    return readStack(stack, files, files.stack, head);
  } catch (error) {
    if (error instanceof SettingsError) {
      return { faults: error.message };
    }
    throw error;
  }
}

/**
 * A stack's settings from its files alone, without state and secrets.
 * @throws SettingsError with all faults; UsageError where there is no such stack
 */
export function readStackFile(stack: string, files: RevisionFiles): ReadStack {
  if (files.stack === undefined) {
    throw new UsageError(`There is no Pulumi.${stack}.yaml.`);
  }
  return readStack(stack, files, files.stack, files);
}

function readStack(stack: string, files: RevisionFiles, text: string, head: RevisionFiles): ReadStack {
  const { config, faults: fileFaults, rest } = readWritten(stack, files, text, head);
  // The environment of whoever runs this is not the deployment's, and nobody logs in.
  const own = { ...toSource(readable(config)), environment: {}, fileFaults };
  const realm = sharedRealm(
    stack,
    { realmStack: config["scpcloud:realmStack"], integrations: config["scpcloud:integrations"] },
    files.stacks,
  );
  return {
    written: { config: { ...config, ...realm?.settings }, rest },
    settings: readSettings(realm === undefined ? own : withSharedRealm(own, realm), { login: false }),
  };
}

/** What may be secret though the program checks its form, which a ciphertext has not. What stands for it passes. */
const STAND_INS: WrittenConfiguration = {
  "docker:host": "unix:///secret",
  "docker:sshOpts": [],
};

function readable(config: WrittenConfiguration): WrittenConfiguration {
  const standIn = (key: string, value: unknown) => {
    if (!isSecret(value)) {
      return value;
    }
    // Empty is as if it were not set.
    return key.startsWith("keycloak:") ? "" : Object.hasOwn(STAND_INS, key) ? STAND_INS[key] : value;
  };
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [key, standIn(key, value)]));
}

/**
 * A key that the revision did not declare yet, or does no longer, is taken as today's Pulumi.yaml has it: today's
 * program reads both revisions.
 */
function readWritten(stack: string, files: RevisionFiles, text: string, head: RevisionFiles): StackFile {
  const { config, ...others } = parseStackFile(`Pulumi.${stack}.yaml`, text);
  const declaredIn = ({ project = "" }: RevisionFiles) => declaredKeys(parseProjectFile(project));
  const today = declaredIn(head);
  const known = Object.entries(declaredIn(files)).filter(([key]) => Object.hasOwn(today, key));
  return { config: withDefaults(config, { ...today, ...Object.fromEntries(known) }), ...others };
}
