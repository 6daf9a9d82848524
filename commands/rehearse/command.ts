import { lt } from "semver";

import { FOUND, runCommand, UsageError } from "../cli/commandLine";
import { readStackFile } from "../review/claimsReview";
import { checkStackName } from "../cli/stackName";
import { workingTreeFiles } from "../repository/revision";
import { PROJECT_DIRECTORY } from "../cli/stack";
import { InterruptedError } from "../../processes/run";
import { differs, rehearsalText } from "./rehearsalReport";
import { Rehearsal } from "./rehearsal";
import { checkVersion, NEWEST_VERSION } from "../../development/keycloak/keycloakVersions";
import { ensureToolchain, toolchainEnvironment } from "../../development/toolchain/install";

/** Before it, the mappers of `service_account` sat on each client, and the program does not work. */
const OLDEST_VERSION = "26.1.0";

runCommand(
  {
    name: "rehearse",
    description:
      "Rehearses an upgrade of Keycloak on this machine alone: a throw-away server of the old version gets the stack's\n" +
      "customers, the new version starts on its data, and every token is compared. Needs no access to the real server\n" +
      `and leaves nothing behind. Exits with 0 where nothing changes, with ${FOUND} where something does.`,
    options: {
      from: { type: "string", value: "VERSION", description: "the version that you have; without it a fresh realm" },
      to: { type: "string", value: "VERSION", description: `the version that you want; by default ${NEWEST_VERSION}` },
      sample: {
        type: "string",
        value: "COUNT",
        description: "take so many customers, some of each kind; default: all",
      },
      "sso-session-max": { type: "string", value: "SECONDS", description: "the real realm's SSO Session Max" },
      json: { type: "boolean", description: "the same as data" },
    },
  },
  async ({ stack, options }) => {
    checkStackName(stack);
    const { from, to } = versionsOf(options["from"], options["to"]);
    const files = await workingTreeFiles(PROJECT_DIRECTORY, stack);
    const { settings, written } = readStackFile(stack, files);
    if (settings.integrations.length === 0) {
      throw new UsageError(`The stack ${stack} has no customers; rehearse one of: ${settings.usedBy.join(", ")}`);
    }
    const report = (line: string) => console.error(line);
    // For `pulumi` and the commands that the rehearsal starts.
    Object.assign(process.env, toolchainEnvironment(await ensureToolchain(report)));
    const rehearsal = await Rehearsal.prepare({
      stack,
      settings,
      written: written.config,
      from,
      to,
      sample: wholeNumber("sample", options["sample"]),
      ssoSessionMaxLifespan: wholeNumber("sso-session-max", options["sso-session-max"]),
      report,
    });
    try {
      const outcome = await Promise.race([rehearsal.run(), interruption()]);
      console.log(options.json ? JSON.stringify(outcome, undefined, 2) : rehearsalText(outcome));
      return differs(outcome) ? FOUND : 0;
    } finally {
      await rehearsal.close();
    }
  },
);

function versionsOf(from: unknown, to: unknown): { readonly from: string | undefined; readonly to: string } {
  const wanted = checkVersion(typeof to === "string" ? to : NEWEST_VERSION);
  if (typeof from !== "string") {
    return { from: undefined, to: wanted };
  }
  const had = checkVersion(from);
  if (lt(had, OLDEST_VERSION)) {
    throw new UsageError(
      `Keycloak ${had} cannot be rehearsed: before ${OLDEST_VERSION} the mappers of the client scope service_account sat ` +
        "on each client, and this program does not work there. Rehearse from 26.1 on.",
    );
  }
  if (!lt(had, wanted)) {
    throw new UsageError(`--from ${had} must be older than --to ${wanted}: Keycloak's data cannot go back.`);
  }
  return { from: had, to: wanted };
}

function wholeNumber(name: string, value: unknown): number | undefined {
  if (value === undefined) {
    return undefined;
  }
  if (typeof value !== "string" || !/^[1-9]\d{0,8}$/.test(value)) {
    throw new UsageError(`--${name} must be a whole number, such as 20.`);
  }
  return Number(value);
}

/** Rejects when the user presses Ctrl-C, so that what was started is ended and removed. */
function interruption(): Promise<never> {
  return new Promise((_, reject) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.once(signal, () => reject(new InterruptedError(signal)));
    }
  });
}
