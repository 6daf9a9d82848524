import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";

import { NEWEST_VERSION } from "../../../development/keycloak/keycloakVersions.ts";
import { lastingPort } from "../../../development/keycloak/ports.ts";
import { buildRealm, DEPLOYER_CLIENT_ID } from "../../../development/keycloak/realmImport.ts";
import { chooseRuntime } from "../../../development/keycloak/runtime.ts";
import { type EmbeddedServer, ensureServerRunning, stopServer } from "../../../development/keycloak/server.ts";
import { connect } from "../../../keycloak/http.ts";
import { fetchToken } from "../../../keycloak/tokens.ts";
import { describeWithEngine } from "../engine.ts";
import { ensureKeycloakImage } from "../keycloakImage.ts";

const docker = (...args: string[]) => execFileSync("docker", args, { encoding: "utf8" }).trim();

describeWithEngine("the Keycloak of a machine without Java and Maven", () => {
  let directory: string;
  let removeImage: () => void;

  beforeAll(async () => {
    removeImage = await ensureKeycloakImage(NEWEST_VERSION);
    directory = await mkdtemp(join(tmpdir(), "scpcloud-container-"));
  });

  afterAll(async () => {
    await stopServer(directory);
    await rm(directory, { recursive: true, force: true });
    removeImage();
  });

  it("is run by a Docker engine that answers", async () => {
    const { PATH } = process.env;
    const programs = join(directory, "bin");
    execFileSync("mkdir", [programs]);
    await symlink(execFileSync("which", ["docker"], { encoding: "utf8" }).trim(), join(programs, "docker"));
    const nothing = join(directory, "nothing");
    try {
      process.env["PATH"] = programs;
      expect(await chooseRuntime(NEWEST_VERSION)).toEqual({ runtime: "container", faults: [] });
      process.env["PATH"] = nothing;
      expect(await chooseRuntime(NEWEST_VERSION)).toMatchObject({
        runtime: "java",
        faults: [{ program: "java" }],
        alternative: "Instead of Java and Maven, a Docker engine will do. There is no command docker on PATH.",
      });
    } finally {
      process.env["PATH"] = PATH;
    }
  });

  it("has the same realm, certificates, port and data, listens on loopback only, and ends with all it has", async () => {
    const port = await lastingPort();
    const start = (runtime: "container" | "java") =>
      ensureServerRunning({
        directory,
        port,
        publicUrl: "https://host.docker.internal:28443",
        realms: [buildRealm({ deployerSecret: "deployer-secret", adminPassword: "password-of-admin" })],
        runtime,
      });
    const containers = () => docker("ps", "--all", "--quiet", "--filter", `label=kc.home.dir=${directory}/server`);

    const server = await start("container");
    expect(await issuerFor(server)).toBe("https://host.docker.internal:28443/realms/ScpCloud");
    const first = containers();
    expect(first).toMatch(/^[0-9a-f]+$/);
    for (const address of otherAddresses()) {
      await expect(fetch(`http://${address}:${port}`)).rejects.toThrow("fetch failed");
    }
    const configuration = docker("inspect", first, "--format", "{{json .Args}} {{json .Config}}");
    const password = readFileSync(server.bootstrapAdminPasswordFile, "utf8");
    [password, "deployer-secret", "password-of-admin"].forEach((secret) => expect(configuration).not.toContain(secret));

    await start("container");
    expect(containers()).toBe(first);

    // The command is killed, and its container stays.
    execFileSync("pkill", ["-KILL", "-f", `^docker run .*kc.home.dir=${directory}/server `]);
    expect(await issuerFor(await start("container"))).toBeDefined();
    expect(containers()).not.toBe(first);

    expect(await stopServer(directory)).toBe(true);
    expect(containers()).toBe("");
    // What the container has written, Java reads.
    expect(await issuerFor(await start("java"))).toBeDefined();
    expect(await stopServer(directory)).toBe(true);
  });
});

/** The issuer in a token that the deployer gets. */
async function issuerFor({ url, caCertificate }: EmbeddedServer): Promise<unknown> {
  const keycloak = connect({ url, caCertificate });
  try {
    const basic = Buffer.from(`${DEPLOYER_CLIENT_ID}:deployer-secret`).toString("base64");
    const token = await fetchToken(keycloak, "ScpCloud", `Basic ${basic}`);
    return (JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as { iss: unknown }).iss;
  } finally {
    await keycloak.close();
  }
}

/** This machine's addresses besides the loopback. */
function otherAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, family }) => !internal && family === "IPv4")
    .map(({ address }) => address);
}
