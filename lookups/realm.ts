import * as keycloak from "@pulumi/keycloak";

import { ACCOUNT_CLIENT, ACCOUNT_ROLES, BUILT_IN_SCOPES, realmScopeNames } from "../components/names";
import { type Fault, shown } from "../settings/faults";
import type { Settings } from "../settings/settings";
import { explainFailure } from "./failures";
import type { Found } from "./found";

/** The ids of the roles that the account scope maps; none where the stack wants no account access, or no scope is its own. */
export async function lookUpAccountRoles(settings: Settings): Promise<Found<[name: string, id: string]>> {
  if (!settings.accountAccess || settings.realmStack !== undefined) {
    return { found: [], faults: [] };
  }
  const { realm } = settings;
  try {
    const client = await keycloak.openid.getClient({ realmId: realm, clientId: ACCOUNT_CLIENT });
    const found = await Promise.all(
      ACCOUNT_ROLES.map(async (name): Promise<[string, string]> => {
        const role = await keycloak.getRole({ realmId: realm, clientId: client.id, name });
        return [name, role.id];
      }),
    );
    return { found, faults: [] };
  } catch (error) {
    const { rule, reason, remedy } = explainFailure(error, settings);
    return { found: [], faults: [{ key: "scpcloud:accountAccess", rule, reason, remedy }] };
  }
}

/** A scope that is missing would show only during `up`, with the client already made and its lists not. */
export async function checkScopes(settings: Settings): Promise<Fault[]> {
  const { realm, realmStack } = settings;
  const faults = await Promise.all([
    ...BUILT_IN_SCOPES.map((name) =>
      checkScope(name, settings, {
        key: "scpcloud:realm",
        rule: `must be a realm with Keycloak's own client scope "${name}"`,
        reason: "every customer's client gets it; realms have it from Keycloak 26.1 on, unless somebody deleted it",
        value: shown(realm),
        remedy: "have Keycloak updated, or the scope made again as in a new realm",
      }),
    ),
    ...(realmStack === undefined ? [] : realmScopeNames(settings)).map((name) =>
      checkScope(name, settings, {
        key: "scpcloud:realmStack",
        rule: `must be a stack that has deployed the client scope "${name}"`,
        reason: `every customer's client gets it, and realm ${realm} has no such client scope yet`,
        value: shown(realmStack),
        remedy: `run first: pulumi up --stack ${realmStack}; then this stack again`,
      }),
    ),
  ]);
  return faults.filter((fault) => fault !== undefined);
}

/** @param absent what to tell where it is not there */
function checkScope(name: string, settings: Settings, absent: Fault): Promise<Fault | undefined> {
  return keycloak.openid.getClientScope({ realmId: settings.realm, name }).then(
    () => undefined,
    (error: unknown) => (/\b403 /.test(String(error)) ? explainFailure(error, settings) : absent),
  );
}

/** Keycloak ends every session, a service account's too, with the realm's sessions. */
export function checkLifespan(settings: Settings, realm: keycloak.GetRealmResult): Fault[] {
  const limits: readonly (readonly [string, number | undefined])[] = [
    ["SSO Session Max", toSeconds(realm.ssoSessionMaxLifespan)],
    // Unset, which is 0, it is no limit of its own.
    ["Client Session Max", toSeconds(realm.clientSessionMaxLifespan) || undefined],
  ];
  return limits.flatMap(([name, most]) =>
    most === undefined || settings.accessTokenLifespan <= most
      ? []
      : [
          {
            key: "scpcloud:accessTokenLifespan",
            rule: `must not exceed the realm's "${name}" of ${most} seconds`,
            reason: "Keycloak would cut the tokens' lifespan to it without a word",
            value: shown(settings.accessTokenLifespan),
            remedy: `write ${most} or less, or have the realm's setting raised`,
          },
        ],
  );
}

/** The provider shows durations as Go does, such as "10h0m0s". */
function toSeconds(duration: string | undefined): number | undefined {
  const match = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(duration ?? "");
  return match && duration
    ? Number(match[1] ?? 0) * 3600 + Number(match[2] ?? 0) * 60 + Number(match[3] ?? 0)
    : undefined;
}
