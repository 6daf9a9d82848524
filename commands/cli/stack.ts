import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { parse } from "yaml";

import type { Credentials } from "../../outputs";
import type { ConfigurationSource } from "../../settings/source";
import { withStackFiles } from "../../settings/sourceFiles";
import { type PulumiCli, pulumiCli } from "../pulumi/pulumiCli";

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
  const outputs = pulumiCli(name, PROJECT_DIRECTORY).run(["stack", "output", "--json", "--show-secrets"]);
  const [source, text] = await Promise.all([loadConfiguration(name), outputs]);
  return { source, outputs: JSON.parse(text) as StackOutputs };
}

/** The stack's configuration alone, for which its state is not read. */
export async function loadConfiguration(name: string): Promise<ConfigurationSource> {
  const text = await pulumiCli(name, PROJECT_DIRECTORY).run(["config", "--show-secrets", "--json"]);
  const entries = Object.entries(JSON.parse(text) as Record<string, { value: string; secret: boolean }>);
  return withStackFiles(name, {
    values: Object.fromEntries(entries.map(([key, { value }]) => [key, value])),
    secretKeys: new Set(entries.filter(([, { secret }]) => secret).map(([key]) => key)),
    environment: process.env,
  });
}

/** The stacks that the backend has of the project, by their full names, and whether they are selected. */
export async function listStacks(
  pulumi: PulumiCli,
): Promise<readonly { readonly name: string; readonly current: boolean }[]> {
  return JSON.parse(await pulumi.run(["stack", "ls", "--json"], { global: true })) as {
    name: string;
    current: boolean;
  }[];
}

/** The stack that is selected in the project's folder, if any. */
export async function selectedStack(): Promise<string | undefined> {
  return (await listStacks(pulumiCli("", PROJECT_DIRECTORY))).find(({ current }) => current)?.name;
}

/** The project's name, as its Pulumi.yaml has it. */
export async function projectName(directory: string = PROJECT_DIRECTORY): Promise<string> {
  return (parse(await readFile(join(directory, "Pulumi.yaml"), "utf8")) as { name: string }).name;
}
