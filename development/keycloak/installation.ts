import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { checkPrerequisites } from "../toolchain/prerequisites";
import { run } from "../../processes/run";
import { withoutServerVariables } from "./serverVariables";
import { withLock } from "../../processes/fileLock";
import type { Report } from "../../processes/progress";

/** Holds the distributions and the development server. */
export const KEYCLOAK_DIRECTORY = resolve(__dirname, "..", "..", ".local", "keycloak");

/** The feature that secretRotation needs, on by default from 26.8 on: without a client policy for it, it does nothing. */
const FEATURE = "client-secret-rotation";
// What is fixed at build time need not be looked for at a start. Health and metrics would open a port of their own.
const BUILD_OPTIONS = ["--db=dev-file", "--health-enabled=false", "--metrics-enabled=false", `--features=${FEATURE}`];

const MAVEN_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy";
const STEP_LIMIT_MILLISECONDS = 15 * 60_000;

/** The directory of the built distribution, which is installed if it is absent (about a minute, 170 MB from Maven). */
export async function ensureKeycloak(report: Report, version: string): Promise<string> {
  // The feature belongs to the name: a distribution that an older checkout has built lacks it.
  const distribution = join(KEYCLOAK_DIRECTORY, `distribution-${version}-${FEATURE}`);
  if (existsSync(distribution)) return distribution;
  checkPrerequisites(["java", "mvn"]);
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

async function download(temporary: string, unpacked: string, version: string, report: Report): Promise<void> {
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

async function step(command: string, args: readonly string[]): Promise<void> {
  const result = await run(command, args, {
    timeoutMilliseconds: STEP_LIMIT_MILLISECONDS,
    env: withoutServerVariables(),
  });
  if (result.exitCode === 0) return;
  const lastLines = `${result.stdout}\n${result.stderr}`.trim().split("\n").slice(-20).join("\n");
  throw new Error(`${command} failed with exit code ${result.exitCode}:\n${lastLines}`);
}
