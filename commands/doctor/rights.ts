import { gte, valid } from "semver";

import { type Activity, type Check, OF_ADMIN, right, unknown, warning, wrong } from "./check.ts";

/** What decides which roles a deployer needs: the server's version, and whether a customer's organization is a user's name. */
type RightsContext = { readonly version: string | undefined; readonly looksUpUsers: boolean };

/** Who may manage something may view it, too. */
const IMPLIED: Readonly<Record<string, string>> = {
  "view-clients": "manage-clients",
  "view-realm": "manage-realm",
  "view-users": "manage-users",
};

/** Since then, who writes protocol mappers needs manage-realm (CVE-2026-4629). */
const MAPPERS_NEED_REALM = "26.8.2";
/** Since then, who may only view clients sees asterisks for their secrets. */
const SECRETS_ARE_MASKED = "26.8.0";

/** The roles of the client realm-management that an activity needs on a version of the server. */
export function rolesFor(activity: Activity, { looksUpUsers, version }: RightsContext): readonly string[] {
  const mappersNeedRealm = version !== undefined && valid(version) !== null && gte(version, MAPPERS_NEED_REALM);
  const users = looksUpUsers ? ["view-users"] : [];
  const viewing = ["view-realm", "view-clients", ...users];
  const changing = ["view-realm", "manage-clients", ...users, ...(mappersNeedRealm ? ["manage-realm"] : [])];
  return { verify: [], preview: viewing, drift: viewing, up: changing }[activity];
}

/** Whether the deployer has the roles for each activity. */
export function checkRights(roles: readonly string[] | undefined, context: RightsContext): Check[] {
  const about = "rights";
  if (roles === undefined) {
    return [unknown(about, "the deployer's token does not tell its roles", "compare them with the admin console")];
  }
  const has = (role: string) => roles.includes(role) || roles.includes(IMPLIED[role] ?? role);
  const checks = OF_ADMIN.map((activity) => {
    const needed = rolesFor(activity, context);
    const missing = needed.filter((role) => !has(role)).join(", ");
    const found = `the deployer lacks ${missing} of the client realm-management`;
    const prevents = activity === "preview" ? OF_ADMIN : [activity];
    return missing === ""
      ? right(`${about} for ${activity}`, needed.join(", "))
      : wrong(`${about} for ${activity}`, found, "give its service account these roles", prevents);
  });
  if (context.version === undefined && !has("manage-realm")) {
    const found = `the server's version is not visible; from ${MAPPERS_NEED_REALM} on, up needs manage-realm too`;
    const remedy = `before an upgrade to ${SECRETS_ARE_MASKED} or later, see docs/keycloak-versions.md`;
    checks.push(warning(about, found, remedy));
  }
  return checks;
}
