import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { lastingPort } from "../../development/keycloak/ports";
import { randomSecret } from "../../development/keycloak/secrets";
import { type EmbeddedServer, startServer } from "../../development/keycloak/server";
import { Meddler } from "./meddling";
import { realmOfTests, serverOfTests, shareServer } from "./server";

interface Profile {
  readonly name: string;
  readonly executors: readonly { readonly executor: string; readonly configuration: Record<string, string> }[];
}

/** A Keycloak that does client secret rotation, with one realm; from now on the server of this test file. */
export class RotationServer {
  private constructor(
    readonly realm: string,
    private readonly server: EmbeddedServer,
    private readonly directory: string,
  ) {}

  static async start(realm: string): Promise<RotationServer> {
    const directory = await mkdtemp(join(tmpdir(), "scpcloud-rotation-"));
    const deployerSecret = randomSecret();
    const server = await startServer({
      directory,
      port: await lastingPort(),
      publicUrl: "https://host.docker.internal:28443",
      realms: [realmOfTests(realm, deployerSecret)],
      features: ["client-secret-rotation"],
    });
    shareServer({ ...server, deployerSecret, isPluginBuilt: serverOfTests().isPluginBuilt });
    return new RotationServer(realm, server, directory);
  }

  get url(): string {
    return this.server.url;
  }

  get caCertificateFile(): string {
    return this.server.caCertificateFile;
  }

  async stop(): Promise<void> {
    await this.server.stop();
    await rm(this.directory, { recursive: true, force: true, maxRetries: 10 });
  }

  /** The realm's client profiles or client policies. */
  read<T>(kind: "profiles" | "policies"): Promise<readonly T[]> {
    return new Meddler(this.realm).act(async (administrator) => {
      const answer = (await administrator.send("GET", `/client-policies/${kind}`)) as Record<string, readonly T[]>;
      return answer[kind] ?? [];
    });
  }

  write(kind: "profiles" | "policies", list: readonly object[]): Promise<unknown> {
    return new Meddler(this.realm).act((administrator) =>
      administrator.send("PUT", `/client-policies/${kind}`, { [kind]: list }),
    );
  }

  /** Has previous secrets work for so many seconds: the stack file counts in days. */
  async shortenOverlap(seconds: number): Promise<void> {
    const profiles = await this.read<Profile>("profiles");
    const shortened = profiles.map((profile) => ({
      ...profile,
      executors: profile.executors.map(({ configuration, executor }) => ({
        executor,
        configuration:
          executor === "secret-rotation"
            ? { ...configuration, "rotated-expiration-period": String(seconds) }
            : configuration,
      })),
    }));
    await this.write("profiles", shortened);
  }
}
