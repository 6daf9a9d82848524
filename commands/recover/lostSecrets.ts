import { isMasked, isSecret } from "../../components/credentials";
import { TYPES } from "../../components/types";
import { recordOf } from "../../settings/decode";
import type { KeycloakAdmin } from "../../keycloak/admin";
import { findClient } from "../../keycloak/clients";
import type { StateResource } from "../pulumi/exportedState";
import { nameOf } from "../pulumi/owners";
import { RecoveryError } from "./stackLock";

/**
 * The URNs of the clients whose secret the state, which shows secrets, lacks: the connection broke between the creation of the client and the
 * question for its secret, or Keycloak masked it.
 */
export function clientsWithoutSecret(resources: readonly StateResource[]): string[] {
  return resources
    .filter(({ type, id }) => type === TYPES.client && id !== undefined && id !== "")
    .filter(({ outputs }) => !isSecret(plainOf(outputs?.["clientSecret"])))
    .map(({ urn }) => urn);
}

/**
 * The URNs of the clients whose secret is another one in Keycloak than in the state: a rotation was killed, or somebody
 * regenerated it.
 * @throws RecoveryError, SettingsError where Keycloak does not say of each which one it has
 */
export async function clientsWithOtherSecret(
  resources: readonly StateResource[],
  admin: KeycloakAdmin,
): Promise<string[]> {
  const others = await Promise.all(
    resources
      .filter(({ type, id }) => type === TYPES.client && id !== undefined && id !== "")
      .map(async ({ id, outputs, urn }) => {
        const stored = plainOf(outputs?.["clientSecret"]);
        // A client that is gone, or another one now, is told by the preview.
        const found = await findClient(admin, String(outputs?.["clientId"]));
        const secret = found?.id === id ? found?.secret : undefined;
        if (isMasked(secret)) {
          throw new RecoveryError(
            `Keycloak does not show the deployer the secret of ${nameOf(urn)}, so that it cannot be said whether the state ` +
              "has the present one. Give the deployer the role manage-clients.",
          );
        }
        return isSecret(stored) && isSecret(secret) && secret !== stored ? [urn] : [];
      }),
  );
  return others.flat();
}

/** A shown secret is JSON within an object. */
function plainOf(value: unknown): unknown {
  const { plaintext } = recordOf(value);
  return typeof plaintext === "string" ? (JSON.parse(plaintext) as unknown) : value;
}
