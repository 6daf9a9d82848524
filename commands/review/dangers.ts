import { ORGANIZATION_CLAIM } from "../../components/names";
import { names } from "./markdown";
import { type Owner } from "../pulumi/owners";
import type { OwnerChanges, ResourceChange } from "./resourceChanges";
import { ownerTitle } from "./summaryText";

/** In bold, and before all else, what cannot be taken back: a client's secret is gone with the client. */
export function dangers(owners: readonly OwnerChanges[], unprotected: readonly Owner[]): string[] {
  const customersWhose = (isMeant: (change: ResourceChange) => boolean) =>
    owners
      .filter(({ changes, owner }) => owner.kind === "customer" && changes.some(isMeant))
      .map(({ owner }) => owner.name)
      .sort();
  const retired = customersWhose(({ enabled }) => enabled === false);
  const lines = [
    danger(
      "The client is deleted, and its credentials are refused from then on",
      customersWhose(({ action, isClient }) => isClient && action === "delete"),
    ),
    danger(
      "The client is replaced: the customer needs its new secret",
      customersWhose(({ action, isClient }) => isClient && action === "replace"),
    ),
    danger(
      "The server has lost the client, which is made anew: the customer needs its new secret",
      customersWhose(({ isClient, isLost }) => isClient && isLost),
    ),
    danger("The client is disabled (retired)", retired),
    danger(
      "No longer protected against deletion",
      // That is what retirement is for.
      unprotected
        .filter(({ name }) => !retired.includes(name))
        .map(({ kind, name }) => name || ownerTitle([{ kind, name }])),
    ),
    ...owners.flatMap(({ changes, owner }) => {
      const gone = changes.filter(({ action }) => owner.kind !== "customer" && /delete|replace/.test(action));
      return danger(
        `${ownerTitle([owner])}: deleted or replaced`,
        gone.map(({ action, resource }) => `${resource} (${action})`),
      );
    }),
    renamed(owners),
  ].flat();
  return lines.length > 0 ? [lines.map((line) => `- ${line}`).join("\n")] : [];
}

function danger(what: string, who: readonly string[]): string[] {
  return who.length > 0 ? [`**${what}: ${names(who)}**`] : [];
}

/** Keycloak sees a changed client id as another customer. Their common organization shows that they are one. */
function renamed(owners: readonly OwnerChanges[]): string[] {
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
  return pairs.length > 0
    ? [`Renamed, by the organization that both have: ${names(pairs)}. Each needs the new client id and a new secret.`]
    : [];
}
