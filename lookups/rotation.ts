import { connect } from "../keycloak/http";
import { login } from "../keycloak/login";
import { rotationFaults } from "../keycloak/rotationSupport";
import type { Fault } from "../settings/faults";
import type { Settings } from "../settings/settings";

/** Why secrets cannot overlap although the stack file says so. The provider has no lookup that tells it. */
export async function lookUpRotation(settings: Settings): Promise<Fault[]> {
  const keycloak = connect(settings.connection);
  try {
    return await rotationFaults(keycloak, await login(keycloak, settings), settings);
  } finally {
    await keycloak.close();
  }
}
