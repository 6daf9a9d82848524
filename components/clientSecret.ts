import * as keycloak from "@pulumi/keycloak";
import * as pulumi from "@pulumi/pulumi";

import { isSecret } from "./credentials";

/** By which a program says that it has failed and told why (Pulumi's cmd/run). An exception would save no outputs. */
const FAILED_AND_TOLD = 32;

/**
 * A client's secret. Where the state has none (the connection broke off when the client had just been made) or a masked
 * one (it was refreshed by a deployer who may only view), Keycloak is asked anew. If it does not show it either, that is
 * told as an error, which fails an `up` at its end: all else is carried out, and all other outputs are saved.
 */
export function readSecret(
  client: keycloak.openid.Client,
  { realmId, clientId }: { readonly realmId: string; readonly clientId: string },
): pulumi.Output<string | undefined> {
  return client.clientSecret.apply(async (stored?: string) => {
    // Where `--target` has left out a client that is not there yet, there is not even an empty text.
    if (isSecret(stored) || stored === undefined) {
      return stored;
    }
    const asked = await keycloak.openid.getClient({ realmId, clientId }).then(
      ({ clientSecret }) => clientSecret,
      () => undefined,
    );
    if (isSecret(asked)) {
      return asked;
    }
    const text =
      `The secret of client "${clientId}" is not known: the state has none, and Keycloak shows the deployer ` +
      `${asked === undefined || asked === "" ? "none" : "asterisks, so that it lacks the role manage-clients"}. ` +
      `The stack gives out no credentials for it. Run: npm run recover -- --stack ${pulumi.getStack()}`;
    // In a preview an update may be planned that makes Keycloak give out a secret, as of a client that became public.
    if (pulumi.runtime.isDryRun()) {
      await pulumi.log.warn(text, client);
    } else {
      await pulumi.log.error(text, client);
      process.exitCode = FAILED_AND_TOLD;
    }
    return undefined;
  });
}
