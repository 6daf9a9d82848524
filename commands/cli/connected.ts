import { type KeycloakManager, loginAsDeployer } from "../../keycloak/admin.ts";
import { connect, type KeycloakConnection } from "../../keycloak/http.ts";
import { readSettings } from "../../settings/read.ts";
import type { Settings } from "../../settings/settings.ts";
import { refuseEmptyRealm } from "./emptyRealm.ts";
import { loadStack, type Stack } from "./stack.ts";

/** A stack, and its Keycloak with the deployer's login. */
export interface Connected {
  readonly stack: Stack;
  readonly settings: Settings;
  readonly keycloak: KeycloakConnection;
  readonly admin: KeycloakManager;
}

/**
 * Reads a stack and logs in to its Keycloak for an action; afterwards the connection is closed.
 * @param options.mayBeEmpty whether a realm that has nothing of the stack is no obstacle
 */
export async function withKeycloak<T>(
  name: string,
  action: (connected: Connected) => Promise<T>,
  { mayBeEmpty = false } = {},
): Promise<T> {
  const stack = await loadStack(name);
  const settings = readSettings(stack.source);
  const keycloak = connect(settings.connection);
  try {
    const admin = await loginAsDeployer(keycloak, settings);
    if (!mayBeEmpty) {
      await refuseEmptyRealm(name, stack.outputs, settings, admin);
    }
    return await action({ stack, settings, keycloak, admin });
  } finally {
    await keycloak.close();
  }
}
