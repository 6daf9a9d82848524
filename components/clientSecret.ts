import * as keycloak from "@pulumi/keycloak";
import * as pulumi from "@pulumi/pulumi";

import { isSecret } from "./credentials";

/**
 * A client's secret. Where the state has none (the connection broke off when the client had just been made) or a masked
 * one (it was refreshed by a deployer who may only view), Keycloak is asked anew. If it does not show it either, that is
 * told as an error, which fails an `up` at its end: all else is carried out, and all other outputs are saved.
 */
export function readSecret(
  client: keycloak.openid.Client,
  { realmId, clientId }: { readonly realmId: string; readonly clientId: string },
): pulumi.Output<string | undefined> {
  return pulumi.all([client.id, client.clientSecret]).apply(async ([id, stored]: [string?, string?]) => {
    // Without an id, `--target` has left it out.
    if (isSecret(stored) || id === undefined || id === "") {
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
    await (pulumi.runtime.isDryRun() ? pulumi.log.warn(text, client) : pulumi.log.error(text, client));
    return undefined;
  });
}
