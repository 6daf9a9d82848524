import { loginAsDeployer } from "../keycloak/admin";
import { connect, NoAnswerError } from "../keycloak/http";
import { login } from "../keycloak/login";
import { rotationFaults } from "../keycloak/rotationSupport";
import { refuseWrongServer } from "../keycloak/wrongServer";
import { type Fault, SettingsError } from "../settings/faults";
import type { Settings } from "../settings/settings";
import { explainFailure } from "./failures";
import { serviceAccountFaults } from "./serviceAccounts";

/** The provider's own time limit, where the settings do not say one: whoever waits longer tells nothing more. */
const TIMEOUT_SECONDS = 5;

/**
 * Logs in as the provider does, before it does: from 3.274 on, Pulumi ends the program at once where the provider cannot,
 * mostly before the program has said why.
 * @returns what the provider has no lookup for: service accounts that cannot be made, and why secrets cannot overlap
 *   although the stack file says so
 * @throws SettingsError where the server is not the stack's own, the deployer cannot log in, or may not see the realm
 */
export async function checkLogin(settings: Settings): Promise<Fault[]> {
  const keycloak = connect({ ...settings.connection, timeout: settings.connection.timeout ?? TIMEOUT_SECONDS });
  try {
    await refuseWrongServer(keycloak, settings);
    if (/^assertion/.test(settings.deployer.credentials.kind)) {
      // Keycloak takes most assertions once only: this one is left to the provider.
      return [];
    }
    const accessToken = await login(keycloak, settings);
    const admin = await loginAsDeployer(keycloak, settings, accessToken);
    const [, taken] = await Promise.all([admin.get(""), serviceAccountFaults(keycloak, accessToken, settings)]);
    return [...taken, ...(await rotationFaults(keycloak, accessToken, settings))];
  } catch (error) {
    if (error instanceof SettingsError) {
      // Nothing is declared yet.
      throw new SettingsError(error.faults);
    }
    throw error instanceof NoAnswerError ? new SettingsError([explainFailure(error, settings)]) : error;
  } finally {
    await keycloak.close();
  }
}
