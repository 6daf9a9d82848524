import { loginAsDeployer } from "../keycloak/admin";
import { connect, NoAnswerError } from "../keycloak/http";
import { login } from "../keycloak/login";
import { rotationFaults } from "../keycloak/rotationSupport";
import { type Fault, SettingsError } from "../settings/faults";
import type { Settings } from "../settings/settings";
import { explainFailure } from "./failures";

/** The provider's own time limit, where the settings do not say one: whoever waits longer tells nothing more. */
const TIMEOUT_SECONDS = 5;

/**
 * Logs in as the provider does, before it does: from 3.274 on, Pulumi ends the program at once where the provider cannot,
 * mostly before the program has said why.
 * @returns why secrets cannot overlap although the stack file says so; the provider has no lookup that tells it
 * @throws SettingsError where the deployer cannot log in, or may not see the realm
 */
export async function checkLogin(settings: Settings): Promise<Fault[]> {
  const keycloak = connect({ ...settings.connection, timeout: settings.connection.timeout ?? TIMEOUT_SECONDS });
  try {
    const accessToken = await login(keycloak, settings);
    await (await loginAsDeployer(keycloak, settings, accessToken)).get("");
    return await rotationFaults(keycloak, accessToken, settings);
  } catch (error) {
    throw error instanceof NoAnswerError ? new SettingsError([explainFailure(error, settings)]) : error;
  } finally {
    await keycloak.close();
  }
}
