import { createHash } from "node:crypto";
import { mkdir, realpath, rm, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";

import type { Report } from "../../processes/progress.ts";
import { run } from "../../processes/run.ts";
import { checkPrerequisites, type Fault, prerequisiteFaults } from "../toolchain/prerequisites.ts";
import type { ServerHome } from "./home.ts";
import { BUILD_OPTIONS, ensureKeycloak, needsOf } from "./installation.ts";

/** What runs a server: this machine's Java, or a Docker engine with the official image. */
export type RuntimeName = "container" | "java";

/** What can run a server on this machine. */
export interface RuntimeChoice {
  readonly runtime: RuntimeName;
  /** What is missing, where nothing can. */
  readonly faults: readonly Fault[];
  /** Why a Docker engine cannot do it instead. */
  readonly alternative?: string;
}

/** Java, or where it or Maven is missing, a Docker engine that answers. */
export async function chooseRuntime(version: string): Promise<RuntimeChoice> {
  const faults = prerequisiteFaults(needsOf(version));
  if (faults.length === 0) return { runtime: "java", faults };
  const reason = await engineFault();
  return reason === undefined
    ? { runtime: "container", faults: [] }
    : { runtime: "java", faults, alternative: `Instead of Java and Maven, a Docker engine will do. ${reason}` };
}

/** How a server is run. */
export interface Runtime {
  /** The command and its first arguments. */
  readonly command: readonly string[];
  /** Stands in the command line of each of its processes, and names the version. */
  readonly origin: string;
  /** Where the server listens. */
  readonly address: string;
  /** Makes everything but the data anew, so that neither an interrupted run nor another version leaves a trace. */
  prepare(): Promise<void>;
}

const COMMAND_NOT_FOUND = 127;

/** What a container gets of its starter's environment, by name. */
const VARIABLES = ["JAVA_OPTS_KC_HEAP", "JAVA_OPTS_APPEND", "KC_BOOTSTRAP_ADMIN_USERNAME"];

/** Reads the password from its file: `docker inspect` shows the variables that a container gets. */
const WITH_PASSWORD = [
  '[ -z "$KC_BOOTSTRAP_ADMIN_USERNAME" ] || IFS= read -r KC_BOOTSTRAP_ADMIN_PASSWORD <"$0" || :',
  "export KC_BOOTSTRAP_ADMIN_PASSWORD",
  'exec /opt/keycloak/bin/kc.sh "$@"',
].join("; ");

/** With the distribution from Maven, which is only read. */
export async function javaRuntime(home: ServerHome, version: string, report: Report): Promise<Runtime> {
  // As kc.sh resolves its own path, which the command line of the server shows.
  const distribution = await realpath(await ensureKeycloak(report, version));
  return {
    command: [join(distribution, "bin", "kc.sh"), "start", "--optimized", `-D${home.property}`],
    origin: `${distribution}/bin/`,
    address: "127.0.0.1",
    prepare: async () => {
      checkPrerequisites(["java"]);
      // Keycloak finds out there that it was built.
      const libraries = join(home.path, "lib");
      await rm(libraries, { recursive: true, force: true });
      await symlink(join(distribution, "lib"), libraries);
      // 26.4.7 does not start without.
      await mkdir(join(home.path, "providers"), { recursive: true });
    },
  };
}

/** In a container that ends with the command. The folders except the data have the same paths there. */
export function containerRuntime(
  home: ServerHome,
  version: string,
  port: number,
  keys: string,
  report: Report,
): Runtime {
  const passwordFile = bootstrapAdminPasswordFile(home);
  const secrets = dirname(passwordFile);
  const image = `quay.io/keycloak/keycloak:${version}`;
  const name = `scpcloud-keycloak-${createHash("sha256").update(home.path).digest("hex").slice(0, 12)}`;
  return {
    command: [
      ...["docker", "run", "--rm", "--name", name, "--label", home.property],
      // The data stay the user's own. The image's files belong to the group 0.
      ...["--user", `${process.getuid?.() ?? 0}:0`, "--security-opt", "label=disable"],
      ...["--volume", `${home.data}:/opt/keycloak/data`, "--volume", `${keys}:${keys}:ro`],
      ...["--volume", `${secrets}:${secrets}:ro`, "--entrypoint", "/bin/sh"],
      ...["--publish", `127.0.0.1:${port}:${port}`, ...VARIABLES.flatMap((variable) => ["--env", variable])],
      ...[image, "-c", WITH_PASSWORD, passwordFile, "start", ...BUILD_OPTIONS],
    ],
    origin: ` ${image} `,
    // Of the container; the engine publishes the port on the loopback address.
    address: "0.0.0.0",
    prepare: async () => {
      if ((await run("docker", ["image", "inspect", image])).exitCode !== 0) {
        report(`Fetching the image ${image} ...`);
        const { exitCode, stderr } = await run("docker", ["pull", "--quiet", image]);
        if (exitCode !== 0) throw new Error(`Docker cannot fetch ${image}: ${stderr.trim()}`);
      }
      // Where the command that it belongs to was killed, a container is left.
      await run("docker", ["rm", "--force", name]);
    },
  };
}

/** Holds the password of the master realm's user `admin`. */
export function bootstrapAdminPasswordFile(home: ServerHome): string {
  return join(dirname(home.path), "secrets", "bootstrap-admin-password");
}

/** Why no Docker engine of this machine can run a server. */
async function engineFault(): Promise<string | undefined> {
  const limit = { timeoutMilliseconds: 30_000 };
  const { exitCode, stderr } = await run("docker", ["version"], limit);
  if (exitCode === COMMAND_NOT_FOUND) return "There is no command docker on PATH.";
  if (exitCode !== 0) return `None answers: ${stderr.trim()}`;
  const { stdout } = await run("docker", ["context", "inspect", "--format", "{{.Endpoints.docker.Host}}"], limit);
  return stdout.startsWith("unix://") ? undefined : `It has to be on this machine, and Docker uses ${stdout.trim()}.`;
}
