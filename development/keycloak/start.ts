import { join } from "node:path";
import { checkPrerequisites } from "../toolchain/prerequisites";
import type { Certificates } from "./certificateAuthority";
import { describeFailure, secretsOf } from "./failure";
import type { ServerHome } from "./home";
import { type Attachment, bootstrapVariables, launch, startArguments } from "./launch";
import type { Report } from "../../processes/progress";
import { assertPortIsFree } from "./ports";
import { endServer, serverProcesses } from "./processes";
import { isReady, type Probe, waitUntilReady } from "./readiness";
import type { RealmImport } from "./realmImport";
import { secretFile } from "./secrets";

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
  /** Variables of the server's own, such as KC_DB_USERNAME. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly report?: Report;
}

/** Half a minute on a quiet machine. A server that cannot start ends by itself: this ends only what hangs. */
const READY_LIMIT_MILLISECONDS = 15 * 60_000;

/** One attempt to have the server of a home running; the caller holds the lock of the home. */
export class ServerStart {
  readonly url: string;
  private readonly probe: Probe;
  private readonly args: string[];
  /** The password of the master realm's user `admin`. */
  readonly bootstrapAdminPasswordFile: string;

  constructor(
    private readonly options: ServerOptions & { readonly report: Report },
    private readonly home: ServerHome,
    private readonly distribution: string,
    certificates: Certificates,
  ) {
    const { port, publicUrl, realms, directory } = options;
    this.url = `https://localhost:${port}`;
    this.probe = { url: this.url, publicUrl, realm: realms[0].realm, caCertificate: certificates.caCertificate };
    this.args = startArguments(port, publicUrl, certificates);
    this.bootstrapAdminPasswordFile = join(directory, "secrets", "bootstrap-admin-password");
  }

  /** True if the server runs as it should, perhaps after a wait: an interrupted command may have started it just now. */
  async adoptRunning(): Promise<boolean> {
    const running = await serverProcesses(this.home);
    if (running.length === 0) return false;
    const args = `${this.args.join(" ")} `;
    const isSame = running.every(({ commandLine }) => commandLine.includes(args));
    if (isSame && (await this.home.uses(this.distribution))) {
      if (await isReady(this.probe)) return this.adopt();
      this.options.report("Keycloak is starting already; waiting for it ...");
      if ((await this.wait()) === "ready") return this.adopt();
    }
    this.options.report("Restarting Keycloak, which does not run as it should ...");
    await endServer(this.home);
    return false;
  }

  /** Starts the server and waits until it is ready; only the first start imports the realms. */
  async start(attachment: Attachment): Promise<void> {
    const { home, options } = this;
    checkPrerequisites(["java"]);
    await assertPortIsFree(options.port);
    await home.prepare(this.distribution);
    const isFirst = !home.isInitialized;
    if (isFirst) await home.resetData(options.realms);
    options.report(`Starting Keycloak on ${this.url} (about ${isFirst ? "30 s the first time" : "15 s"}) ...`);

    const password = isFirst ? secretFile(this.bootstrapAdminPasswordFile) : undefined;
    await launch(home, isFirst ? [...this.args, "--import-realm"] : this.args, attachment, {
      ...options.environment,
      ...bootstrapVariables(password),
    });
    const outcome = await this.wait();
    if (outcome !== "ready") {
      await endServer(home);
      const secrets = [...options.realms.flatMap(secretsOf), password ?? ""];
      throw await describeFailure(home, outcome, options.port, secrets);
    }
    if (isFirst) await home.markInitialized();
  }

  private async adopt(): Promise<true> {
    if (!this.home.isInitialized) await this.home.markInitialized();
    return true;
  }

  private wait(): Promise<"ready" | "ended" | "late"> {
    const isRunning = async (): Promise<boolean> => (await serverProcesses(this.home)).length > 0;
    return waitUntilReady(this.probe, READY_LIMIT_MILLISECONDS, isRunning);
  }
}
