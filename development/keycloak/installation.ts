import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";

import { withLock } from "../../processes/fileLock.ts";
import type { Report } from "../../processes/progress.ts";
import { run } from "../../processes/run.ts";
import { checkPrerequisites, type Prerequisite } from "../toolchain/prerequisites.ts";

/** Holds the distributions and the development server. */
export const KEYCLOAK_DIRECTORY = resolve(import.meta.dirname, "..", "..", ".local", "keycloak");

/** The feature that secretRotation needs, on by default from 26.8 on: without a client policy for it, it does nothing. */
const FEATURE = "client-secret-rotation";
/** What is fixed when the server is built. Health and metrics would open a port of their own. */
export const BUILD_OPTIONS = [
  "--db=dev-file",
  "--health-enabled=false",
  "--metrics-enabled=false",
  `--features=${FEATURE}`,
];

const MAVEN_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy";
const STEP_LIMIT_MILLISECONDS = 15 * 60_000;

/** The directory of the built distribution. The feature is part of the name: that of an older checkout lacks it. */
function distributionOf(version: string): string {
  return join(KEYCLOAK_DIRECTORY, `distribution-${version}-${FEATURE}`);
}

/** What this machine has to have for a server of a version. */
export function needsOf(version: string): readonly Prerequisite[] {
  return existsSync(distributionOf(version)) ? ["java"] : ["java", "mvn"];
}

/** The directory of the built distribution, which is installed if it is absent (about a minute, 170 MB from Maven). */
export async function ensureKeycloak(report: Report, version: string): Promise<string> {
  const distribution = distributionOf(version);
  if (existsSync(distribution)) return distribution;
  checkPrerequisites(needsOf(version));
  return withLock(distribution, report, async () => {
    if (!existsSync(distribution)) await install(distribution, version, report);
    return distribution;
  });
}

/**
 * Everything happens in a temporary directory: the distribution's own name appears only when it is complete. The
 * directory has a new name every time, for what a killed run has started may still write to the previous one.
 */
async function install(distribution: string, version: string, report: Report): Promise<void> {
  await removeLeftovers(`${distribution}.part-`);
  const temporary = await mkdtemp(`${distribution}.part-`);
  const unpacked = join(temporary, "unpacked");
  await download(temporary, unpacked, version, report);
  report(`Building Keycloak ${version} for its database and options (about 30 s) ...`);
  await step(join(unpacked, "bin", "kc.sh"), ["build", ...BUILD_OPTIONS]);
  await rename(unpacked, distribution);
  await rm(temporary, { recursive: true, force: true });
}

/** Unpacks the distribution as Maven delivers it. */
export async function download(temporary: string, unpacked: string, version: string, report: Report): Promise<void> {
  const directory = join(temporary, "download");
  await mkdir(directory);
  await mkdir(unpacked);
  report(`Downloading Keycloak ${version} from Maven, 170 MB (about 20 s) ...`);
  const artifact = `org.keycloak:keycloak-quarkus-dist:${version}:tar.gz`;
  await step("mvn", ["-q", "-B", MAVEN_COPY, `-Dartifact=${artifact}`, `-DoutputDirectory=${directory}`]);
  const [archive] = await readdir(directory);
  if (archive === undefined) throw new Error(`Maven did not deliver ${artifact}.`);
  await step("tar", ["-xzf", join(directory, archive), "-C", unpacked, "--strip-components=1"]);
}

async function removeLeftovers(prefix: string): Promise<void> {
  const directory = dirname(prefix);
  const names = (await readdir(directory)).filter((name) => name.startsWith(basename(prefix)));
  for (const name of names) await rm(join(directory, name), { recursive: true, force: true });
}

// Each of them would change the server: Keycloak reads KC_*, Quarkus QUARKUS_*, kc.sh the others.
const SERVER_VARIABLE = /^(KC_|KEYCLOAK_|QUARKUS_|JAVA_OPTS|JAVA_ADD_OPENS$|JAVA_LOCALE$|DEBUG|PRINT_ENV$)/;

/** Unsets what the user's shell may hold for another Keycloak, so that a server depends on its folder alone. */
export function withoutServerVariables(): Record<string, undefined> {
  const names = Object.keys(process.env).filter((name) => SERVER_VARIABLE.test(name));
  return Object.fromEntries(names.map((name) => [name, undefined]));
}

async function step(command: string, args: readonly string[]): Promise<void> {
  const result = await run(command, args, {
    timeoutMilliseconds: STEP_LIMIT_MILLISECONDS,
    env: withoutServerVariables(),
  });
  if (result.exitCode === 0) return;
  const lastLines = `${result.stdout}\n${result.stderr}`.trim().split("\n").slice(-20).join("\n");
  throw new Error(`${command} failed with exit code ${result.exitCode}:\n${lastLines}`);
}
