import * as v from "valibot";

import { isKnownSecret, isMasked } from "../../contract/credentials.ts";
import { didYouMean } from "../../faults/faults.ts";
import { refuse } from "../../faults/userError.ts";
import { type KeycloakManager, read } from "../../keycloak/admin.ts";
import { type ClientRepresentation, findClient, secretTimes } from "../../keycloak/clients.ts";
import type { KeycloakConnection } from "../../keycloak/http.ts";
import type { Settings } from "../../settings/settings.ts";
import type { StackOutputs } from "../cli/stack.ts";
import type { PulumiCli } from "../pulumi/pulumiCli.ts";
import type { UnderLock } from "../pulumi/underLock.ts";

/** The secrets of a customer whose client is as the commands expect it. Nothing of it is printed but the times. */
export interface CustomerSecrets {
  readonly client: ClientRepresentation;
  /** Keycloak's; an empty text where it has none. */
  readonly present: string;
  /** What the stack takes for the present one; an empty text where it knows none. */
  readonly stored: string;
  /** The one before, while Keycloak takes that, too. */
  readonly previous?: { readonly secret: string; readonly worksUntil: Date };
  readonly created?: Date;
}

/** What secrets are renewed with. */
export interface RotationTools {
  readonly settings: Settings;
  /** As they were when the user was asked. */
  readonly outputs: StackOutputs;
  readonly keycloak: KeycloakConnection;
  readonly admin: KeycloakManager;
  readonly pulumi: PulumiCli;
  readonly underLock: UnderLock;
  readonly report: (line: string) => void;
}

/**
 * The secrets of the customers that the user named, in that order.
 * @throws UserError telling of each whose secret cannot be renewed why
 */
export async function lookAtSecrets(clientIds: readonly string[], tools: RotationTools): Promise<CustomerSecrets[]> {
  const found = await Promise.all([...new Set(clientIds)].map((clientId) => lookAt(clientId, tools)));
  refuse(found.filter((one) => typeof one === "string"));
  return found.filter((one) => typeof one !== "string");
}

async function lookAt(
  clientId: string,
  { admin, outputs, pulumi: { stack }, settings: { integrations } }: RotationTools,
): Promise<CustomerSecrets | string> {
  const integration = integrations.find((one) => one.clientId === clientId);
  if (integration === undefined) {
    const known = integrations.map((one) => one.clientId);
    return `${clientId}: the stack file has no such customer; ${didYouMean(clientId, known)}`;
  }
  if (integration.retired) {
    return `${clientId}: the customer is retired; its secret gets no tokens`;
  }
  if (outputs.integrations?.[clientId] === undefined) {
    return `${clientId}: it is not deployed yet; run: pulumi up --stack ${stack}`;
  }
  const client = await findClient(admin, clientId);
  if (client?.enabled !== true || client.publicClient === true) {
    return `${clientId}: its client is not as the stack has it; run: scpcloud drift --stack ${stack}`;
  }
  const { secret: present = "" } = client;
  if (isMasked(present)) {
    return `${clientId}: Keycloak does not show the deployer its secret; who renews one needs the role manage-clients`;
  }
  const { created, overlapEnds } = secretTimes(client, admin.now());
  const previous = overlapEnds && (await previousSecret(client, admin));
  return {
    client,
    present,
    stored: outputs.credentials?.[clientId]?.clientSecret ?? "",
    ...(created && { created }),
    ...(previous && { previous: { secret: previous, worksUntil: overlapEnds } }),
  };
}

const ROTATED = v.object({ value: v.exactOptional(v.string()) });

async function previousSecret({ id }: ClientRepresentation, admin: KeycloakManager): Promise<string | undefined> {
  const { value } = await read(admin, `/clients/${id}/client-secret/rotated`, ROTATED);
  return isKnownSecret(value) ? value : undefined;
}
