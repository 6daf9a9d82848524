import { mkdirSync } from "node:fs";

import type { Report } from "../processes/progress.ts";
import { checkEngineAnswers, prepareServices } from "./developmentServices.ts";
import { developmentEnvironment, stateDirectory } from "./environment.ts";
import { ensureDevelopmentServer } from "./keycloak/development.ts";
import { requestedVersion } from "./keycloak/keycloakVersions.ts";
import { chooseRuntime } from "./keycloak/runtime.ts";
import { ensureToolchain, toolchainFaults } from "./toolchain/install.ts";
import { PrerequisiteError } from "./toolchain/prerequisites.ts";

/** Whether the services' containers are asked for: `make up APPS=1`. */
export const WITH_APPS = !["", "0", undefined].includes(process.env["APPS"]);

/** Sets up what the dev stack stands on: toolchain, embedded Keycloak, the folder of the state. Quick where it is there. */
export async function ensureDevelopment(report: Report) {
  // Asked first, so that nobody waits for a build before hearing what else is missing.
  const { runtime, faults, alternative } = await chooseRuntime(requestedVersion());
  const missing = [...faults, ...(await toolchainFaults({ docker: WITH_APPS }))];
  if (missing.length > 0) {
    throw new PrerequisiteError(missing, alternative === undefined ? [] : [alternative]);
  }
  if (WITH_APPS) {
    await checkEngineAnswers();
  }
  // Neither needs the other: where both are new, one downloads while the other builds.
  const [toolchain, server] = await Promise.all([
    ensureToolchain(report, { docker: WITH_APPS }),
    ensureDevelopmentServer(report, runtime),
  ]);
  mkdirSync(stateDirectory(), { recursive: true, mode: 0o700 });
  if (WITH_APPS) {
    await prepareServices(server, report);
  }
  return { server, variables: developmentEnvironment(toolchain, server), pathEntries: toolchain.pathEntries };
}
