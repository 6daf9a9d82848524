import { stringsOf } from "../../settings/decode";
import type { OtherUser } from "../../keycloak/users";
import type { Change } from "./changes";
import { CLIENT_LISTS, CLIENT_WORDS } from "./clientWords";
import { type Finding, shown, type Told } from "./finding";
import { lostWords, OTHER_WORDS } from "./otherWords";
import { inWords, TYPES } from "../../contract/types";
import { phrase, whom } from "./managedResources";

type Changed = Extract<Change, { kind: "changed" }>;

/** A change in words: one sentence, or one for each entry that a list has gained or lost. */
export function tell(change: Change): Finding[] {
  const told = change.kind === "lost" ? [tellLost(change)] : tellChanged(change);
  return told.map(({ danger, newSecret = false, remedy = "up", sentence }) => ({
    owner: change.resource.owner,
    danger,
    sentence,
    remedy,
    newSecret,
  }));
}

/** The stack file says the same as before, and an `up` would all the same write another organization. */
export function tellOtherUser({ clientId, text }: OtherUser): Finding {
  const owner = { kind: "customer", name: clientId } as const;
  return { owner, danger: "access", sentence: `customer ${clientId}: ${text}`, remedy: "whose", newSecret: false };
}

function tellLost({ resource }: Change): Told {
  return resource.type === TYPES.client
    ? {
        danger: "existence",
        sentence: `someone deleted ${phrase(resource)}, with its secret, its mapper and its client scopes`,
        newSecret: true,
      }
    : lostWords(resource);
}

function tellChanged(change: Changed): Told[] {
  const { property, real, resource, stored } = change;
  const { owner, type } = resource;
  const list = owner.kind === "customer" ? CLIENT_LISTS[property] : undefined;
  if (list !== undefined) {
    const [before, after] = [stringsOf(stored), stringsOf(real)];
    const added = after.filter((entry) => !before.includes(entry));
    const removed = before.filter((entry) => !after.includes(entry));
    const { danger, item } = list;
    return [
      ...added.map((entry) => ({ danger, sentence: `someone added ${item} ${shown(entry)} to ${whom(resource)}` })),
      ...removed.map((entry) => ({ danger, sentence: `someone took ${item} ${shown(entry)} from ${whom(resource)}` })),
    ];
  }
  const told =
    type === TYPES.client
      ? CLIENT_WORDS[property]?.(stored, real, owner.name)
      : OTHER_WORDS[type]?.[property]?.(stored, real, resource);
  const sentences = [told ?? []].flat();
  return sentences.length > 0 ? sentences : [tellPlainly(change)];
}

/** For a property without a sentence of its own. */
function tellPlainly({ property, real, resource, stored }: Changed): Told {
  return {
    danger: "other",
    sentence: `someone changed ${inWords(property)} of ${phrase(resource)} from ${shown(stored)} to ${shown(real)}`,
  };
}
