import type { RotationInKeycloak } from "../components/secretRotation.ts";
import { connect, type KeycloakConnection } from "../keycloak/http.ts";
import * as keycloak from "../keycloak/provider/index.ts";
import { SettingsError } from "../settings/faults.ts";
import type { Settings } from "../settings/settings.ts";
import { explainFailure } from "./failures.ts";
import { checkLogin, type LoginCheck } from "./loginCheck.ts";
import {
  checkOtherStacks,
  checkResolvedOrganizations,
  lookUpOrganizations,
  type ResolvedIntegration,
} from "./organizations.ts";
import { checkLifespan, checkScopes, lookUpAccountRoles } from "./realm.ts";

/** What the program needs to know from the server before it declares anything. */
export interface Lookups {
  readonly realmId: string;
  readonly integrations: readonly ResolvedIntegration[];
  /** By name: the ids of the roles that the account client scope maps; empty where the stack wants none. */
  readonly accountRoleIds: Readonly<Record<string, string>>;
  /** Undefined if the program did not look: see {@link checkLogin}. */
  readonly rotation: RotationInKeycloak | undefined;
  readonly now: LoginCheck["now"];
}

/** The provider's own time limit, if the settings do not say one. To wait longer would tell nothing more. */
const TIMEOUT_SECONDS = 5;

/**
 * Asks Keycloak, in preview too, for what the settings name. Nothing may be declared before this is through, so that a
 * run that fails here creates nothing.
 * @throws SettingsError with everything that the server does not have or that the deployer may not see.
 */
export async function lookUp(settings: Settings): Promise<Lookups> {
  const keycloak = connect({ ...settings.connection, timeout: settings.connection.timeout ?? TIMEOUT_SECONDS });
  try {
    return await lookUpBy(keycloak, settings);
  } finally {
    await keycloak.close();
  }
}

async function lookUpBy(connection: KeycloakConnection, settings: Settings): Promise<Lookups> {
  const { admin, faults: loginFaults, rotation, now } = await checkLogin(connection, settings);
  const [realm, organizations, accountRoles, scopeFaults] = await Promise.all([
    // If this fails, the others fail for the same reason: only this one is told.
    keycloak
      .getRealm({ realm: settings.realm })
      .catch((error: unknown) => Promise.reject(new SettingsError([explainFailure(error, settings)]))),
    lookUpOrganizations(settings),
    lookUpAccountRoles(settings),
    checkScopes(settings),
  ]);
  const faults = [
    ...checkLifespan(settings, realm),
    ...scopeFaults,
    ...organizations.faults,
    ...accountRoles.faults,
    ...loginFaults,
  ];
  if (faults.length === 0) {
    const { found } = organizations;
    faults.push(...checkResolvedOrganizations(found, settings), ...(await checkOtherStacks(found, settings, admin)));
  }
  if (faults.length > 0) {
    throw new SettingsError(faults);
  }
  return {
    now,
    realmId: realm.id,
    integrations: organizations.found,
    accountRoleIds: Object.fromEntries(accountRoles.found),
    rotation,
  };
}
