import * as v from "valibot";

import { TYPES } from "../../components/types";
import { type PulumiCli, readJson } from "./pulumiCli";

const RESOURCE = v.looseObject({
  urn: v.string(),
  type: v.exactOptional(v.string()),
  id: v.exactOptional(v.string()),
  parent: v.exactOptional(v.string()),
  outputs: v.exactOptional(v.record(v.string(), v.unknown())),
});

const STATE = v.looseObject({
  deployment: v.nullish(
    v.looseObject({
      resources: v.exactOptional(v.array(RESOURCE)),
      pending_operations: v.exactOptional(v.array(v.unknown())),
    }),
    {},
  ),
});

/** A resource that a stack's state has. */
export type StateResource = v.InferOutput<typeof RESOURCE>;

/** What `pulumi stack export` writes. */
export type State = v.InferOutput<typeof STATE>;

/**
 * A stack's state; what is secret stays encrypted.
 * @param options `--show-secrets` for the secrets in plain text, which then must not leave the memory
 * @throws PulumiError
 */
export function exportState(pulumi: PulumiCli, ...options: readonly string[]): Promise<State> {
  return readJson(pulumi, STATE, ["stack", "export", ...options]);
}

/** Whose clients the state has: also those of an `up` that was interrupted, whose outputs lack them. */
export async function clientIdsInState(pulumi: PulumiCli): Promise<ReadonlySet<string>> {
  const { resources = [] } = (await exportState(pulumi)).deployment ?? {};
  return new Set(
    resources.flatMap(({ type, outputs }) => (type === TYPES.client ? String(outputs?.["clientId"]) : [])),
  );
}
