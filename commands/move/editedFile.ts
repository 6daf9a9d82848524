import { isDeepStrictEqual } from "node:util";

import { isMap, isNode, type Pair, parseDocument, YAMLMap } from "yaml";

import { UserError } from "../../faults/userError.ts";
import { fullKey } from "../../settings/stackFile/stackFile.ts";
import { keyOf, readYamlTree } from "../../settings/stackFile/yaml.ts";
import { recordOf } from "../../values/shapes.ts";

const CUSTOMERS = "scpcloud:integrations";
const BY_HAND = "Do: move these entries by hand from the one file to the other, and run this command again.";

/** A customer's entry: as it is written, with its comments, and what it means. */
export interface Entry {
  readonly clientId: string;
  readonly pair: Pair;
  readonly value: unknown;
}

/** What a move has to know of a stack file. @throws SettingsError where the file is no map of YAML */
export function readStackFile(file: string, text: string) {
  // The library keeps the \r in comments.
  const { document, content } = readYamlTree(file, text.replaceAll("\r\n", "\n"));
  const written = document.get("config");
  const config = isMap(written) ? written : undefined;
  const values = Object.entries(recordOf(content["config"])).map(([key, value]) => [key, fullKey(key), value] as const);
  const valueOf = (wanted: string) => values.find(([, key]) => key === wanted)?.[2];
  const realmStack = valueOf("scpcloud:realmStack");
  const provider = content["secretsprovider"];
  return {
    document,
    content,
    config,
    customers: recordOf(valueOf(CUSTOMERS)),
    /** Whose realm it shares. */
    realmStack: typeof realmStack === "string" ? realmStack : undefined,
    /** What encrypts the stack's secrets, where the file says so. */
    secretsProvider: typeof provider === "string" && provider !== "" ? provider : undefined,
    /** The keys of the connection to Keycloak that hold something encrypted. */
    secretConnectionKeys: values
      .filter(([, key, value]) => key.startsWith("keycloak:") && isEncrypted(value))
      .map(([key]) => key),
  };
}

/**
 * A stack file without the customers' entries, and the entries. The file means the same otherwise, and keeps its comments.
 * @throws UserError where an entry does not mean the same in another file
 */
export function takeEntries(file: string, text: string, clientIds: ReadonlySet<string>) {
  const { config, customers, ...written } = readStackFile(file, text);
  const map = config?.items.find((pair) => fullKey(keyOf(pair)) === CUSTOMERS)?.value;
  const entries = (isMap(map) ? withOwnComments(map).items : [])
    .filter((pair) => clientIds.has(keyOf(pair)))
    .map((pair): Entry => ({ clientId: keyOf(pair), pair, value: customers[keyOf(pair)] }));
  if (!isMap(map) || entries.length < clientIds.size) {
    throw new UserError(`${file}: not all customers to move stand below ${CUSTOMERS}.\n${BY_HAND}`);
  }
  map.items = map.items.filter((pair) => !clientIds.has(keyOf(pair)));
  const first = map.items[0]?.key;
  if (isNode(first)) {
    first.spaceBefore = false;
  }
  const rest = Object.entries(customers).filter(([id]) => !clientIds.has(id));
  return { text: edited(file, text, written, Object.fromEntries(rest)), entries };
}

/** A stack file with further customers, below those that it has. @throws UserError where they cannot be added */
export function addEntries(file: string, text: string, entries: readonly Entry[]): string {
  const { config, customers, ...written } = readStackFile(file, text);
  const key = config?.items.map(keyOf).find((one) => fullKey(one) === CUSTOMERS) ?? CUSTOMERS;
  const found = config?.get(key);
  if (config === undefined || (!isMap(found) && (found ?? null) !== null)) {
    throw new UserError(`${file}: ${CUSTOMERS} does not stand below config as a map of its own.\n${BY_HAND}`);
  }
  const map = isMap(found) ? withOwnComments(found) : new YAMLMap();
  map.flow = map.flow === true && map.items.length > 0;
  map.items.push(...entries.map(({ pair }) => pair));
  config.set(key, map);
  const added = entries.map(({ clientId, value }) => [clientId, value] as const);
  return edited(file, text, written, { ...customers, ...Object.fromEntries(added) });
}

/** A new stack file: what Pulumi needs to reach Keycloak as another stack does, and nothing yet of its own. */
export function newStackFile(file: string, text: string, realmStack: string): string {
  const { config, content } = readStackFile(file, text);
  const values = recordOf(content["config"]);
  const copy = parseDocument(
    `# Customers of the realm of the stack ${realmStack}: docs/many-customers.md\nconfig: {}\n`,
  );
  const copied = copy.get("config") as YAMLMap;
  copied.flow = false;
  copied.items = (config?.items ?? []).filter(
    (pair) => fullKey(keyOf(pair)).startsWith("keycloak:") && !isEncrypted(values[keyOf(pair)]),
  );
  copied.set("scpcloud:realmStack", realmStack);
  return copy.toString({ lineWidth: 0 });
}

function isEncrypted(value: unknown): boolean {
  return JSON.stringify(value ?? null).includes('"secure":');
}

/** The library takes the comment above a map's first entry for the map's. */
function withOwnComments(map: YAMLMap): YAMLMap {
  const first = map.items[0]?.key;
  if (isNode(first) && map.commentBefore) {
    first.commentBefore = map.commentBefore;
    map.commentBefore = null;
  }
  return map;
}

type Written = Pick<ReturnType<typeof readStackFile>, "content" | "document">;

/** The text of an edited file, which must be read as it was before, but for the customers. */
function edited(file: string, before: string, { document, content }: Written, customers: object): string {
  const [, indentation = "  "] = /^config:.*\r?\n(?:\s*#.*\r?\n)*( +)/m.exec(before) ?? [];
  const text = document.toString({ lineWidth: 0, indent: indentation.length });
  const after = readStackFile(file, text);
  const others = (of: Readonly<Record<string, unknown>>) => ({
    ...of,
    config: Object.entries(recordOf(of["config"])).filter(([key]) => fullKey(key) !== CUSTOMERS),
  });
  if (!isDeepStrictEqual(others(after.content), others(content)) || !isDeepStrictEqual(after.customers, customers)) {
    throw new UserError(`${file} is written in a way that this command cannot edit.\n${BY_HAND}`);
  }
  return before.includes("\r\n") ? text.replaceAll("\n", "\r\n") : text;
}
