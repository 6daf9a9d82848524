import type { GenericSchema } from "valibot";

import type { Fault } from "../faults/faults.ts";
import { parseJson } from "../values/shapes.ts";

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

/** The other stacks of a stack's realm. */
export interface OtherStacks {
  /** The stack's own file. */
  readonly file: string;
  /** The customers of those whose files may have one of these names. */
  readonly customersNaming: (names: readonly string[]) => readonly ComparedCustomer[];
}

/** A customer, however wrong its entry is, with what it is compared by. */
export interface ComparedCustomer {
  readonly clientId: string;
  /** The stack's file, where the customers of several are compared. */
  readonly file: string | undefined;
  readonly organizationId: string | undefined;
  readonly organizationUser: string | undefined;
  readonly sharedOrganization: boolean;
  readonly successorOf: string | undefined;
}

/** The keys of one namespace, without the namespace itself. */
export function keysOf({ values }: Pick<ConfigurationSource, "values">, namespace: string): string[] {
  const prefix = `${namespace}:`;
  return Object.keys(values)
    .filter((key) => key.startsWith(prefix))
    .map((key) => key.slice(prefix.length));
}

/** The values of a namespace with their types, before a schema has passed them. */
export type Decoded = Readonly<Record<string, unknown>>;

/** The values of a namespace. What is not known stays text. */
export function decodeNamespace(
  { hasParts, values }: Pick<ConfigurationSource, "hasParts" | "values">,
  namespace: string,
  schemas: Readonly<Record<string, GenericSchema>>,
): Decoded {
  const entries = keysOf({ values }, namespace).map((key): [string, unknown] => {
    const fullKey = `${namespace}:${key}`;
    const text = values[fullKey] ?? "";
    const schema = Object.hasOwn(schemas, key) ? schemas[key] : undefined;
    return [key, schema === undefined ? text : decodeAs(schema, text, hasParts?.[fullKey])];
  });
  return Object.fromEntries(entries);
}

/**
 * A value that Pulumi hands out as text, with the type that its schema expects. A text that is not of that type stays text,
 * for the schema to refuse. A number is what Pulumi and the provider both read as that number: neither "3e2" nor "0300".
 * @param hasParts whether it was a list or a map before it became text, where that is known
 */
export function decodeAs(schema: GenericSchema, raw: string, hasParts?: boolean): unknown {
  const { type, wrapped } = schema as { readonly type: string; readonly wrapped?: GenericSchema };
  if (wrapped !== undefined) {
    return decodeAs(wrapped, raw, hasParts);
  }
  switch (type) {
    case "number":
      return /^-?(0|[1-9]\d*)$/.test(raw) ? Number(raw) : raw;
    case "boolean":
      return raw === "true" || raw === "false" ? raw === "true" : raw;
    case "array":
    case "object_with_rest":
    case "record":
      return hasParts === false ? raw : parsed(raw);
    default:
      return hasParts === true ? parsed(raw) : raw;
  }
}

function parsed(text: string): unknown {
  const json = parseJson(text);
  return json === undefined ? text : json;
}
