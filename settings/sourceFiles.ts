import { mayHaveFaults } from "./configKeys";
import { decodeAs } from "./decode";
import { type Fault, SettingsError } from "./faults";
import { STACK } from "./schema/stack";
import type { ConfigurationSource } from "./source";
import { mayShareRealm, readStackFiles, stackFileName, type StackFiles } from "./stackFiles";

/**
 * A configuration with what the stack files in the current folder add to it, where Pulumi runs the program and npm the
 * commands: the settings of the realm's stack, and what is wrong with the files though Pulumi takes them.
 * @param stack its name, with or without organization and project
 * @throws SettingsError where its realm stack cannot be told
 */
export function withStackFiles(stack: string, source: ConfigurationSource): ConfigurationSource {
  const name = stack.split("/").at(-1) ?? stack;
  const files = readStackFiles();
  const own = {
    ...source,
    fileFaults: [...embeddedStateFaults(name, source.environment), ...stackFileFaults(name, source.values, files)],
  };
  const realmStack = source.values["scpcloud:realmStack"];
  if (!realmStack && !mayShareRealm(files)) {
    return own;
  }
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- a YAML library is loaded where it is needed only
  const { sharedRealm, withSharedRealm } = require("./realmStacks") as typeof import("./realmStacks");
  const integrations = decodeAs(STACK.entries.integrations, source.values["scpcloud:integrations"] ?? "");
  const realm = sharedRealm(name, { realmStack, integrations }, files);
  return realm === undefined ? own : withSharedRealm(own, realm);
}

/** Where `make up` keeps the state (development/environment.ts), by its URL. */
export function isEmbeddedState(backendUrl = ""): boolean {
  return /^file:\/\/.*\/\.local\/state[^/]*\/?$/.test(backendUrl);
}

/** What to do where another stack than dev is about to be kept there. */
export const LEAVE_EMBEDDED_STATE =
  'open a new terminal, without eval "$(make env)", and log in there to the backend of this stack; what was encrypted ' +
  "here is readable to everybody, so set the secrets of its stack file anew (docs/state.md)";

/** Pulumi takes the variable before its own login, of which it only warns. */
function embeddedStateFaults(stack: string, { PULUMI_BACKEND_URL: url }: ConfigurationSource["environment"]): Fault[] {
  return stack === "dev" || !isEmbeddedState(url)
    ? []
    : [
        {
          key: "PULUMI_BACKEND_URL",
          rule: "must not be the state of the embedded Keycloak, but for the stack dev",
          reason:
            "whoever starts the embedded Keycloak afresh deletes that state, and its passphrase is empty; " +
            'eval "$(make env)" has set it, and pulumi login does not change it',
          value: url ?? "",
          remedy: LEAVE_EMBEDDED_STATE,
        },
      ];
}

/**
 * What is wrong with a stack's file. Nothing where the values come from another file (`--config-file`), of which nobody
 * is told.
 */
function stackFileFaults(stack: string, values: ConfigurationSource["values"], files: StackFiles): readonly Fault[] {
  const text = files.get(stack);
  if (text === undefined || !mayHaveFaults(text)) {
    return [];
  }
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- a YAML library is loaded on suspicion only
  const { parseStackFile } = require("./stackFile") as typeof import("./stackFile");
  try {
    const { config, faults } = parseStackFile(stackFileName(stack), text);
    return Object.keys(config).every((key) => Object.hasOwn(values, key)) ? faults : [];
  } catch (error) {
    if (error instanceof SettingsError) {
      return [];
    }
    throw error;
  }
}
