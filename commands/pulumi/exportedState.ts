import * as v from "valibot";

import { TYPES } from "../../contract/types.ts";
import { type PulumiCli, readJson } from "./pulumiCli.ts";

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

/** The name of another stack whose state somebody has copied or imported. */
export function otherStackOf(stack: string, { deployment }: State): string | undefined {
  const names = (deployment.resources ?? []).map(({ urn }) => /^urn:pulumi:([^:]+)::/.exec(urn)?.[1]);
  return names.find((name) => name !== undefined && name !== stack);
}

/** What helps where a stack has the state of another one. */
export function ownStateAgain(stack: string): string {
  return (
    `put its own state back: pulumi stack import --stack ${stack} --file BACKUP.json. Without a backup: ` +
    `pulumi stack rm ${stack} --force --preserve-config, pulumi stack init ${stack}, scpcloud recover --stack ${stack}`
  );
}

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

/** The ids of the clients in the state, also of an `up` that was interrupted: the outputs lack these. */
export async function clientIdsInState(pulumi: PulumiCli): Promise<ReadonlySet<string>> {
  const { resources = [] } = (await exportState(pulumi)).deployment;
  return new Set(
    resources.flatMap(({ type, outputs }) => (type === TYPES.client ? String(outputs?.["clientId"]) : [])),
  );
}
