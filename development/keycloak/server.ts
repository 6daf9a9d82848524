import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { withLock } from "../../processes/fileLock";
import type { Report } from "../../processes/progress";
import { ensureCertificates } from "./certificates";
import { ServerHome } from "./home";
import { NEWEST_VERSION } from "./keycloakVersions";
import type { Attachment } from "./launch";
import { endServer } from "./processes";
import { containerRuntime, javaRuntime } from "./runtime";
import { type ServerOptions, ServerStart } from "./start";

export type { ServerOptions } from "./start";

/** A server that is ready. */
export interface EmbeddedServer {
  /** For programs on this machine. */
  readonly url: string;
  readonly publicUrl: string;
  readonly caCertificateFile: string;
  /** PEM text. */
  readonly caCertificate: string;
  readonly logFile: string;
  /** The password of the master realm's user `admin`. */
  readonly bootstrapAdminPasswordFile: string;
  stop(): Promise<void>;
}

/** Starts a server that ends with this process, at the latest: for tests. */
export function startServer(options: ServerOptions): Promise<EmbeddedServer> {
  return ensure(options, "attached");
}

/** Starts a server that outlives this process, unless it runs already. */
export function ensureServerRunning(options: ServerOptions): Promise<EmbeddedServer> {
  return ensure(options, "detached");
}

/** Ends the server of this directory; false if none was running. */
export async function stopServer(directory: string, report: Report = ignore): Promise<boolean> {
  if (!existsSync(ServerHome.pathIn(resolve(directory)))) return false;
  const home = await ServerHome.open(resolve(directory));
  return withLock(home.path, report, () => endServer(home));
}

async function ensure(options: ServerOptions, attachment: Attachment): Promise<EmbeddedServer> {
  const { port, publicUrl, report = ignore, version = NEWEST_VERSION } = options;
  const directory = resolve(options.directory);
  const home = await ServerHome.open(directory);
  const certificates = await ensureCertificates(directory);
  const runtime =
    options.runtime === "container"
      ? containerRuntime(home, version, port, dirname(certificates.keyFile), report)
      : await javaRuntime(home, version, report);
  return withLock(home.path, report, async () => {
    const start = new ServerStart({ ...options, report }, home, runtime, certificates);
    if (!(await start.adoptRunning())) await start.start(attachment);
    return {
      url: start.url,
      publicUrl,
      caCertificateFile: certificates.caCertificateFile,
      caCertificate: certificates.caCertificate,
      logFile: home.logFile,
      bootstrapAdminPasswordFile: start.bootstrapAdminPasswordFile,
      stop: async () => void (await stopServer(directory, report)),
    };
  });
}

function ignore(): void {}
