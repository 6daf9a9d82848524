import { existsSync } from "node:fs";
import { copyFile, cp, mkdir, readlink, realpath, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RealmImport } from "./realmImport";

/** What servers share with the distribution; an optimized start only reads it. */
const SHARED = ["lib", "providers", "themes"] as const;

/** A server's own directory (kc.home.dir) with its own data and configuration. */
export class ServerHome {
  private constructor(readonly path: string) {}

  static pathIn(directory: string): string {
    return join(directory, "server");
  }

  /** The home below the directory; both are created with mode 700. */
  static async open(directory: string): Promise<ServerHome> {
    const path = ServerHome.pathIn(directory);
    await mkdir(path, { recursive: true, mode: 0o700 });
    // kc.sh resolves symbolic links too: the command line of a running server shows this path.
    return new ServerHome(await realpath(path));
  }

  get script(): string {
    return join(this.path, "bin", "kc.sh");
  }

  get logFile(): string {
    return join(this.path, "keycloak.log");
  }

  /** True once the server was ready for the first time: from then on its data are never discarded. */
  get isInitialized(): boolean {
    return existsSync(this.marker);
  }

  /** Whether the home was made from this distribution. */
  async uses(distribution: string): Promise<boolean> {
    const lib = await readlink(join(this.path, "lib")).catch(() => undefined);
    return lib === join(distribution, "lib");
  }

  /** Makes everything but the data anew, so that neither an interrupted run nor another version leaves a trace. */
  async prepare(distribution: string): Promise<void> {
    await Promise.all(
      ["bin", "conf", ...SHARED].map((name) => rm(join(this.path, name), { recursive: true, force: true })),
    );
    await mkdir(join(this.path, "bin"));
    await copyFile(join(distribution, "bin", "kc.sh"), this.script);
    await cp(join(distribution, "conf"), join(this.path, "conf"), { recursive: true });
    for (const name of SHARED) await symlink(join(distribution, name), join(this.path, name));
  }

  /** Discards what an incomplete first start left, and lays out the realms for import. */
  async resetData(realms: readonly RealmImport[]): Promise<void> {
    await rm(this.data, { recursive: true, force: true });
    await mkdir(this.data, { mode: 0o700 });
    await mkdir(this.imports, { mode: 0o700 });
    for (const realm of realms) {
      await writeFile(join(this.imports, `${realm.realm}-realm.json`), JSON.stringify(realm), { mode: 0o600 });
    }
  }

  /** The import files hold secrets in clear text and are of no further use. */
  async markInitialized(): Promise<void> {
    await writeFile(`${this.marker}.part`, `${new Date().toISOString()}\n`, { mode: 0o600 });
    await rename(`${this.marker}.part`, this.marker);
    await rm(this.imports, { recursive: true, force: true });
  }

  private get data(): string {
    return join(this.path, "data");
  }

  private get imports(): string {
    return join(this.data, "import");
  }

  private get marker(): string {
    return join(this.data, "initialized");
  }
}
