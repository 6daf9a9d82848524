import { payloadOf } from "../keycloak/accessToken.ts";
import { type KeycloakManager, loginAsDeployer } from "../keycloak/admin.ts";
import type { KeycloakConnection } from "../keycloak/http.ts";
import { givenAssertion, login } from "../keycloak/login.ts";
import { refuseWrongServer } from "../keycloak/wrongServer.ts";
import type { Settings } from "../settings/settings.ts";
import { adminOfProvider } from "./adminOfProvider.ts";

/** What lookups ask. */
export type Admin = Omit<KeycloakManager, "change">;

/**
 * Logs in to the stack's own server as the provider does, before it does.
 * @throws SettingsError where the server is not the stack's own, or the deployer cannot log in
 */
export async function logIn(keycloak: KeycloakConnection, settings: Settings): Promise<Admin> {
  const assertion = await givenAssertion(settings.deployer);
  const claims = payloadOf(assertion ?? "");
  if (claims?.["iss"] !== undefined && claims["iss"] === claims["sub"]) {
    await refuseWrongServer(keycloak, settings);
    // Its client has signed it itself (RFC 7523). Keycloak always takes such a one once only: the provider needs it.
    return adminOfProvider(settings);
  }
  const admin = await loginAsDeployer(keycloak, settings);
  if (assertion !== undefined) {
    // The provider logs in besides. If Keycloak takes the assertion once only, this tells it, as the provider could not.
    await login(keycloak, settings);
  }
  return admin;
}
