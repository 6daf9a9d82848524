import { type EngineEvent, LocalWorkspace, PulumiCommand, Stack } from "@pulumi/pulumi/automation";

import { runPulumi } from "./pulumiCli";

/**
 * The Automation API on a stack, without selecting it: that would write a file which all runs in the folder share. Its
 * CLI has a process group of its own, as {@link pulumiCli}'s, or one Ctrl-C would reach it twice, and a second one keeps
 * the CLI from saving its state. Its outputs and history are not to be had.
 * @param command see {@link installedCli}
 * @param variables further environment variables of the CLI
 */
export async function openStack(
  stack: string,
  directory: string,
  command: PulumiCommand,
  variables: Readonly<Record<string, string>> = {},
): Promise<Stack> {
  const workspace = await LocalWorkspace.create({
    workDir: directory,
    pulumiCommand: Object.create(command, { run: { value: runInOwnGroup } }) as PulumiCommand,
    envVars: { ...variables },
  });
  workspace.selectStack = () => Promise.resolve();
  // After each update it would run the CLI three times, for outputs and a history that nobody reads.
  return Object.assign(await Stack.select(stack, workspace), {
    outputs: () => Promise.resolve({}),
    info: () => Promise.resolve(undefined),
  });
}

/** The Pulumi CLI on PATH. */
export function installedCli(): Promise<PulumiCommand> {
  return PulumiCommand.get();
}

/** With the signature of PulumiCommand.run, which its types do not show. @throws PulumiError, InterruptedError */
async function runInOwnGroup(args: string[], cwd: string, env: Record<string, string>) {
  return { ...(await runPulumi(args, { cwd, env: { ...env, PULUMI_AUTOMATION_API: "true" } })), code: 0 };
}

export type { EngineEvent };
