import {
  ACCOUNT_CLIENT,
  ACCOUNT_ROLES,
  administrationClient,
  BUILT_IN_SCOPES,
  realmScopeNames,
} from "../contract/names.ts";
import { explainBlindness } from "../keycloak/adminFaults.ts";
import * as keycloak from "../keycloak/provider/index.ts";
import { type Fault, shown } from "../settings/faults.ts";
import type { Settings } from "../settings/settings.ts";
import { explainFailure, type Found } from "./failures.ts";
import { lifespanFaults, missingClientScope } from "./realmRules.ts";

/** The ids of the roles that the account client scope maps; none where the stack wants no account access, or no client scope is its own. */
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
    if (isAbsence(error) && !(await maySeeClients(settings))) {
      return { found: [], faults: [explainBlindness("view-clients", settings)] };
    }
    const { rule, reason, remedy } = explainFailure(error, settings);
    return { found: [], faults: [{ key: "scpcloud:accountAccess", rule, reason, remedy }] };
  }
}

/** Without this, an `up` would find a missing client scope only after it has made the client. */
export async function checkScopes(settings: Settings): Promise<Fault[]> {
  const { realm, realmStack } = settings;
  const faults = await Promise.all([
    ...BUILT_IN_SCOPES.map((name) => checkScope(name, settings, missingClientScope(name, realm))),
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
async function checkScope(name: string, settings: Settings, absent: Fault): Promise<Fault | undefined> {
  try {
    await keycloak.openid.getClientScope({ realmId: settings.realm, name });
    return undefined;
  } catch (error) {
    if (!isAbsence(error)) {
      return explainFailure(error, settings);
    }
    return (await maySeeClients(settings)) ? absent : explainBlindness("view-clients", settings);
  }
}

/** In the provider's own words: it is in no list that Keycloak gave. */
const isAbsence = (error: unknown) =>
  /does not exist|not found|matched 0 /.test(String(error)) && !/: \d{3} /.test(String(error));

/** A deployer who may view clients sees this one. */
function maySeeClients({ realm }: Settings): Promise<boolean> {
  return keycloak.openid.getClient({ realmId: realm, clientId: administrationClient(realm) }).then(
    () => true,
    () => false,
  );
}

/** The realm's session limits, against the tokens' lifespan. */
export function checkLifespan({ accessTokenLifespan }: Settings, realm: keycloak.GetRealmResult): Fault[] {
  return lifespanFaults(accessTokenLifespan, {
    ssoSessionMax: toSeconds(realm.ssoSessionMaxLifespan),
    clientSessionMax: toSeconds(realm.clientSessionMaxLifespan),
  });
}

/** The provider shows durations as Go does, such as "10h0m0s". */
function toSeconds(duration: string | undefined): number | undefined {
  const match = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(duration ?? "");
  return match && duration
    ? Number(match[1] ?? 0) * 3600 + Number(match[2] ?? 0) * 60 + Number(match[3] ?? 0)
    : undefined;
}
