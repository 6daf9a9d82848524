import program from "../../index";

import { installedCli, openStack } from "./automation";

/** Does something while no other run of Pulumi's changes the stack. */
export type UnderLock = (urns: readonly string[], action: () => Promise<void>) => Promise<void>;

/**
 * Holds the lock of a stack, on whatever backend: it is that of a run of Pulumi's engine, which reads resources anew into
 * the state and deploys nothing. The program of that run is in this process and acts before it declares anything. Where
 * this process is killed, the engine has lost its program and ends.
 */
export function underLockOf(stack: string, directory: string): UnderLock {
  return async (urns, action) => {
    const opened = await openStack(stack, directory, await installedCli());
    let failed: { readonly error: unknown } | undefined;
    opened.workspace.program = async () => {
      await action().catch((error: unknown) => {
        failed = { error };
        throw error;
      });
      return program();
    };
    try {
      await opened.refresh({ runProgram: true, target: [...urns], color: "never", suppressOutputs: true });
    } catch (error) {
      // Pulumi tells it in words of its own.
      throw failed === undefined ? error : failed.error;
    }
  };
}
