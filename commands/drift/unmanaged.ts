import * as v from "valibot";

import { isKnownSecret } from "../../contract/credentials.ts";
import { TYPES } from "../../contract/types.ts";
import { type KeycloakAdmin, read } from "../../keycloak/admin.ts";
import { readClientPolicies, readClientProfiles } from "../../keycloak/clientPolicies.ts";
import { CLIENT, findClient } from "../../keycloak/clients.ts";
import type { OtherUser } from "../../keycloak/users.ts";
import { code } from "../changes/markdown.ts";
import type { StackOutputs } from "../cli/stack.ts";
import { findExisting } from "../recovery/adoptable.ts";
import { mappersOf } from "../recovery/clientChanges.ts";
import type { Change, ManagedResource } from "./changesByHand.ts";
import { type Finding, inOrder } from "./finding.ts";
import { phrase, whom } from "./phrases.ts";
import { tell } from "./words.ts";

/** A client or a client scope as Keycloak shows it, as far as Pulumi does not look at it. */
const REPRESENTATION = v.omit(CLIENT, ["id", "clientId"]);
type Representation = v.InferOutput<typeof REPRESENTATION>;

export interface UnmanagedChanges {
  readonly findings: readonly Finding[];
  /** The customers whose secrets Keycloak does not show the deployer: nobody can say whether they are still the same. */
  readonly hiddenSecrets: readonly string[];
  /** The customers whose new secret the stack does not know yet, while the previous one still works. */
  readonly unfinishedRotations: readonly string[];
}

/**
 * What Pulumi does not see: a generated secret is for it whatever the server says, and a mapper that it has not made is
 * none of its business. No secret leaves this function.
 * @param managed what the state has and the server still has, too
 * @param lost what only the state has: a mapper in place of one of these is told as that
 * @param now by Keycloak's clock
 */
export async function unmanagedChanges(
  managed: readonly ManagedResource[],
  lost: readonly ManagedResource[],
  { credentials }: StackOutputs,
  admin: KeycloakAdmin,
  now: Date,
): Promise<UnmanagedChanges> {
  const hiddenSecrets: string[] = [];
  const unfinishedRotations: string[] = [];
  const known = new Set([...managed.map(({ id }) => id), ...lost.map(placeOf)]);
  const looked = managed.filter(({ type }) => type === TYPES.client || type === TYPES.clientScope);
  const findings = await Promise.all(
    looked.map(async (resource) => {
      const found = await representationOf(resource, admin);
      const handedOver = resource.type === TYPES.client ? credentials?.[resource.owner.name]?.clientSecret : undefined;
      if (handedOver !== undefined && usesSecret(found) && !isKnownSecret(found.secret)) {
        hiddenSecrets.push(resource.owner.name);
      }
      if (handedOver !== undefined && isPrevious(found, handedOver, now)) {
        unfinishedRotations.push(resource.owner.name);
        return furtherMappers(resource, found, known);
      }
      return [...secretChange(resource, found, handedOver), ...furtherMappers(resource, found, known)];
    }),
  );
  return {
    findings: inOrder([...findings.flat(), ...(await lostPolicies(managed, admin))]),
    hiddenSecrets: hiddenSecrets.sort(),
    unfinishedRotations: unfinishedRotations.sort(),
  };
}

/** Of a client as verification asks for it, so that `askingOnce` helps; by its id where it has another name. */
async function representationOf({ id, owner, type }: ManagedResource, admin: KeycloakAdmin): Promise<Representation> {
  const client = type === TYPES.client ? await findClient(admin, owner.name) : undefined;
  const kind = type === TYPES.client ? "clients" : "client-scopes";
  return client?.id === id ? client : read(admin, `/${kind}/${id}`, REPRESENTATION);
}

/** Official versions of the provider read a client profile or client policy that is gone as if it were there. */
async function lostPolicies(managed: readonly ManagedResource[], admin: KeycloakAdmin): Promise<Finding[]> {
  const ours = managed.filter(({ type }) => type === TYPES.clientProfile || type === TYPES.clientPolicy);
  if (ours.length === 0) {
    return [];
  }
  const [profiles, policies] = await Promise.all([readClientProfiles(admin), readClientPolicies(admin)]);
  return ours
    .filter(({ inputs, type }) =>
      (type === TYPES.clientProfile ? profiles : policies).every(({ name }) => name !== inputs["name"]),
    )
    .flatMap((resource) => tell({ resource }).map((finding) => ({ ...finding, remedy: "recover" as const })));
}

/** Whether it is the secret before the present one, which a client policy keeps alive for a while. */
function isPrevious({ attributes = {} }: Representation, secret: string, now: Date): boolean {
  const worksUntil = Number(attributes["client.secret.rotated.expiration.time"] ?? 0) * 1000;
  return attributes["client.secret.rotated"] === secret && worksUntil > now.getTime();
}

/** A client that is public or logs in otherwise has another fault, which is told already. */
function usesSecret({ clientAuthenticatorType = "client-secret", publicClient }: Representation): boolean {
  return publicClient !== true && clientAuthenticatorType === "client-secret";
}

function secretChange(resource: ManagedResource, found: Representation, handedOver: string | undefined): Finding[] {
  const { secret } = found;
  if (!usesSecret(found) || !isKnownSecret(secret) || !isKnownSecret(handedOver) || secret === handedOver) {
    return [];
  }
  const sentence = `someone regenerated the secret of ${whom(resource)}: the one that was handed over is refused`;
  return [{ owner: resource.owner, danger: "credentials", sentence, remedy: "up", newSecret: true }];
}

function furtherMappers(resource: ManagedResource, found: Representation, known: ReadonlySet<string>): Finding[] {
  const { owner, type } = resource;
  const to = type === TYPES.client ? whom(resource) : `${phrase(resource)}, which all customers have`;
  return mappersOf(found)
    .filter(({ id, name }) => !known.has(id) && !known.has(placeOf({ owner, inputs: { name } })))
    .map(({ claim, name }) => ({
      owner,
      danger: "claims",
      sentence: `someone added the mapper ${code(name)}${claim === undefined ? "" : ` (claim ${code(claim)})`} to ${to}`,
      remedy: "byHand",
      newSecret: false,
    }));
}

/** Only one of the shared client scopes has mappers. */
function placeOf({ inputs, owner }: Pick<ManagedResource, "inputs" | "owner">): string {
  return JSON.stringify([owner.kind, owner.name, inputs["name"]]);
}

/** Which of the lost resources somebody made anew, so that an `up` would be refused: by URN. */
export async function remade(changes: readonly Change[], admin: KeycloakAdmin): Promise<ReadonlySet<string>> {
  const lost = changes.filter(({ property }) => property === undefined).map(({ resource }) => resource);
  const found = await Promise.all(lost.map((resource) => findExisting(resource, admin)));
  return new Set(lost.filter((_, index) => found[index] !== undefined).map(({ urn }) => urn));
}

/** The stack file says the same as before, and an `up` would all the same write another organization. */
export function tellOtherUser({ clientId, text }: OtherUser): Finding {
  const owner = { kind: "customer", name: clientId } as const;
  return { owner, danger: "access", sentence: `customer ${clientId}: ${text}`, remedy: "whose", newSecret: false };
}
