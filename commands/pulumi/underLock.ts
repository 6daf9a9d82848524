import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { UserError } from "../../faults/userError.ts";
import { pulumiCli } from "./pulumiCli.ts";

/** Runs the action while no other run of Pulumi can change the stack. */
export type UnderLock = (urns: readonly string[], action: () => Promise<void>) => Promise<void>;

/**
 * Holds the lock of a stack, on whatever backend: it is that of a run of Pulumi's engine, which reads resources anew into
 * the state and deploys nothing. The program of that run waits, before it declares anything, until the action is done
 * (holdProgram.mjs). Where this process is killed, the program fails, and the run ends.
 */
export function underLockOf(stack: string): UnderLock {
  return async (urns, action) => {
    const folder = await mkdtemp(join(tmpdir(), "scpcloud-lock-"));
    const path = join(folder, "socket");
    let acting: Promise<unknown> | undefined;
    const failed: unknown[] = [];
    const server = createServer((program) => {
      // The run may have been interrupted meanwhile.
      program.on("error", () => undefined);
      acting = action().then(
        () => program.end("begin"),
        (error: unknown) => {
          failed.push(error);
          program.end();
        },
      );
    });
    try {
      await once(server.listen(path), "listening");
      const holding = `--import=${pathToFileURL(join(import.meta.dirname, "holdProgram.mjs")).href}`;
      const pulumi = pulumiCli(stack, {
        NODE_OPTIONS: [process.env["NODE_OPTIONS"] ?? "", holding].join(" ").trim(),
        SCPCLOUD_LOCK_SOCKET: path,
      });
      const targets = urns.flatMap((urn) => ["--target", urn]);
      await pulumi.run(["refresh", "--run-program", "--yes", "--skip-preview", "--suppress-outputs", ...targets]);
      if (acting === undefined) {
        throw new UserError(
          "Nothing was changed: this Pulumi starts its program in a way that does not wait for the command.",
        );
      }
    } catch (error) {
      await acting;
      // The action's own error, not Pulumi's words for the program that failed.
      throw failed.length > 0 ? failed[0] : error;
    } finally {
      server.close();
      await rm(folder, { recursive: true, force: true });
    }
  };
}
