import { readSettings } from "../read.ts";
import type { OfflineSettings } from "../settings.ts";
import { type StackFiles, stackFileName } from "./files.ts";
import { sharedRealm, withSharedRealm } from "./realmStacks.ts";
import {
  declaredKeys,
  fullKey,
  isSecret,
  parseStackFile,
  type StackFile,
  toSource,
  withDefaults,
  type WrittenConfiguration,
} from "./stackFile.ts";

/** The files of the main project that a stack's configuration is written in. */
export interface ProjectFiles {
  /** Pulumi.yaml. */
  readonly project: string | undefined;
  /** All stack files, where any may share its realm with others. */
  readonly stacks: StackFiles;
}

/** A stack file as it is written, and what it means. */
export interface WrittenStack {
  readonly written: Pick<StackFile, "config" | "rest">;
  readonly settings: OfflineSettings;
}

/**
 * A stack's settings from files alone, without state and secrets.
 * @param text the stack's file
 * @param today the files of the revision that reads them
 * @throws SettingsError with all faults
 */
export function readWrittenStack(stack: string, files: ProjectFiles, text: string, today: ProjectFiles): WrittenStack {
  const { config, faults: fileFaults, rest } = parseStackFile(stackFileName(stack), text);
  const { read, written } = configurationAt(config, files, today);
  // The environment of whoever runs this is not the deployment's, and nobody logs in.
  const own = { ...toSource(readable(read)), environment: {}, fileFaults };
  const realm = sharedRealm(stack, written["scpcloud:realmStack"], files.stacks);
  return {
    written: { config: { ...written, ...realm?.settings }, rest },
    settings: readSettings(withSharedRealm(own, realm), { login: false }),
  };
}

/** Takes what may be secret as not set: the program checks a value's form, and a ciphertext has another one. */
function readable(config: WrittenConfiguration): WrittenConfiguration {
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key, isSecret(value) && key.startsWith("keycloak:") ? "" : value]),
  );
}

/**
 * Today's program reads every revision. A key that the revision did not declare yet is taken as today's Pulumi.yaml has
 * it. One that is not declared any more is left out: containers once stood in these files, with what Docker was told.
 */
function configurationAt(config: WrittenConfiguration, revision: ProjectFiles, now: ProjectFiles) {
  const [then, today] = [revision, now].map(({ project = "" }) => declaredKeys(project)) as [Declared, Declared];
  const known = Object.entries(then).filter(([key]) => Object.hasOwn(today, key));
  const gone = Object.keys(then).filter((key) => !Object.hasOwn(today, key));
  const written = withDefaults(config, { ...today, ...Object.fromEntries(known) });
  const read = Object.entries(written).filter(
    ([key]) => !gone.some((name) => key === fullKey(name) || (name === "apps" && key.startsWith("docker:"))),
  );
  return { written, read: Object.fromEntries(read) };
}

type Declared = ReturnType<typeof declaredKeys>;
