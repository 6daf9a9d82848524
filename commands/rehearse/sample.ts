import type { IntegrationSettings } from "../../settings/settings.ts";

/** What distinguishes the kinds of customers, whose tokens may fare differently. */
function kindOf({ organization, retired, sharedOrganization }: IntegrationSettings): string {
  return JSON.stringify([Object.keys(organization), retired, sharedOrganization]);
}

/** So many customers, some of each kind, in the order of their client ids; all where there are no more. */
export function sampleOf(integrations: readonly IntegrationSettings[], size: number): readonly IntegrationSettings[] {
  // One of each kind in turn, until there are enough.
  const kinds = [...Map.groupBy(integrations, kindOf).values()];
  const longest = Math.max(0, ...kinds.map(({ length }) => length));
  const inTurn = Array.from({ length: longest }, (_, round) => kinds.flatMap((kind) => kind[round] ?? [])).flat();
  const taken = new Set(inTurn.slice(0, size));
  return integrations.filter((integration) => taken.has(integration));
}
