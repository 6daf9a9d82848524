import { readFileSync } from "node:fs";
import { join } from "node:path";

import { serviceEnvironments } from "../../components/serviceConfiguration.ts";
import { SettingsError, shown } from "../../faults/faults.ts";
import { readStackFiles, stackFileName } from "../../settings/stackFile/files.ts";
import { isSecret } from "../../settings/stackFile/stackFile.ts";
import { readWrittenStack } from "../../settings/stackFile/writtenStack.ts";
import type { Service } from "./settings.ts";

/** What the containers are told by the stack of the same name in the main project. */
export interface MainStack {
  /** The name of its file. */
  readonly file: string;
  readonly environments: Readonly<Record<Service, Readonly<Record<string, string>>>>;
  readonly backchannelUrl: string;
  /** PEM of the CA by which the deployer trusts Keycloak; empty for a secret one, which cannot be read. */
  readonly caCertificate: string | undefined;
}

/**
 * Computes it from the main project's files, with the functions that the main program uses. A reference to the stack
 * would give all its outputs, the customers' secrets too.
 * @throws SettingsError where the main program would refuse the file, or would declare no services from it
 */
export function readMainStack(stack: string, directory: string): MainStack {
  const file = stackFileName(stack);
  const stacks = readStackFiles(directory);
  const text = stacks.get(stack);
  if (text === undefined) {
    throw refused(stack, {
      rule: `must be the name of a stack of the main project, which has a ${file}`,
      reason: "what BFF and API are told follows from that file",
      remedy: `give this stack the name of the stack that declares the realm: ${[...stacks.keys()].join(", ")}`,
    });
  }
  const project = readFileSync(join(directory, "Pulumi.yaml"), "utf8");
  const { settings, written } = readMain(stack, { project, stack: text, stacks });
  if (settings.realmStack !== undefined) {
    throw refused(stack, {
      rule: "must be the name of a realm's own stack",
      reason: `${file} has scpcloud:realmStack, and so customers only`,
      remedy: `use the stack ${settings.realmStack}`,
    });
  }
  const caCertificate = written.config["keycloak:rootCaCertificate"];
  return {
    file,
    environments: serviceEnvironments(settings),
    backchannelUrl: settings.backchannelUrl,
    caCertificate: isSecret(caCertificate) ? "" : ((caCertificate || undefined) as string | undefined),
  };
}

type Files = Parameters<typeof readWrittenStack>[1];

function readMain(stack: string, files: Files & { readonly stack: string }): ReturnType<typeof readWrittenStack> {
  try {
    return readWrittenStack(stack, files, files.stack, files);
  } catch (error) {
    throw error instanceof SettingsError
      ? new SettingsError(error.faults, `in ${stackFileName(stack)} of the main project; nothing was changed`)
      : error;
  }
}

function refused(stack: string, fault: { rule: string; reason: string; remedy: string }): SettingsError {
  return new SettingsError([{ key: "stack", value: shown(stack), ...fault }]);
}
