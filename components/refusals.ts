import * as pulumi from "@pulumi/pulumi";

import { MAPPER_ROLES } from "../keycloak/adminFaults";
import { keepingSecrets } from "./clientSecret";
import { withHooks } from "./hooks";
import { inWords, TYPES } from "../contract/types";

/** What a failed operation is explained from. */
export type Refusal = Pick<pulumi.ErrorHookArgs, "errors" | "failedOperation" | "name" | "newInputs" | "type">;

/**
 * An option of the outermost components, for all resources below them. If a server refuses one, it says what to do, since
 * Keycloak's provider says only 409 or 403. It never retries. It also refuses an update that would end a secret.
 * @param now the time by Keycloak's clock
 * @param policies asks for the realm's client policies that may have refused it, in words
 */
export function explainingRefusals(
  stack: string,
  now: () => Date,
  policies: () => Promise<readonly string[]> = () => Promise.resolve([]),
): pulumi.ComponentResourceOptions {
  const hook = new pulumi.ErrorHook("refusal", async (refusal) => {
    const explanation = isOfPolicy(refusal)
      ? explainPolicies(refusal, await policies())
      : explainRefusal(refusal, stack);
    if (explanation !== undefined) {
      await pulumi.log.error(explanation);
    }
    return false;
  });
  return pulumi.mergeOptions(
    withHooks({ onError: [hook] }),
    withHooks({ beforeUpdate: [keepingSecrets(stack, now)] }, TYPES.client),
  );
}

/** The refusal in the user's words; undefined if the provider's own words are all that is known. */
export function explainRefusal(refusal: Refusal, stack: string): string | undefined {
  return refusal.type.startsWith("docker:") ? explainEngine(refusal, stack) : explainKeycloak(refusal, stack);
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

function explainKeycloak({ errors, failedOperation, name, newInputs, type }: Refusal, stack: string) {
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

function explainEngine({ errors, name, newInputs, type }: Refusal, stack: string) {
  const object = `${inWords(type)} "${String(newInputs?.["name"] ?? name)}"`;
  if (errors.some((error) => /name .* is already in use|network with name .* already exists/.test(error))) {
    return (
      `The Docker engine already has a ${object}, which this stack's state does not know: probably an earlier run was ` +
      `killed before it could save its state. To have it made anew, run: scpcloud recover --stack ${stack}`
    );
  }
  if (errors.some((error) => /port is already allocated|address already in use/.test(error))) {
    return (
      `Another program on the engine's machine has a port that ${object} is to publish. ` +
      "End it, or write another port in scpcloud:apps."
    );
  }
  return undefined;
}
