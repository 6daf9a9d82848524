import { existsSync } from "node:fs";
import { mkdir, realpath, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { PRIVATE, replaceFile } from "../../processes/files.ts";
import { endProcesses, type RunningProcess, runningProcesses } from "../../processes/runningProcesses.ts";
import type { RealmImport } from "./realmImport.ts";

/** A server's own directory (kc.home.dir): its data, and the log of the current run. */
export class ServerHome {
  readonly path: string;
  /** Stands in the command lines of all processes of the server. */
  readonly property: string;
  readonly data: string;
  readonly logFile: string;
  private readonly imports: string;
  private readonly marker: string;

  private constructor(path: string) {
    this.path = path;
    this.property = `kc.home.dir=${path}`;
    this.data = join(path, "data");
    this.logFile = join(path, "keycloak.log");
    this.imports = join(this.data, "import");
    this.marker = join(this.data, "initialized");
  }

  static pathIn(directory: string): string {
    return join(directory, "server");
  }

  /** The home below the directory; both are created with mode 700. */
  static async open(directory: string): Promise<ServerHome> {
    const path = ServerHome.pathIn(directory);
    await mkdir(path, { recursive: true, mode: 0o700 });
    return new ServerHome(await realpath(path));
  }

  /**
   * The server's processes, found by their command lines. There is no process id file: it could be stale and name a
   * stranger, and be absent after an interrupt although the server runs.
   */
  get processes(): RunningProcess[] {
    return runningProcesses().filter(({ commandLine }) => commandLine.includes(`${this.property} `));
  }

  /** Ends the server, by force after half a minute; false if there was none. */
  endServer(): Promise<boolean> {
    return endProcesses(() => this.processes);
  }

  /** True once the server was ready for the first time: from then on its data are never discarded. */
  get isInitialized(): boolean {
    return existsSync(this.marker);
  }

  /** Discards what an incomplete first start left, and lays out the realms for import. */
  async resetData(realms: readonly RealmImport[]): Promise<void> {
    await rm(this.data, { recursive: true, force: true });
    await mkdir(this.imports, { recursive: true, mode: 0o700 });
    for (const realm of realms) {
      await writeFile(join(this.imports, `${realm.realm}-realm.json`), JSON.stringify(realm), { mode: 0o600 });
    }
  }

  /** The import files hold secrets in clear text and are of no further use. */
  async markInitialized(): Promise<void> {
    replaceFile(this.marker, `${new Date().toISOString()}\n`, PRIVATE);
    await rm(this.imports, { recursive: true, force: true });
  }
}
