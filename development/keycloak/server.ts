import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { open } from "node:fs/promises";
import type { Socket } from "node:net";
import { dirname, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { connect, KeycloakError } from "../../keycloak/http.ts";
import { fetchDiscovery } from "../../keycloak/tokens.ts";
import { withLock } from "../../processes/fileLock.ts";
import type { Report } from "../../processes/progress.ts";
import { attached } from "../../processes/run.ts";
import { issuerOf } from "../../settings/settings.ts";
import { ensureCertificates } from "./certificates.ts";
import { describeFailure, secretsOf } from "./failure.ts";
import { ServerHome } from "./home.ts";
import { withoutServerVariables } from "./installation.ts";
import { NEWEST_VERSION } from "./keycloakVersions.ts";
import { assertPortIsFree } from "./ports.ts";
import type { RealmImport } from "./realmImport.ts";
import { bootstrapAdminPasswordFile, containerRuntime, javaRuntime, type RuntimeName } from "./runtime.ts";
import { secretFile } from "./secrets.ts";

/** What a server is started with. */
export interface ServerOptions {
  /** Holds everything of the server: server/ (home), ca/, keys/, secrets/. */
  readonly directory: string;
  readonly port: number;
  /** The issuer of the tokens starts with it, whatever URL a caller uses. */
  readonly publicUrl: string;
  /** Imported at the first start only. */
  readonly realms: readonly [RealmImport, ...RealmImport[]];
  readonly version?: string;
  /** Java, if nothing is said. */
  readonly runtime?: RuntimeName;
  /** Variables of the server's own, such as KC_DB_USERNAME; for Java. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly report?: Report;
}

/** A server that is ready. */
export interface EmbeddedServer {
  /** For programs on this machine. */
  readonly url: string;
  readonly publicUrl: string;
  readonly caCertificateFile: string;
  /** PEM text. */
  readonly caCertificate: string;
  /** The password of the master realm's user `admin`. */
  readonly bootstrapAdminPasswordFile: string;
  stop(): Promise<void>;
}

/** Half a minute on a quiet machine. A server that cannot start ends by itself: this ends only what hangs. */
const READY_LIMIT_MILLISECONDS = 15 * 60_000;
const POLL_MILLISECONDS = 500;

// The compiler's second stage costs more time at the start than it saves in a development server.
const JAVA_VARIABLES = { JAVA_OPTS_KC_HEAP: "-Xms64m -Xmx512m", JAVA_OPTS_APPEND: "-XX:TieredStopAtLevel=1" };

/** Starts a server that ends with this process, at the latest, also if this process is killed: for tests. */
export function startServer(options: ServerOptions): Promise<EmbeddedServer> {
  return ensure(options, true);
}

/** Starts a server that outlives this process, unless it runs already. */
export function ensureServerRunning(options: ServerOptions): Promise<EmbeddedServer> {
  return ensure(options, false);
}

/** Ends the server of this directory; false if none was running. */
export async function stopServer(directory: string, report: Report = () => undefined): Promise<boolean> {
  if (!existsSync(ServerHome.pathIn(resolve(directory)))) return false;
  const home = await ServerHome.open(resolve(directory));
  return withLock(home.path, report, () => home.endServer());
}

async function ensure(options: ServerOptions, isAttached: boolean): Promise<EmbeddedServer> {
  const { port, publicUrl, realms, report = () => undefined, version = NEWEST_VERSION } = options;
  const directory = resolve(options.directory);
  const home = await ServerHome.open(directory);
  const { certificateFile, keyFile, caCertificate, caCertificateFile } = await ensureCertificates(directory);
  const runtime =
    options.runtime === "container"
      ? containerRuntime(home, version, port, dirname(keyFile), report)
      : await javaRuntime(home, version, report);
  const url = `https://localhost:${port}`;
  const passwordFile = bootstrapAdminPasswordFile(home);
  const args = [
    // Without it JGroups listens on all addresses.
    "--cache=local",
    "--http-enabled=false",
    `--http-host=${runtime.address}`,
    `--https-port=${port}`,
    `--https-certificate-file=${certificateFile}`,
    `--https-certificate-key-file=${keyFile}`,
    `--hostname=${publicUrl}`,
    // Tools that come by way of https://localhost get URLs of localhost, except for the issuer.
    "--hostname-backchannel-dynamic=true",
  ];

  /** Whether the realm is served, under the issuer that its tokens will name, by nobody but our server. */
  const isReady = async (): Promise<boolean> => {
    const keycloak = connect({ url, caCertificate });
    try {
      const { issuer } = await fetchDiscovery(keycloak, realms[0].realm);
      return issuer === issuerOf({ publicUrl, realm: realms[0].realm });
    } catch (error) {
      if (error instanceof KeycloakError) return false;
      throw error;
    } finally {
      await keycloak.close();
    }
  };

  const wait = async (): Promise<"ready" | "ended" | "late"> => {
    const deadline = Date.now() + READY_LIMIT_MILLISECONDS;
    while (Date.now() < deadline) {
      if (home.processes.length === 0) return "ended";
      if (await isReady()) return "ready";
      await delay(POLL_MILLISECONDS);
    }
    return "late";
  };

  /** True if the server runs as it should, perhaps after a wait: an interrupted command may have started it just now. */
  const adoptRunning = async (): Promise<boolean> => {
    const running = home.processes;
    if (running.length === 0) return false;
    const expected = [runtime.origin, `${args.join(" ")} `];
    if (running.every(({ commandLine }) => expected.every((part) => commandLine.includes(part)))) {
      if (!(await isReady())) report("Keycloak is starting already; waiting for it ...");
      if ((await wait()) === "ready") return true;
    }
    report("Restarting Keycloak, which does not run as it should ...");
    await home.endServer();
    return false;
  };

  /** Only the first start imports the realms. */
  const start = async (): Promise<void> => {
    await runtime.prepare();
    await assertPortIsFree(port);
    const isFirst = !home.isInitialized;
    if (isFirst) await home.resetData(realms);
    report(`Starting Keycloak on ${url} (about ${isFirst ? "30 s the first time" : "15 s"}) ...`);

    const password = isFirst ? secretFile(passwordFile) : undefined;
    const command = [...runtime.command, ...args, ...(isFirst ? ["--import-realm"] : [])];
    await launch(home, command, isAttached, {
      ...options.environment,
      // By variables: every user of the machine may read a command line.
      ...(password && { KC_BOOTSTRAP_ADMIN_USERNAME: "admin", KC_BOOTSTRAP_ADMIN_PASSWORD: password }),
    });
    const outcome = await wait();
    if (outcome !== "ready") {
      await home.endServer();
      throw await describeFailure(home, outcome, port, [...realms.flatMap(secretsOf), password ?? ""]);
    }
  };

  return withLock(home.path, report, async () => {
    if (!(await adoptRunning())) await start();
    if (!home.isInitialized) await home.markInitialized();
    const stop = async () => void (await stopServer(directory, report));
    return { url, publicUrl, caCertificateFile, caCertificate, bootstrapAdminPasswordFile: passwordFile, stop };
  });
}

/** Starts a server in a process group of its own, for Ctrl-C is meant for the command, not for the server. */
async function launch(
  home: ServerHome,
  command: readonly string[],
  isAttached: boolean,
  variables: Readonly<Record<string, string>>,
): Promise<void> {
  const [program = "", ...args] = isAttached ? attached(command) : command;
  const log = await open(home.logFile, "w", 0o600);
  try {
    const child = spawn(program, args, {
      cwd: home.path,
      env: { ...process.env, ...withoutServerVariables(), ...JAVA_VARIABLES, ...variables },
      stdio: [isAttached ? "pipe" : "ignore", log.fd, log.fd],
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
