import { fullKey } from "./configKeys";
import { readSettings } from "./read";
import { sharedRealm, withSharedRealm } from "./realmStacks";
import type { OfflineSettings } from "./settings";
import {
  declaredKeys,
  isSecret,
  parseProjectFile,
  parseStackFile,
  type StackFile,
  toSource,
  withDefaults,
  type WrittenConfiguration,
} from "./stackFile";
import type { StackFiles } from "./stackFiles";

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
  const { read, written: config, faults: fileFaults, rest } = readConfiguration(stack, files, text, today);
  // The environment of whoever runs this is not the deployment's, and nobody logs in.
  const own = { ...toSource(readable(read)), environment: {}, fileFaults };
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

/** What may be secret is as if it were not set: the program checks its form, which a ciphertext has not. */
function readable(config: WrittenConfiguration): WrittenConfiguration {
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key, isSecret(value) && key.startsWith("keycloak:") ? "" : value]),
  );
}

/**
 * Today's program reads every revision. A key that the revision did not declare yet is taken as today's Pulumi.yaml has
 * it. One that is not declared any more is left out: containers once stood in these files, with what Docker was told.
 */
function readConfiguration(stack: string, files: ProjectFiles, text: string, now: ProjectFiles) {
  const { config, faults, rest } = parseStackFile(`Pulumi.${stack}.yaml`, text);
  const declaredIn = ({ project = "" }: ProjectFiles) => declaredKeys(parseProjectFile(project));
  const [then, today] = [declaredIn(files), declaredIn(now)];
  const known = Object.entries(then).filter(([key]) => Object.hasOwn(today, key));
  const gone = Object.keys(then).filter((key) => !Object.hasOwn(today, key));
  const written = withDefaults(config, { ...today, ...Object.fromEntries(known) });
  const read = Object.entries(written).filter(
    ([key]) => !gone.some((name) => key === fullKey(name) || (name === "apps" && key.startsWith("docker:"))),
  );
  return { written, read: Object.fromEntries(read), faults, rest };
}
