import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";

import type { Report } from "../../processes/progress.ts";
import { KEYCLOAK_DIRECTORY } from "./installation.ts";
import { NEWEST_VERSION, requestedVersion } from "./keycloakVersions.ts";
import { buildRealm } from "./realmImport.ts";
import type { RuntimeName } from "./runtime.ts";
import { secretFile } from "./secrets.ts";
import { type EmbeddedServer, ensureServerRunning, stopServer } from "./server.ts";

const PORT = 28443;
const PUBLIC_URL = `https://host.docker.internal:${PORT}`;

/** The development stack's Keycloak, and how the Pulumi program logs in to it. */
export interface DevelopmentServer extends EmbeddedServer {
  readonly deployerSecretFile: string;
}

/** What belongs to one version of the server, in a folder's name: the usual version's has none. */
export function versionSuffix(version = requestedVersion()): string {
  return version === NEWEST_VERSION ? "" : `-${version}`;
}

/**
 * Starts the development stack's Keycloak, unless it runs already. Each version has data of its own, since no server reads
 * what a newer one has written. All have the same port, so a server of another version is stopped.
 */
export async function ensureDevelopmentServer(report: Report, runtime: RuntimeName): Promise<DevelopmentServer> {
  const version = requestedVersion();
  const directory = KEYCLOAK_DIRECTORY + versionSuffix(version);
  const deployerSecretFile = join(directory, "secrets", "deployer-client-secret");
  assertSecretsMatchData(directory, deployerSecretFile);
  const realm = buildRealm({
    deployerSecret: secretFile(deployerSecretFile),
    adminPassword: secretFile(join(directory, "secrets", "admin-password")),
    // A second organization, for the customer that the README adds.
    users: [{ username: "reporting@globex.example", id: "30d91cda-de6b-4d7f-9778-d4c3a8f2eba1", enabled: true }],
  });
  for (const other of developmentDirectories().filter((one) => one !== directory)) {
    if (await stopServer(other, report)) {
      report(`Stopped the Keycloak in ${basename(other)}; its data stays.`);
    }
  }
  const server = await ensureServerRunning({
    directory,
    port: PORT,
    publicUrl: PUBLIC_URL,
    realms: [realm],
    version,
    runtime,
    report,
  });
  return { ...server, deployerSecretFile };
}

/** Ends the development stack's Keycloak, of whatever version, and keeps its data; false if it was not running. */
export async function stopDevelopmentServer(report: Report): Promise<boolean> {
  let stopped = false;
  for (const directory of developmentDirectories()) {
    stopped = (await stopServer(directory, report)) || stopped;
  }
  return stopped;
}

/** The folders of all versions that have ever been started here. */
function developmentDirectories(): string[] {
  const parent = dirname(KEYCLOAK_DIRECTORY);
  const names = existsSync(parent) ? readdirSync(parent) : [];
  return names
    .filter((name) => name === basename(KEYCLOAK_DIRECTORY) || name.startsWith(`${basename(KEYCLOAK_DIRECTORY)}-`))
    .map((name) => join(parent, name));
}

/** A new secret would not be the one in the database. */
function assertSecretsMatchData(directory: string, secret: string): void {
  const server = join(directory, "server");
  if (existsSync(secret) || !existsSync(join(server, "data", "initialized"))) return;
  throw new Error(
    `${secret} is gone, and the development server still expects the secret that was in it. ` +
      `Restore the file, or stop the server and delete ${server} to start with an empty one.`,
  );
}
