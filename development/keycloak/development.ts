import { join } from "node:path";
import { existsSync } from "node:fs";
import { KEYCLOAK_DIRECTORY } from "./installation";
import type { Report } from "../../processes/progress";
import { buildRealm, DEPLOYER_CLIENT_ID } from "./realmImport";
import { secretFile } from "./secrets";
import { type EmbeddedServer, ensureServerRunning, stopServer } from "./server";

const PORT = 28443;
const PUBLIC_URL = `https://host.docker.internal:${PORT}`;
const DEPLOYER_SECRET_FILE = join(KEYCLOAK_DIRECTORY, "secrets", "deployer-client-secret");
const ADMIN_PASSWORD_FILE = join(KEYCLOAK_DIRECTORY, "secrets", "admin-password");

/** The development stack's Keycloak, and how the Pulumi program logs in to it. */
export interface DevelopmentServer extends EmbeddedServer {
  readonly deployerClientId: string;
  readonly deployerSecretFile: string;
  /** The password of the realm's user `admin`. */
  readonly adminPasswordFile: string;
}

/** Starts the development stack's Keycloak, unless it runs already. */
export async function ensureDevelopmentServer(report: Report): Promise<DevelopmentServer> {
  assertSecretsMatchData();
  const realm = buildRealm({
    deployerSecret: secretFile(DEPLOYER_SECRET_FILE),
    adminPassword: secretFile(ADMIN_PASSWORD_FILE),
    // A second organization, for the customer that the README adds.
    users: [{ username: "reporting@globex.example", id: "30d91cda-de6b-4d7f-9778-d4c3a8f2eba1", enabled: true }],
  });
  const server = await ensureServerRunning({
    directory: KEYCLOAK_DIRECTORY,
    port: PORT,
    publicUrl: PUBLIC_URL,
    realms: [realm],
    report,
  });
  return {
    ...server,
    deployerClientId: DEPLOYER_CLIENT_ID,
    deployerSecretFile: DEPLOYER_SECRET_FILE,
    adminPasswordFile: ADMIN_PASSWORD_FILE,
  };
}

/** Ends the development stack's Keycloak and keeps its data; false if it was not running. */
export function stopDevelopmentServer(report: Report): Promise<boolean> {
  return stopServer(KEYCLOAK_DIRECTORY, report);
}

/** A new secret would not be the one in the database. */
function assertSecretsMatchData(): void {
  const server = join(KEYCLOAK_DIRECTORY, "server");
  if (existsSync(DEPLOYER_SECRET_FILE) || !existsSync(join(server, "data", "initialized"))) return;
  throw new Error(
    `${DEPLOYER_SECRET_FILE} is gone, and the development server still expects the secret that was in it. ` +
      `Restore the file, or stop the server and delete ${server} to start with an empty one.`,
  );
}
