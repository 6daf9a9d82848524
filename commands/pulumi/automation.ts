import { type EngineEvent, LocalWorkspace, PulumiCommand, Stack } from "@pulumi/pulumi/automation";

import { run } from "../../processes/run";
import { PulumiError } from "./pulumiCli";

/**
 * The Automation API on a stack, without selecting it: that would write a file which all runs in the folder share. Its
 * CLI has a process group of its own, as {@link pulumiCli}'s, or one Ctrl-C would reach it twice, and a second one keeps
 * the CLI from saving its state.
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
  return Stack.select(stack, workspace);
}

/** The Pulumi CLI on PATH. */
export function installedCli(): Promise<PulumiCommand> {
  return PulumiCommand.get();
}

/** With the signature of PulumiCommand.run, which its types do not show. @throws PulumiError, InterruptedError */
async function runInOwnGroup(args: string[], cwd: string, env: Record<string, string>) {
  const { exitCode, stdout, stderr } = await run("pulumi", [...args, "--non-interactive"], {
    cwd,
    env: { ...env, PULUMI_AUTOMATION_API: "true" },
    savesOnInterrupt: true,
  });
  if (exitCode !== 0) {
    throw new PulumiError(args, `${stdout}\n${stderr}`);
  }
  return { stdout, stderr, code: exitCode };
}

export type { EngineEvent };
