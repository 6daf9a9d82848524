import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { ensureCertificates } from "./certificateAuthority";
import { ServerHome } from "./home";
import { ensureKeycloak } from "./installation";
import type { Attachment } from "./launch";
import { withLock } from "../../processes/fileLock";
import type { Report } from "../../processes/progress";
import { endServer, serverProcesses } from "./processes";
import { type ServerOptions, ServerStart } from "./start";
import { NEWEST_VERSION } from "./keycloakVersions";

export type { ServerOptions } from "./start";

/** A server that is ready. */
export interface EmbeddedServer {
  /** For programs on this machine. */
  readonly url: string;
  readonly publicUrl: string;
  readonly caCertificateFile: string;
  /** PEM text. */
  readonly caCertificate: string;
  readonly processId: number;
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
  const report = options.report ?? ignore;
  const directory = resolve(options.directory);
  const distribution = await ensureKeycloak(report, options.version ?? NEWEST_VERSION);
  const home = await ServerHome.open(directory);
  return withLock(home.path, report, async () => {
    const certificates = await ensureCertificates(directory);
    const start = new ServerStart({ ...options, report, directory }, home, distribution, certificates);
    if (!(await start.adoptRunning())) await start.start(attachment);
    const java = (await serverProcesses(home)).find(({ isJava }) => isJava);
    if (java === undefined) throw new Error(`Keycloak ended just after its start; see ${home.logFile}.`);
    return {
      url: start.url,
      publicUrl: options.publicUrl,
      caCertificateFile: certificates.caCertificateFile,
      caCertificate: certificates.caCertificate,
      processId: java.processId,
      logFile: home.logFile,
      bootstrapAdminPasswordFile: start.bootstrapAdminPasswordFile,
      stop: async () => void (await stopServer(directory, report)),
    };
  });
}

function ignore(): void {}
