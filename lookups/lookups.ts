import type { RotationInKeycloak } from "../components/secretRotation.ts";
import { SettingsError } from "../faults/faults.ts";
import { explainNoAnswer } from "../keycloak/adminFaults.ts";
import { connect, type KeycloakConnection, NoAnswerError } from "../keycloak/http.ts";
import { rotationFaults } from "../keycloak/rotationSupport.ts";
import type { Settings } from "../settings/settings.ts";
import { logIn } from "./login.ts";
import { lookUpOrganizations, type ResolvedIntegration } from "./organizations.ts";
import { lookUpRotation } from "./policies.ts";
import { lookUpAccountRoles, readRealm, realmFaults } from "./realm.ts";
import { serviceAccountFaults } from "./users.ts";

/** What the program needs to know from the server before it declares anything. */
export interface Lookups {
  readonly integrations: readonly ResolvedIntegration[];
  /** By name: the ids of the roles that the account client scope maps; empty where the stack declares none. */
  readonly accountRoleIds: Readonly<Record<string, string>>;
  /** Undefined where the stack has none, or the deployer may not look at the realm. */
  readonly rotation: RotationInKeycloak | undefined;
  /** The time by Keycloak's clock. */
  readonly now: () => Date;
}

/** The provider's own time limit, if the settings do not say one. To wait longer would tell nothing more. */
const TIMEOUT_SECONDS = 5;

/**
 * Asks Keycloak, in preview too, for what the settings name. Nothing may be declared before this is through, so that a
 * run that fails here creates nothing. It also comes before the provider's own login: from 3.274 on, Pulumi ends the
 * program at once where the provider cannot log in, mostly before the program has said why.
 * @throws SettingsError with everything that the server does not have or that the deployer may not see.
 */
export async function lookUp(settings: Settings): Promise<Lookups> {
  const keycloak = connect({ ...settings.connection, timeout: settings.connection.timeout ?? TIMEOUT_SECONDS });
  try {
    return await lookUpBy(keycloak, settings);
  } catch (error) {
    if (error instanceof NoAnswerError) {
      throw new SettingsError([explainNoAnswer(error.reason, settings)]);
    }
    // Nothing is declared yet.
    throw error instanceof SettingsError ? new SettingsError(error.faults) : error;
  } finally {
    await keycloak.close();
  }
}

async function lookUpBy(keycloak: KeycloakConnection, settings: Settings): Promise<Lookups> {
  const admin = await logIn(keycloak, settings);
  // If this fails, all else would fail for the same reason.
  const realm = await readRealm(admin);
  const [integrations, accountRoleIds, rotation] = await allOf(
    lookUpOrganizations(admin, settings),
    lookUpAccountRoles(admin, settings),
    lookUpRotation(admin, settings),
    refuseFaults(realmFaults(admin, realm, settings)),
    refuseFaults(serviceAccountFaults(admin, settings)),
    refuseFaults(rotationFaults(admin, settings)),
  );
  return { now: () => admin.now(), integrations, accountRoleIds, rotation };
}

async function refuseFaults(faults: ReturnType<typeof realmFaults>): Promise<void> {
  const found = await faults;
  if (found.length > 0) {
    throw new SettingsError(found);
  }
}

/** Like Promise.all, but tells the faults of all. */
async function allOf<T extends unknown[]>(...lookups: { [Key in keyof T]: Promise<T[Key]> }): Promise<T> {
  const results = await Promise.allSettled(lookups);
  const faults = results.flatMap((result) =>
    result.status === "rejected" && result.reason instanceof SettingsError ? result.reason.faults : [],
  );
  if (faults.length > 0) {
    throw new SettingsError(faults);
  }
  return Promise.all(lookups);
}
