import { isDeepStrictEqual } from "node:util";

import { apiSettings, toEnvironment } from "../../components/serviceConfiguration.ts";
import type { Settings } from "../../settings/settings.ts";
import type { StackOutputs } from "../cli/stack.ts";
import type { Owner } from "../pulumi/owners.ts";
import { type Asked, verifyStack } from "../tokens/verification.ts";

/** What the customers' tokens show that they should not, or lack. */
export interface TokenDifferences {
  /** How many customers' tokens were looked at. Of a retired one there is none. */
  readonly checked: number;
  /** The stack file promises them something that is not deployed yet. */
  readonly skipped: readonly string[];
  /** What is true of several customers is told once; without customers, it is about all. */
  readonly differences: readonly { readonly customers: readonly string[]; readonly difference: string }[];
}

/**
 * Takes a real token of every customer: it shows what nothing declares, such as a role that somebody has given to a
 * service account. What the stack file says of a token is compared only where it is deployed.
 * @param pending whose resources an `up` would change because of the stack file
 */
export async function tokenDifferences(
  settings: Settings,
  outputs: StackOutputs,
  asked: Asked,
  pending: readonly Owner[],
): Promise<TokenDifferences> {
  const environment = toEnvironment(apiSettings(settings), settings.api.environmentPrefix);
  const isApiPending = settings.realmStack === undefined && !isDeepStrictEqual(environment, outputs.apiEnvironment);
  const isSharedPending = isApiPending || pending.some(({ kind }) => kind === "shared");
  const waiting = new Set(pending.map(({ name }) => name));
  const integrations = settings.integrations.filter(
    ({ clientId }) => !isSharedPending && !waiting.has(clientId) && outputs.integrations?.[clientId] !== undefined,
  );
  const compared = new Set(integrations.map(({ clientId }) => clientId));
  const skipped = settings.integrations.map(({ clientId }) => clientId).filter((clientId) => !compared.has(clientId));
  if (integrations.length === 0) {
    return { checked: 0, skipped, differences: [] };
  }
  const report = await verifyStack(settings, outputs, asked, [...compared]);
  const ofCustomers = report.customers.flatMap(({ clientId, differences }) =>
    differences.map(({ what }) => ({ clientId, what })),
  );
  return {
    checked: integrations.filter(({ retired }) => !retired).length,
    skipped,
    differences: [
      ...report.differences.map((difference) => ({ customers: [], difference })),
      ...[...Map.groupBy(ofCustomers, ({ what }) => what)].map(([difference, alike]) => ({
        customers: alike.map(({ clientId }) => clientId),
        difference,
      })),
    ],
  };
}
