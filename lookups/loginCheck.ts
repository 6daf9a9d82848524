import type { RotationInKeycloak } from "../components/secretRotation.ts";
import { rolesOf } from "../keycloak/accessToken.ts";
import { type KeycloakAdmin, loginAsDeployer } from "../keycloak/admin.ts";
import { type KeycloakConnection, NoAnswerError } from "../keycloak/http.ts";
import { login } from "../keycloak/login.ts";
import { rotationFaults } from "../keycloak/rotationSupport.ts";
import { refuseWrongServer } from "../keycloak/wrongServer.ts";
import { type Fault, SettingsError } from "../settings/faults.ts";
import type { Settings } from "../settings/settings.ts";
import { explainFailure } from "./failures.ts";
import { lookUpRotation } from "./policies.ts";
import { serviceAccountFaults } from "./serviceAccounts.ts";

export interface LoginCheck {
  /** For what the provider has no lookup of. */
  readonly admin: () => Promise<KeycloakAdmin>;
  readonly faults: readonly Fault[];
  /** Undefined where the stack has none, or the deployer may not look at the realm. */
  readonly rotation?: RotationInKeycloak | undefined;
  /** The time by Keycloak's clock, or by this machine's clock if the login does not tell it. */
  readonly now: () => Date;
}

/**
 * Logs in as the provider does, before it does: from 3.274 on, Pulumi ends the program at once where the provider cannot,
 * mostly before the program has said why.
 * @returns what the provider has no lookup for: service accounts that cannot be made, why secrets cannot overlap
 *   although the stack file says so, and what Keycloak has of what makes them overlap
 * @throws SettingsError where the server is not the stack's own, the deployer cannot log in, or its token is refused
 */
export async function checkLogin(keycloak: KeycloakConnection, settings: Settings): Promise<LoginCheck> {
  try {
    await refuseWrongServer(keycloak, settings);
    if (/^assertion/.test(settings.deployer.credentials.kind)) {
      // Keycloak takes most assertions once only: this one is left to the provider, unless there is a question.
      return { admin: () => loginAsDeployer(keycloak, settings), faults: [], now: () => new Date() };
    }
    const accessToken = await login(keycloak, settings);
    const admin = await loginAsDeployer(keycloak, settings, accessToken);
    const { overlapDays, realm, realmStack } = settings;
    const mayLook = (rolesOf(accessToken, realm) ?? []).some((role) => /^(manage|view)-realm$/.test(role));
    const looksUpRotation = overlapDays !== undefined && realmStack === undefined && mayLook;
    const [taken, withoutOverlap, rotation] = await Promise.all([
      serviceAccountFaults(keycloak, accessToken, settings),
      rotationFaults(keycloak, accessToken, settings),
      looksUpRotation ? lookUpRotation(admin, overlapDays) : undefined,
    ]);
    return {
      admin: () => Promise.resolve(admin),
      faults: [...taken, ...withoutOverlap],
      rotation,
      now: () => admin.now(),
    };
  } catch (error) {
    if (error instanceof SettingsError) {
      // Nothing is declared yet.
      throw new SettingsError(error.faults);
    }
    throw error instanceof NoAnswerError ? new SettingsError([explainFailure(error, settings)]) : error;
  }
}
