import { ORGANIZATION_CLAIM } from "../../components/names";
import { names } from "./markdown";
import { type Owner } from "../pulumi/owners";
import type { OwnerChanges, ResourceChange } from "./resourceChanges";
import { ownerTitle } from "./summaryText";

/** In bold, and before all else, what cannot be taken back: a client's secret is gone with the client. */
export function* dangers(owners: readonly OwnerChanges[], unprotected: readonly Owner[]): Generator<string> {
  const customersWhose = (isMeant: (change: ResourceChange) => boolean) =>
    owners
      .filter(({ changes, owner }) => owner.kind === "customer" && changes.some(isMeant))
      .map(({ owner }) => owner.name)
      .sort();
  const retired = customersWhose(({ enabled }) => enabled === false);
  yield* danger(
    "The client is deleted, and its credentials are refused from then on",
    customersWhose(({ action, isClient }) => isClient && action === "delete"),
  );
  yield* danger(
    "The client is replaced: the customer needs its new secret",
    customersWhose(({ action, isClient }) => isClient && action === "replace"),
  );
  yield* danger(
    "The server has lost the client, which is made anew: the customer needs its new secret",
    customersWhose(({ isClient, isLost }) => isClient && isLost),
  );
  yield* danger("The client is disabled (retired)", retired);
  yield* danger(
    "No longer protected against deletion",
    // That is what retirement is for.
    unprotected
      .filter(({ name }) => !retired.includes(name))
      .map(({ kind, name }) => name || ownerTitle([{ kind, name }])),
  );
  for (const { changes, owner } of owners.filter(({ owner }) => owner.kind !== "customer")) {
    const gone = changes.filter(({ action }) => /delete|replace/.test(action));
    yield* danger(
      `${ownerTitle([owner])}: deleted or replaced`,
      gone.map(({ action, resource }) => `${resource} (${action})`),
    );
  }
  yield* renamed(owners);
}

function* danger(what: string, who: readonly string[]): Generator<string> {
  if (who.length > 0) {
    yield `**${what}: ${names(who)}**`;
  }
}

/** Keycloak sees a changed client id as another customer. Their common organization shows that they are one. */
function* renamed(owners: readonly OwnerChanges[]): Generator<string> {
  const organizations = (action: ResourceChange["action"]) =>
    owners.flatMap(({ changes, owner }) => {
      const isWhole = changes.some((change) => change.isClient && change.action === action);
      const claim = changes.find((change) => change.claim?.name === ORGANIZATION_CLAIM)?.claim;
      return isWhole && claim !== undefined ? [{ name: owner.name, organization: claim.value }] : [];
    });
  const gone = new Map(organizations("delete").map(({ name, organization }) => [organization, name]));
  const pairs = organizations("create").flatMap(({ name, organization }) => {
    const old = gone.get(organization);
    return old === undefined ? [] : [`${old} → ${name}`];
  });
  if (pairs.length > 0) {
    yield `Renamed, by the organization that both have: ${names(pairs)}. Each needs the new client id and a new secret.`;
  }
}
