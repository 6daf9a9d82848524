import { lt, valid } from "semver";

import { NEWEST_VERSION } from "../../development/keycloak/keycloakVersions.ts";
import { ensureToolchain, toolchainEnvironment } from "../../development/toolchain/install.ts";
import { EXIT_CODES, refuseMistakes, UsageError } from "../cli/errors.ts";
import { PROJECT_DIRECTORY } from "../pulumi/projectDirectory.ts";
import { JSON_OPTION, ofStack } from "../cli/verb.ts";
import { workingTreeFiles } from "../repository/revision.ts";
import { readStackFile } from "../review/claimsReview.ts";
import { rehearse } from "./rehearsal.ts";
import { differs, rehearsalText } from "./rehearsalReport.ts";

/** Before it, the mappers of `service_account` sat on each client, and the program does not work. */
const OLDEST_VERSION = "26.1.0";

export default ofStack(
  {
    purpose:
      "Rehearses an upgrade of Keycloak on this machine alone: a throw-away server of the old version gets the stack's " +
      "customers, the new version starts on its data, and every token is compared. Needs no access to the real server.",
    changes: "nothing; it leaves nothing behind.",
    options: {
      from: { value: "VERSION", description: "the version that you have; without it a fresh realm" },
      to: { value: "VERSION", description: `the version that you want; by default ${NEWEST_VERSION}` },
      sample: { value: "COUNT", description: "take so many customers, some of each kind; by default all" },
      "sso-session-max": { value: "SECONDS", description: "the real realm's SSO Session Max" },
      ...JSON_OPTION,
    },
    examples: [
      ["--stack prod --from 26.5.7", "an upgrade from that version to the newest one"],
      ["--stack prod --from 26.5.7 --sample 20", "the same with 20 customers of different kinds"],
    ],
    fine: "no token changes",
    found: "a token, or what drift says, changes",
  },
  async ({ stack, options }) => {
    const { from, to = NEWEST_VERSION } = options;
    checkVersions(from, to);
    const sample = wholeNumber("sample", options.sample);
    const ssoSessionMaxLifespan = wholeNumber("sso-session-max", options["sso-session-max"]);
    const files = await workingTreeFiles(PROJECT_DIRECTORY, stack);
    const { settings, written } = readStackFile(stack, files);
    if (settings.integrations.length === 0) {
      throw new UsageError(`The stack ${stack} has no customers; rehearse one of: ${settings.usedBy.join(", ")}`);
    }
    const report = (line: string) => console.error(line);
    // For `pulumi` and the commands that the rehearsal starts.
    Object.assign(process.env, toolchainEnvironment(await ensureToolchain(report)));
    const what = { stack, settings, written: written.config, from, to };
    const outcome = await rehearse({ ...what, sample, ssoSessionMaxLifespan, report });
    console.log(options.json ? JSON.stringify(outcome, undefined, 2) : rehearsalText(outcome));
    return differs(outcome) ? EXIT_CODES.found : 0;
  },
);

/** @throws UsageError */
function checkVersions(from: string | undefined, to: string): void {
  refuseMistakes(
    Object.entries({ from, to }).map(([name, version]) => [
      version !== undefined && valid(version) !== version,
      `--${name} ${JSON.stringify(version)} is no version of Keycloak. Write it as in ${NEWEST_VERSION}.`,
    ]),
  );
  refuseMistakes([
    [
      from !== undefined && lt(from, OLDEST_VERSION),
      `Keycloak ${from} cannot be rehearsed: before ${OLDEST_VERSION} the mappers of the client scope service_account ` +
        "sat on each client, and this program does not work there. Rehearse from 26.1 on.",
    ],
    [
      from !== undefined && !lt(from, to),
      `--from ${from} must be older than --to ${to}: Keycloak's data cannot go back.`,
    ],
  ]);
}

function wholeNumber(name: string, value: string | undefined): number | undefined {
  refuseMistakes([
    [value !== undefined && !/^[1-9]\d{0,8}$/.test(value), `--${name} must be a whole number, such as 20.`],
  ]);
  return value === undefined ? undefined : Number(value);
}
