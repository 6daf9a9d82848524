import { spawn } from "node:child_process";
import { once } from "node:events";
import { open } from "node:fs/promises";
import type { Socket } from "node:net";
import { attached } from "../../processes/attached";
import type { ServerHome } from "./home";
import { withoutServerVariables } from "./installation";

/** An attached server ends with this process, also if it is killed; a detached one goes on. */
export type Attachment = "attached" | "detached";

// The compiler's second stage costs more time at the start than it saves in a development server.
const JAVA_VARIABLES = { JAVA_OPTS_KC_HEAP: "-Xms64m -Xmx512m", JAVA_OPTS_APPEND: "-XX:TieredStopAtLevel=1" };

/** Starts a server in a process group of its own, for Ctrl-C is meant for the command, not for the server. */
export async function launch(
  home: ServerHome,
  command: readonly string[],
  attachment: Attachment,
  variables: Readonly<Record<string, string>>,
): Promise<void> {
  const [program = "", ...args] = attachment === "attached" ? attached(command) : command;
  const log = await open(home.logFile, "w", 0o600);
  try {
    const child = spawn(program, args, {
      cwd: home.path,
      env: { ...process.env, ...withoutServerVariables(), ...JAVA_VARIABLES, ...variables },
      stdio: [attachment === "attached" ? "pipe" : "ignore", log.fd, log.fd],
      detached: true,
    });
    await once(child, "spawn");
    child.unref();
    // Neither the server nor the pipe keeps this process from ending.
    (child.stdin as Socket | null)?.unref();
  } finally {
    await log.close();
  }
}
