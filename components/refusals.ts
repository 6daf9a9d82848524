import * as pulumi from "@pulumi/pulumi";

import { inWords, TYPES } from "../contract/types.ts";
import { MAPPER_ROLES } from "../keycloak/adminFaults.ts";
import { keepingSecrets } from "./clientSecret.ts";
import { explaining, withHooks } from "./hooks.ts";

/** What a failed operation is explained from. */
export type Refusal = Pick<pulumi.ErrorHookArgs, "errors" | "failedOperation" | "name" | "newInputs" | "type">;

/**
 * An option of the outermost components: explains refusals, of which Keycloak's provider says only 409 or 403. It also
 * refuses an update that would end a secret.
 * @param now the time by Keycloak's clock
 * @param policies asks for the realm's client policies that may have refused it, in words
 */
export function explainingRefusals(
  stack: string,
  now: () => Date,
  policies: () => Promise<readonly string[]> = () => Promise.resolve([]),
): pulumi.ComponentResourceOptions {
  return pulumi.mergeOptions(
    explaining(async (refusal) =>
      isOfPolicy(refusal) ? explainPolicies(refusal, await policies()) : explainRefusal(refusal, stack),
    ),
    withHooks({ beforeUpdate: [keepingSecrets(stack, now)] }, TYPES.client),
  );
}

/** Whether a client policy refused it: its answers are those of OAuth, not of the admin REST API. */
export function isOfPolicy({ errors, type }: Refusal): boolean {
  return inWords(type) === "client" && errors.some((error) => /"error":"invalid_/.test(error));
}

/** @param policies the realm's client policies, in words; none where that could not be found out */
export function explainPolicies({ errors, failedOperation, name, newInputs }: Refusal, policies: readonly string[]) {
  const said = errors.flatMap((error) => /"error_description":"([^"]*)"/.exec(error)?.[1] ?? [])[0] ?? "no reason";
  return (
    `A client policy of realm ${String(newInputs?.["realmId"])} does not let the deployer ${failedOperation} client ` +
    `"${String(newInputs?.["clientId"] ?? name)}": ${said}. Nothing was changed in it. ` +
    (policies.length === 0 ? "" : `Enabled: ${policies.join(", ")}. `) +
    "Except the customers' clients from that policy, in the admin console: Realm settings, Client policies."
  );
}

/** The refusal in the user's words; nothing where the provider's own words have to do. */
export function explainRefusal(refusal: Refusal, stack: string): string | undefined {
  const { errors, failedOperation, name, newInputs, type } = refusal;
  const kind = inWords(type);
  // A mapper's clientId is the UUID of the client that it belongs to.
  const object = `${kind} "${String(newInputs?.[kind === "client" ? "clientId" : "name"] ?? name)}"`;
  const isOfRotation = type.includes("ClientPolicyProfile");
  if (isOfRotation && errors.some((error) => /does not have valid provider/.test(error))) {
    return `Keycloak does not know the executor of the ${object}: its feature client-secret-rotation is off.`;
  }
  if (failedOperation === "create" && errors.some((error) => /\b409\b|already exists|name duplicated/.test(error))) {
    const recover =
      `Keycloak already has a ${object}, which this stack's state does not know. Nothing was changed in it. If an earlier ` +
      `run was killed before it could save its state, run: scpcloud recover --stack ${stack}.`;
    const replaced =
      "If this run was to replace it (--replace, --target-replace), the state does know it: leave that option out, since " +
      "Keycloak cannot have two.";
    if (isOfRotation) {
      return `${recover} Declare secretRotation in one stack of a realm only. ${replaced}`;
    }
    // Keycloak says so, too, of a client that it does not have, where a user has the name of its service account.
    const user =
      kind === "client"
        ? ` If both find no such client, delete the user "service-account-${String(newInputs?.["clientId"])}".`
        : "";
    return (
      `${recover} If somebody made it by ` +
      `hand, run: scpcloud adopt --stack ${stack}, which shows what changes before it changes anything. ` +
      `Both keep a client's id and secret.${user} ${replaced}`
    );
  }
  if (errors.some((error) => /\b403\b/.test(error))) {
    return (
      `Keycloak forbids the deployer to ${failedOperation} ${object}. Give its service account the role ` +
      `${isOfRotation ? "manage-realm" : type.endsWith("ProtocolMapper") ? MAPPER_ROLES : "manage-clients"} of the client realm-management ` +
      `in realm ${String(newInputs?.["realmId"])}.`
    );
  }
  return undefined;
}
