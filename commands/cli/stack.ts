import { LocalWorkspace } from "@pulumi/pulumi/automation";

import type { Credentials } from "../../outputs";
import { withStackFiles } from "../../settings/pulumi";
import type { ConfigurationSource } from "../../settings/source";

/** The folder with Pulumi.yaml: `npm run` starts every command there. */
export const PROJECT_DIRECTORY = process.cwd();

/** The outputs of a stack (outputs.ts), as far as the commands use them; all absent before the first `up`. */
export interface StackOutputs {
  readonly integrations?: Readonly<
    Record<string, { readonly organizationId: string; readonly serviceAccountUserId: string }>
  >;
  readonly credentials?: Readonly<Record<string, Credentials>>;
  readonly apiEnvironment?: Readonly<Record<string, string>>;
}

/** A stack as the commands need it: its configuration, not yet checked, and the outputs of its last `up`. */
export interface Stack {
  readonly source: ConfigurationSource;
  readonly outputs: StackOutputs;
}

/** Asks the Pulumi CLI, without selecting the stack, so that the user's choice stays as it is. */
export async function loadStack(name: string): Promise<Stack> {
  const workspace = await openWorkspace();
  const [source, outputs] = await Promise.all([loadConfiguration(name, workspace), workspace.stackOutputs(name)]);
  return {
    source,
    outputs: Object.fromEntries(Object.entries(outputs).map(([key, { value }]) => [key, value as unknown])),
  };
}

/** The stack's configuration alone, for which its state is not read. */
export async function loadConfiguration(name: string, workspace: LocalWorkspace): Promise<ConfigurationSource> {
  const entries = Object.entries(await workspace.getAllConfig(name));
  return withStackFiles(name, {
    values: Object.fromEntries(entries.map(([key, { value }]) => [key, value])),
    secretKeys: new Set(entries.filter(([, { secret }]) => secret).map(([key]) => key)),
    environment: process.env,
  });
}

/** The stack that is selected in the project's folder, if any. */
export async function selectedStack(): Promise<string | undefined> {
  return (await (await openWorkspace()).stack())?.name;
}

/** The Automation API's view of the project. */
export function openWorkspace(): Promise<LocalWorkspace> {
  return LocalWorkspace.create({ workDir: PROJECT_DIRECTORY });
}
