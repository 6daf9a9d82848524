import * as v from "valibot";

import { isKnownSecret, isMasked } from "../../contract/credentials.ts";
import { TYPES } from "../../contract/types.ts";
import { refuse } from "../../faults/userError.ts";
import type { KeycloakAdmin } from "../../keycloak/admin.ts";
import { findClient, oddSecret } from "../../keycloak/clients.ts";
import { ofForm } from "../../values/shapes.ts";
import type { StateResource } from "../pulumi/exportedState.ts";

/**
 * The URNs of the clients whose secret the state, which shows secrets, lacks: the connection broke between the creation
 * of the client and the question for its secret, or Keycloak masked it.
 */
export function clientsWithoutSecret(resources: readonly StateResource[]): string[] {
  return clientsOf(resources)
    .filter(({ outputs }) => !isKnownSecret(plainOf(outputs?.["clientSecret"])))
    .map(({ urn }) => urn);
}

/**
 * The URNs of the clients whose secret is another one in Keycloak than in the state: a rotation was killed, or somebody
 * regenerated it.
 * @throws UserError, SettingsError where Keycloak does not say of each which one it has, or where it has one that
 * nobody can have made as a secret: the state does not get that unasked
 */
export async function clientsWithOtherSecret(
  resources: readonly StateResource[],
  admin: KeycloakAdmin,
): Promise<string[]> {
  const faults: string[] = [];
  const others = await Promise.all(
    clientsOf(resources).map(async ({ id, outputs, urn }) => {
      const stored = plainOf(outputs?.["clientSecret"]);
      // A client that is gone, or another one now, is told by the preview.
      const found = await findClient(admin, String(outputs?.["clientId"]));
      if (found === undefined || found.id !== id) {
        return [];
      }
      const isOther = found.secret !== stored;
      const oddity = isOther || !isKnownSecret(stored) ? oddSecret(found) : undefined;
      if (isMasked(found.secret)) {
        faults.push(
          `${found.clientId}: Keycloak does not show the deployer its secret, so that it cannot be said whether the ` +
            "state has the present one. Give the deployer the role manage-clients.",
        );
      } else if (oddity !== undefined) {
        const asItIs = `pulumi refresh --stack ${urn.split(/:+/)[2]} --target '${urn}'`;
        faults.push(
          `${found.clientId}: its secret in Keycloak ${oddity}, and the state does not have it. Have a new one made: in ` +
            "the admin console, Clients, Credentials, Regenerate; then run this command again." +
            (found.secret === "" ? "" : ` To have the state take it as it is, run before: ${asItIs}`),
        );
      }
      return isOther && isKnownSecret(stored) && isKnownSecret(found.secret) ? [urn] : [];
    }),
  );
  refuse(faults, "The state gets no secret that nobody may have made.");
  return others.flat();
}

/** Those that Keycloak has made. */
function clientsOf(resources: readonly StateResource[]): StateResource[] {
  return resources.filter(({ type, id = "" }) => type === TYPES.client && id !== "");
}

const SHOWN_SECRET = v.object({ plaintext: v.pipe(v.string(), v.parseJson(), v.string()) });

/** A secret that is shown is JSON within an object. Nothing where it is none: an error would quote it. */
function plainOf(value: unknown): unknown {
  const shown = ofForm(SHOWN_SECRET, value);
  return "value" in shown ? shown.value.plaintext : value;
}
