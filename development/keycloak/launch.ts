import { spawn } from "node:child_process";
import { once } from "node:events";
import { open } from "node:fs/promises";
import type { Socket } from "node:net";
import { withoutServerVariables } from "./serverVariables";
import type { Certificates } from "./certificateAuthority";
import type { ServerHome } from "./home";

/** The user of the master realm that Keycloak creates at the first start. */
const BOOTSTRAP_ADMIN_USERNAME = "admin";

/** An attached server ends with this process, also if it is killed; a detached one goes on. */
export type Attachment = "attached" | "detached";

// The compiler's second stage costs more time at the start than it saves in a development server.
const JAVA_VARIABLES = { JAVA_OPTS_KC_HEAP: "-Xms64m -Xmx512m", JAVA_OPTS_APPEND: "-XX:TieredStopAtLevel=1" };

// The pipe on standard input closes when this process ends, in whatever way.
const END_WITH_INPUT = `
exec 3<&0
"$@" 3<&- </dev/null & server=$!
( cat <&3 >/dev/null; kill "$server" 2>/dev/null ) &
wait "$server"`;

/** The arguments of kc.sh: loopback and HTTPS only, and the public URL as the issuer's. */
export function startArguments(port: number, publicUrl: string, certificates: Certificates): string[] {
  return [
    "start",
    "--optimized",
    // Without it JGroups listens on all addresses.
    "--cache=local",
    "--http-enabled=false",
    "--http-host=127.0.0.1",
    `--https-port=${port}`,
    `--https-certificate-file=${certificates.certificateFile}`,
    `--https-certificate-key-file=${certificates.keyFile}`,
    `--hostname=${publicUrl}`,
    // Tools that come by way of https://localhost get URLs of localhost, except for the issuer.
    "--hostname-backchannel-dynamic=true",
  ];
}

/** Starts kc.sh in a process group of its own, for Ctrl-C is meant for the command, not for the server. */
export async function launch(
  home: ServerHome,
  args: readonly string[],
  attachment: Attachment,
  variables: Readonly<Record<string, string>>,
): Promise<void> {
  const [command, ...commandArguments] =
    attachment === "attached" ? ["sh", "-c", END_WITH_INPUT, "sh", home.script, ...args] : [home.script, ...args];
  const log = await open(home.logFile, "w", 0o600);
  try {
    const child = spawn(command ?? home.script, commandArguments, {
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

/** The first administrator, by environment variables: every user of the machine may read a command line. */
export function bootstrapVariables(password: string | undefined): Record<string, string> {
  if (password === undefined) return {};
  return { KC_BOOTSTRAP_ADMIN_USERNAME: BOOTSTRAP_ADMIN_USERNAME, KC_BOOTSTRAP_ADMIN_PASSWORD: password };
}
