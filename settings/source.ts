import type { Fault } from "../faults/faults.ts";
import type { OtherStacks } from "./integrations.ts";

/** A stack's configuration as Pulumi hands it out, before anything is checked. */
export interface ConfigurationSource {
  /** By full key, such as `scpcloud:realm`; lists and maps are JSON, as in Pulumi's own runtime. */
  readonly values: Readonly<Record<string, string>>;
  /**
   * Whether each value was a list or a map before it became text, by full key. Unknown where Pulumi runs the program: it has
   * held the values to the types in Pulumi.yaml.
   */
  readonly hasParts?: Readonly<Record<string, boolean>>;
  /** The full keys whose values are encrypted in the stack file. */
  readonly secretKeys: ReadonlySet<string>;
  /** What is wrong with the stack file though Pulumi takes it (stackFile.ts). */
  readonly fileFaults?: readonly Fault[];
  /** Of a stack of customers only: the file of the realm stack, which all other settings are from (realmStacks.ts). */
  readonly realmFile?: string;
  /** Of a realm stack that others name: those of them that have customers. */
  readonly usedBy?: readonly string[];
  /** Of a stack that is not alone in its realm. */
  readonly otherStacks?: OtherStacks;
  /** The values that Pulumi gives the program itself, where `values` has those of a realm stack besides. */
  readonly ownValues?: Readonly<Record<string, string>>;
  /** The process's environment: the Keycloak provider reads some of its settings from there. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The keys of one namespace, without the namespace itself. */
export function keysOf(source: ConfigurationSource, namespace: string): string[] {
  const prefix = `${namespace}:`;
  return Object.keys(source.values)
    .filter((key) => key.startsWith(prefix))
    .map((key) => key.slice(prefix.length));
}
