import * as pulumi from "@pulumi/pulumi";

import { isKnownSecret } from "../contract/credentials.ts";
import { ROTATION_ATTRIBUTE } from "../contract/names.ts";
import * as keycloak from "../keycloak/provider/index.ts";

/** A program ends with this code if it failed and has told why (Pulumi's cmd/run). After an exception, no outputs are saved. */
const FAILED_AND_TOLD = 32;

/**
 * A client's secret. The state may have none (the connection broke when the client had just been made) or a masked one (a
 * deployer who may only view has refreshed it). Then Keycloak is asked again. If Keycloak does not show it either, an `up`
 * fails at its end: it does all else before, and it saves all other outputs.
 */
export function readSecret(
  client: keycloak.openid.Client,
  args: { readonly realmId: pulumi.Input<string>; readonly clientId: string },
): pulumi.Output<string | undefined> {
  const { clientId } = args;
  return pulumi.all([client.clientSecret, args.realmId]).apply(async ([secret, realmId]) => {
    // It is undefined, and not empty, if `--target` has left out a client that is not there yet.
    const stored: string | undefined = secret;
    if (isKnownSecret(stored) || stored === undefined) {
      return stored;
    }
    const asked = await keycloak.openid.getClient({ realmId, clientId }).then(
      ({ clientSecret }) => clientSecret,
      () => undefined,
    );
    if (isKnownSecret(asked)) {
      return asked;
    }
    const text =
      `The secret of client "${clientId}" is not known: the state has none, and Keycloak shows the deployer ` +
      `${asked === undefined || asked === "" ? "none" : "asterisks, so that it lacks the role manage-clients"}. ` +
      `The stack gives out no credentials for it. Run: scpcloud recover --stack ${pulumi.getStack()}`;
    // In a preview, the planned update may make Keycloak give out the secret, such as that of a client that became public.
    if (pulumi.runtime.isDryRun()) {
      await pulumi.log.warn(text, client);
    } else {
      await pulumi.log.error(text, client);
      process.exitCode = FAILED_AND_TOLD;
    }
    return undefined;
  });
}

/** An update of a client, as far as it can end a secret. */
export interface ClientUpdate {
  readonly newInputs: { readonly clientId: string; readonly extraConfig?: Readonly<Record<string, unknown>> };
  /** The secret that the state has. */
  readonly stored: unknown;
  /** The client as Keycloak has it. */
  readonly found: Pick<keycloak.openid.GetClientResult, "clientSecret" | "extraConfig">;
  /** By Keycloak's clock, by which overlaps end. */
  readonly now: Date;
}

/**
 * Refuses an update of a client that would end a secret: the provider sends the state's secret, and Keycloak makes it the
 * present one. A preview only warns. All clients share one hook, since each hook costs a call of the engine.
 */
export function keepingSecrets(stack: string, now: () => Date): pulumi.ResourceHook {
  const check = async (update: pulumi.ResourceHookArgs) => {
    const newInputs = update.newInputs as ClientUpdate["newInputs"] & { readonly realmId: string };
    const { clientId, realmId } = newInputs;
    const found = await keycloak.openid.getClient({ realmId, clientId }).catch((error: unknown) => {
      // A client that is gone has no secret that could end. The provider says that it is gone.
      if (pulumi.runtime.isDryRun() || /does not exist|not found/i.test(String(error))) {
        return undefined;
      }
      throw error;
    });
    if (found === undefined) {
      return;
    }
    // A secret value comes as an Output.
    const stored = await new Promise((resolve) => pulumi.output(update.oldOutputs?.["clientSecret"]).apply(resolve));
    const reason = endedSecret({ newInputs, stored, found, now: now() }, stack);
    if (reason === undefined) {
      return;
    }
    if (!pulumi.runtime.isDryRun()) {
      throw new Error(reason);
    }
    await pulumi.log.warn(`up will refuse this: ${reason}`);
  };
  return new pulumi.ResourceHook("which secrets an update would end", check, { onDryRun: true });
}

/** Which secret an update would end, and what to do; nothing where it ends none. */
export function endedSecret({ newInputs, stored, found, now }: ClientUpdate, stack: string): string | undefined {
  const { clientId, extraConfig = {} } = newInputs;
  if (
    typeof stored === "string" &&
    stored !== "" &&
    isKnownSecret(found.clientSecret) &&
    stored !== found.clientSecret
  ) {
    return (
      `Keycloak has another secret of the client "${clientId}" than this stack's state: a rotation was stopped, or somebody ` +
      "renewed it. An update would put the old one in its place. To have the stack take over Keycloak's, run: " +
      `scpcloud recover --stack ${stack}`
    );
  }
  const worksUntil = new Date(Number(found.extraConfig["client.secret.rotated.expiration.time"] ?? 0) * 1000);
  return worksUntil > now && extraConfig[ROTATION_ATTRIBUTE] !== "true"
    ? `The previous secret of the client "${clientId}" works until ${worksUntil.toISOString()}. Without ` +
        "scpcloud:secretRotation it ends by chance, at some later change of the client. End it first: " +
        `scpcloud rotate --stack ${stack} --customer ${clientId} --end-overlap. Or set scpcloud:secretRotation again`
    : undefined;
}
