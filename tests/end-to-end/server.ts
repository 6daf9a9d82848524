import { generateKeyPairSync, randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import type { Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { lastingPort } from "../../development/keycloak/ports.ts";
import { buildRealm, REALM_NAME, type RealmImport } from "../../development/keycloak/realmImport.ts";
import { randomSecret } from "../../development/keycloak/secrets.ts";
import { type EmbeddedServer, startServer } from "../../development/keycloak/server.ts";
import { ensureToolchain, toolchainEnvironment } from "../../development/toolchain/install.ts";
import { lookForEngine, relayToContainers, tellOfEngine } from "./engine.ts";

/** What the test files are told of the server that they share. It begins with the development realm. */
export interface ServerOfTests {
  readonly url: string;
  readonly caCertificate: string;
  readonly caCertificateFile: string;
  readonly bootstrapAdminPasswordFile: string;
  readonly deployerSecret: string;
}

/** Deployers who lack something, besides the one who has all. */
export const DEPLOYERS = {
  complete: "scpcloud-deployer",
  withoutUsers: "deployer-without-users",
  withoutClients: "deployer-without-clients",
  withoutRealm: "deployer-without-realm",
  viewer: "deployer-who-views",
} as const;

const VARIABLE = "SCPCLOUD_SERVER_OF_TESTS";
let server: EmbeddedServer | undefined;
let relay: Server | undefined;
let directory: string | undefined;
let privateKey: string | undefined;

/**
 * Starts the server once for all files (jest's globalSetup), on a free port, beside a running `make up`. Whatever the
 * tests write is in one directory, which goes at the end, also after a failure or an interrupt: it holds secrets.
 */
export async function startServerOfTests(): Promise<void> {
  directory = await mkdtemp(join(tmpdir(), "scpcloud-tests-"));
  process.env["TMPDIR"] = directory;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => void stopServerOfTests().finally(() => process.exit(1)));
  }
  try {
    await start(directory);
  } catch (error) {
    await stopServerOfTests();
    throw error;
  }
}

async function start(directory: string): Promise<void> {
  const report = (line: string) => console.log(line);
  const engine = await lookForEngine(report);
  const toolchain = await ensureToolchain(report, { docker: engine.answers });
  const deployerSecret = randomSecret();
  server = await startServer({
    directory,
    port: await lastingPort(),
    publicUrl: "https://host.docker.internal:28443",
    realms: [realmOfTests(REALM_NAME, deployerSecret)],
    report,
  });
  relay = await relayToContainers(engine, server.url);
  tellOfEngine(engine);
  const { url, caCertificate, caCertificateFile, bootstrapAdminPasswordFile } = server;
  // The test files and whatever they start inherit these.
  Object.assign(process.env, toolchainEnvironment(toolchain));
  shareServer({ url, caCertificate, caCertificateFile, bootstrapAdminPasswordFile, deployerSecret });
}

/** Makes a server the one that this process, and what it starts, takes for that of the tests. */
export function shareServer(told: ServerOfTests): void {
  process.env[VARIABLE] = JSON.stringify(told);
}

/** Ends the server and removes what it left (jest's globalTeardown). */
export async function stopServerOfTests(): Promise<void> {
  relay?.close();
  await server?.stop();
  if (directory !== undefined) {
    // What a file's server still writes while it ends makes a first try fail.
    await rm(directory, { recursive: true, force: true, maxRetries: 10 });
  }
}

/** For the test files. */
export function serverOfTests(): ServerOfTests {
  return JSON.parse(process.env[VARIABLE] ?? "{}") as ServerOfTests;
}

/** The key of a realm, one for all: Keycloak takes four seconds of CPU time to make those of each. */
function signingKey(): { readonly privateKey: string } {
  privateKey ??= generateKeyPairSync("rsa", { modulusLength: 2048 })
    .privateKey.export({ type: "pkcs8", format: "der" })
    .toString("base64");
  return { privateKey };
}

/** A realm with a deployer who may do everything that the program needs, and others who lack something. */
export function realmOfTests(realm: string, deployerSecret: string): RealmImport {
  const deployers = [
    { clientId: DEPLOYERS.withoutUsers, roles: ["manage-clients", "view-realm", "manage-realm"] },
    { clientId: DEPLOYERS.withoutClients, roles: ["view-clients", "view-users", "view-realm", "manage-realm"] },
    { clientId: DEPLOYERS.withoutRealm, roles: ["manage-clients", "view-users", "view-realm"] },
    { clientId: DEPLOYERS.viewer, roles: ["view-clients", "view-users", "view-realm"] },
  ];
  return buildRealm({
    realm,
    // An id belongs to one user of the whole server; only the development realm needs the original one.
    ...(realm === REALM_NAME ? {} : { adminId: randomUUID() }),
    deployerSecret,
    adminPassword: randomSecret(),
    settings: signingKey(),
    users: [
      { username: "anna", enabled: true },
      { username: "reporting@acme.example", enabled: true },
      { username: "blocked", enabled: false },
      ...deployers.map(({ clientId, roles }) => ({
        username: `service-account-${clientId}`,
        enabled: true,
        serviceAccountClientId: clientId,
        clientRoles: { "realm-management": roles },
      })),
    ],
    clients: deployers.map(({ clientId }) => ({
      clientId,
      secret: deployerSecret,
      serviceAccountsEnabled: true,
      standardFlowEnabled: false,
      fullScopeAllowed: true,
    })),
  });
}
