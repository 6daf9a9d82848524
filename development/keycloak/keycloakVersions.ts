import { valid } from "semver";

import { UserError } from "../../faults/userError.ts";

interface ProvedVersion {
  readonly version: string;
  /** What the table says besides what the tests find out. */
  readonly remark?: string;
}

/**
 * The servers that the tests prove, newest first. A new version is one line here: `npm run test:versions` proves it and
 * writes the table in docs/keycloak-versions.md anew.
 */
export const PROVED_VERSIONS: readonly [ProvedVersion, ...ProvedVersion[]] = [
  { version: "26.7.3", remark: "what `make up` starts" },
  { version: "26.5.6" },
  { version: "26.4.7" },
  { version: "26.3.5" },
  { version: "26.2.5", remark: "from 26.2 on `jti` has a prefix" },
  { version: "26.1.4", remark: "26.1 is the first with the client scope `service_account`" },
];

/** The server that `make up` starts, unless KEYCLOAK_VERSION names another one. */
export const NEWEST_VERSION = PROVED_VERSIONS[0].version;

/**
 * The version that the user asks for by KEYCLOAK_VERSION, a variable that the provider reads too.
 * @throws UserError for what is no version of a Keycloak server, such as 26.7.3
 */
export function requestedVersion(environment: NodeJS.ProcessEnv = process.env): string {
  const version = environment["KEYCLOAK_VERSION"] || NEWEST_VERSION;
  if (valid(version) !== version) {
    throw new UserError(`${JSON.stringify(version)} is no version of Keycloak. Write it as in ${NEWEST_VERSION}.`);
  }
  return version;
}
