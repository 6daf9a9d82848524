import type { PulumiCli } from "./pulumiCli";

/** A resource that a stack's state has. */
export interface StateResource {
  readonly urn: string;
  readonly type?: string;
  readonly id?: string;
  readonly parent?: string;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

/** What `pulumi stack export` writes. */
export interface State {
  readonly deployment: {
    readonly resources?: readonly StateResource[];
    readonly pending_operations?: readonly unknown[];
  };
}

/**
 * A stack's state; what is secret stays encrypted.
 * @param options `--show-secrets` for the secrets in plain text, which then must not leave the memory
 * @throws PulumiError
 */
export async function exportState(pulumi: PulumiCli, ...options: readonly string[]): Promise<State> {
  const state = JSON.parse(await pulumi.run(["stack", "export", ...options])) as Partial<State>;
  return { ...state, deployment: state.deployment ?? {} };
}
