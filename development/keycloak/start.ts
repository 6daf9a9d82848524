import { setTimeout as delay } from "node:timers/promises";
import { connect, NoAnswerError } from "../../keycloak/http";
import type { Report } from "../../processes/progress";
import type { Certificates } from "./certificates";
import { describeFailure, secretsOf } from "./failure";
import type { ServerHome } from "./home";
import { type Attachment, launch } from "./launch";
import { assertPortIsFree } from "./ports";
import { endServer, serverProcesses } from "./processes";
import type { RealmImport } from "./realmImport";
import { bootstrapAdminPasswordFile, type Runtime, type RuntimeName } from "./runtime";
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
  /** Java, if nothing is said. */
  readonly runtime?: RuntimeName;
  /** Variables of the server's own, such as KC_DB_USERNAME; for Java. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly report?: Report;
}

/** Half a minute on a quiet machine. A server that cannot start ends by itself: this ends only what hangs. */
const READY_LIMIT_MILLISECONDS = 15 * 60_000;
const POLL_MILLISECONDS = 500;

/** One attempt to have the server of a home running; the caller holds the lock of the home. */
export class ServerStart {
  readonly url: string;
  private readonly args: readonly string[];
  /** The password of the master realm's user `admin`. */
  readonly bootstrapAdminPasswordFile: string;

  constructor(
    private readonly options: ServerOptions & { readonly report: Report },
    private readonly home: ServerHome,
    private readonly runtime: Runtime,
    private readonly certificates: Certificates,
  ) {
    const { port, publicUrl } = options;
    this.url = `https://localhost:${port}`;
    this.args = [
      // Without it JGroups listens on all addresses.
      "--cache=local",
      "--http-enabled=false",
      `--http-host=${runtime.address}`,
      `--https-port=${port}`,
      `--https-certificate-file=${certificates.certificateFile}`,
      `--https-certificate-key-file=${certificates.keyFile}`,
      `--hostname=${publicUrl}`,
      // Tools that come by way of https://localhost get URLs of localhost, except for the issuer.
      "--hostname-backchannel-dynamic=true",
    ];
    this.bootstrapAdminPasswordFile = bootstrapAdminPasswordFile(home);
  }

  /** True if the server runs as it should, perhaps after a wait: an interrupted command may have started it just now. */
  async adoptRunning(): Promise<boolean> {
    const running = serverProcesses(this.home);
    if (running.length === 0) return false;
    const expected = [this.runtime.origin, `${this.args.join(" ")} `];
    if (running.every(({ commandLine }) => expected.every((part) => commandLine.includes(part)))) {
      if (!(await this.isReady())) this.options.report("Keycloak is starting already; waiting for it ...");
      if ((await this.wait()) === "ready") {
        if (!this.home.isInitialized) await this.home.markInitialized();
        return true;
      }
    }
    this.options.report("Restarting Keycloak, which does not run as it should ...");
    await endServer(this.home);
    return false;
  }

  /** Starts the server and waits until it is ready; only the first start imports the realms. */
  async start(attachment: Attachment): Promise<void> {
    const { home, options } = this;
    await this.runtime.prepare();
    await assertPortIsFree(options.port);
    const isFirst = !home.isInitialized;
    if (isFirst) await home.resetData(options.realms);
    options.report(`Starting Keycloak on ${this.url} (about ${isFirst ? "30 s the first time" : "15 s"}) ...`);

    const password = isFirst ? secretFile(this.bootstrapAdminPasswordFile) : undefined;
    await launch(home, [...this.runtime.command, ...this.args, ...(isFirst ? ["--import-realm"] : [])], attachment, {
      ...options.environment,
      // By variables: every user of the machine may read a command line.
      ...(password && { KC_BOOTSTRAP_ADMIN_USERNAME: "admin", KC_BOOTSTRAP_ADMIN_PASSWORD: password }),
    });
    const outcome = await this.wait();
    if (outcome !== "ready") {
      await endServer(home);
      const secrets = [...options.realms.flatMap(secretsOf), password ?? ""];
      throw await describeFailure(home, outcome, options.port, secrets);
    }
    if (isFirst) await home.markInitialized();
  }

  private async wait(): Promise<"ready" | "ended" | "late"> {
    const deadline = Date.now() + READY_LIMIT_MILLISECONDS;
    while (Date.now() < deadline) {
      if (serverProcesses(this.home).length === 0) return "ended";
      if (await this.isReady()) return "ready";
      await delay(POLL_MILLISECONDS);
    }
    return "late";
  }

  /** Whether the realm is served, under the issuer that its tokens will name, by nobody but our server. */
  private async isReady(): Promise<boolean> {
    const { publicUrl, realms } = this.options;
    const keycloak = connect({ url: this.url, caCertificate: this.certificates.caCertificate });
    try {
      const { body } = await keycloak.request(`/realms/${realms[0].realm}/.well-known/openid-configuration`);
      return (body as { issuer?: unknown } | undefined)?.issuer === `${publicUrl}/realms/${realms[0].realm}`;
    } catch (error) {
      if (error instanceof NoAnswerError) return false;
      throw error;
    } finally {
      await keycloak.close();
    }
  }
}
