import { code } from "../changes/markdown";
import { textInput } from "../changes/values";
import { type Danger, shown, type Told } from "./finding";
import { TYPES } from "../../contract/types";
import { type ManagedResource, phrase, whom } from "./managedResources";
import { POLICY_WORDS, PROFILE_WORDS, WITHOUT_OVERLAP } from "./rotationWords";

type Words = (stored: unknown, real: unknown, resource: ManagedResource) => Told | readonly Told[];

/** What somebody changed in anything but a client, by type and property. */
export const OTHER_WORDS: Readonly<Record<string, Readonly<Record<string, Words>>>> = {
  [TYPES.hardcodedClaim]: {
    claimValue: (stored, real, resource) => ({
      danger: "claims",
      sentence: `someone changed ${claimOf(resource)} from ${shown(stored)} to ${shown(real)}`,
    }),
    claimName: (_, real, resource) => ({
      danger: "claims",
      sentence: `someone renamed ${claimOf(resource)} to ${shown(real)}`,
    }),
    addToAccessToken: claimIn("access tokens"),
    addToIdToken: claimIn("id tokens"),
    addToUserinfo: claimIn("userinfo"),
  },
  [TYPES.audience]: {
    includedCustomAudience: (stored, real) => ({
      danger: "claims",
      sentence: `someone changed the audience of all customers' tokens from ${shown(stored)} to ${shown(real)}`,
    }),
    addToAccessToken: (_, real) => ({
      danger: "claims",
      sentence: `someone ${real === true ? "put the audience into" : "took the audience out of"} all customers' tokens`,
    }),
  },
  [TYPES.clientScope]: {
    includeInTokenScope: (_, real, resource) => ({
      danger: "claims",
      sentence: `someone let ${phrase(resource)} ${real === true ? "appear in" : "vanish from"} the claim scope of all customers' tokens`,
    }),
    name: (stored, real) => ({
      danger: "claims",
      sentence: `someone renamed the client scope ${shown(stored)} to ${shown(real)}`,
    }),
  },
  [TYPES.clientProfile]: PROFILE_WORDS,
  [TYPES.clientPolicy]: POLICY_WORDS,
  [TYPES.container]: {
    mustRun: (_, real, resource) => ({
      danger: "existence",
      sentence: `someone ${real === true ? "started" : "stopped"} ${phrase(resource)}${real === true ? "" : ", or it ended by itself"}`,
    }),
    name: (stored, real) => ({
      danger: "existence",
      sentence: `someone renamed the container ${shown(stored)} to ${shown(real)}`,
    }),
    ports: (stored, real, resource) => ({
      danger: "existence",
      sentence:
        real === undefined
          ? `someone took ${phrase(resource)} off its network, so that it publishes no ports`
          : `someone changed the ports of ${phrase(resource)} from ${shown(stored)} to ${shown(real)}`,
    }),
  },
};

/** Who deletes it has deleted more than that. */
const TAKEN_ALONG: Readonly<Record<string, string>> = {
  [TYPES.clientProfile]: WITHOUT_OVERLAP,
  [TYPES.clientPolicy]: WITHOUT_OVERLAP,
  [TYPES.clientScope]: ", with its mappers, and so from every customer",
  [TYPES.network]: ", so that its containers publish no ports",
};

/** A resource that its server has no more, other than a client. */
export function lostWords(resource: ManagedResource): Told {
  const { owner, type } = resource;
  const verb = owner.kind === "containers" ? "removed" : "deleted";
  const claim = type === TYPES.hardcodedClaim ? textInput(resource.inputs, "claimName") : undefined;
  const consequence = claim === undefined ? "" : `: ${theirTokens(resource)} lack the claim ${code(claim)}`;
  return {
    danger: dangerOfLoss(resource),
    sentence: `someone ${verb} ${phrase(resource)}${TAKEN_ALONG[type] ?? consequence}`,
  };
}

function dangerOfLoss({ owner, type }: ManagedResource): Danger {
  if (type === TYPES.clientProfile || type === TYPES.clientPolicy) {
    return "credentials";
  }
  return owner.kind === "containers" || type === TYPES.clientScope ? "existence" : "claims";
}

function claimIn(where: string): Words {
  return (_, real, resource) => ({
    danger: where === "access tokens" ? "claims" : "other",
    sentence: `someone ${real === true ? "put" : "took"} ${claimOf(resource)} ${real === true ? "into" : "out of"} ${where}`,
  });
}

/** The claim that a mapper gives. */
function claimOf(resource: ManagedResource): string {
  return `the claim ${textInput(resource.inputs, "claimName")} of ${resource.owner.kind === "customer" ? whom(resource) : "all customers"}`;
}

function theirTokens({ owner }: ManagedResource): string {
  return owner.kind === "customer" ? "its tokens" : "all customers' tokens";
}
