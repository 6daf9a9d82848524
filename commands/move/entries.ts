import { isAlias, isMap, isPair, isScalar, type Node, type Pair, parseDocument, visit, type YAMLMap } from "yaml";

import { fullKey } from "../../settings/configKeys";
import { recordOf } from "../../settings/decode";
import { keyOf } from "../../settings/yamlFile";
import {
  BY_HAND,
  checkEdit,
  columnOf,
  CUSTOMERS,
  customersOf,
  extentOf,
  isBlank,
  MoveError,
  readWrittenFile,
  type WrittenFile,
} from "./writtenFile";

/** A customer's entry as somebody wrote it. */
export interface WrittenEntry {
  readonly clientId: string;
  /** The entry with the comments that belong to it, without its indentation and line ends. */
  readonly lines: readonly string[];
  /** Whether an empty line stands before it. */
  readonly apart: boolean;
  /** What the lines mean. */
  readonly value: unknown;
}

/**
 * A stack file without the customers' entries, and the entries. Every other byte stays.
 * @throws MoveError where an entry does not mean the same in another file, or is not written in lines of its own
 */
export function takeEntries(
  file: string,
  text: string,
  clientIds: ReadonlySet<string>,
): { readonly text: string; readonly entries: readonly WrittenEntry[] } {
  const written = readWrittenFile(file, text);
  const customers = customersOf(file, written);
  const map = customers?.value;
  const items = isMap(map) && map.flow !== true ? map.items.filter((pair) => clientIds.has(keyOf(pair))) : [];
  if (customers === undefined || items.length < clientIds.size) {
    throw new MoveError(
      `${file}: not all customers to move stand below ${CUSTOMERS} in lines of their own: some stand in braces, or come ` +
        `by a merge (<<).\n${BY_HAND}`,
    );
  }
  refuseAliases(file, written, items);
  const { lines } = written;
  const removed = new Set<number>();
  const entries = items.map((pair): WrittenEntry => {
    const { first, last, indentation } = extentOf(file, written, pair);
    for (let line = first; line <= last; line++) {
      removed.add(line);
    }
    // What separated it from its neighbour.
    const apart = isBlank(lines[first - 1]);
    for (let line = first - 1; isBlank(lines[line]); line--) {
      removed.add(line);
    }
    return {
      clientId: keyOf(pair),
      lines: lines.slice(first, last + 1).map((line) => unindented(line.replace(/\r?\n$/, ""), indentation)),
      apart,
      value: recordOf(written.customers)[keyOf(pair)],
    };
  });
  const keyLine = written.indexOf(customers.key as Node);
  for (let line = keyLine + 1; removed.has(line) || (removed.has(line - 1) && isBlank(lines[line])); line++) {
    removed.add(line);
  }
  const kept = lines.map((line, index) => (removed.has(index) ? "" : line));
  if (isMap(map) && items.length === map.items.length) {
    kept[keyLine] = (kept[keyLine] ?? "").replace(/:(?=\s*(?:#.*)?\r?\n?$)/, ": {}");
  }
  const result = kept.join("");
  const rest = Object.fromEntries(Object.entries(recordOf(written.customers)).filter(([id]) => !clientIds.has(id)));
  checkEdit(file, written, result, rest);
  return { text: result, entries };
}

/** The customers of a stack file, by client id, and whose realm it shares. */
export function customersInFile(file: string, text: string) {
  const { config, customers } = readWrittenFile(file, text);
  const realmStack = config?.items.find((pair) => fullKey(keyOf(pair)) === "scpcloud:realmStack")?.value;
  return {
    customers: recordOf(customers),
    isConfigured: config !== undefined,
    realmStack: isScalar(realmStack) ? String(realmStack.value) : undefined,
  };
}

/** A stack file with further customers, below those that it has. @throws MoveError where they cannot be added */
export function addEntries(file: string, text: string, entries: readonly WrittenEntry[]): string {
  const written = readWrittenFile(file, text);
  const { lines } = written;
  const customers = customersOf(file, written);
  const newline = /\r\n/.test(text) ? "\r\n" : "\n";
  const body = (indentation: number, isFirst: boolean) =>
    entries.flatMap((entry, index) => [
      ...(entry.apart && !(isFirst && index === 0) ? [""] : []),
      ...entry.lines.map((line) => (line === "" ? line : " ".repeat(indentation) + line)),
    ]);
  const insert = (after: number, added: readonly string[]) => {
    const before = lines.slice(0, after + 1).join("");
    const separated = before === "" || before.endsWith("\n") ? before : before + newline;
    return separated + added.map((line) => line + newline).join("") + lines.slice(after + 1).join("");
  };
  const map = customers?.value;
  const last = isMap(map) ? map.items.at(-1) : undefined;
  let result: string;
  if (customers !== undefined && last !== undefined) {
    const extent = extentOf(file, written, last);
    result = insert(extent.last, body(extent.indentation, false));
  } else if (customers !== undefined) {
    const line = written.indexOf(customers.key as Node);
    lines[line] = (lines[line] ?? "").replace(/:(?:[ \t]*(?:\{[ \t]*\}|~|null))?(?=[ \t]*(?:#.*)?\r?\n?$)/, ":");
    result = insert(line, body(columnOf(lines[line]) + 2, true));
  } else {
    const config = written.config?.items.at(-1);
    if (config === undefined) {
      result = insert(lines.length - 1, ["config:", `  ${CUSTOMERS}:`, ...body(4, true)]);
    } else {
      const extent = extentOf(file, written, config);
      const key = " ".repeat(extent.indentation) + `${CUSTOMERS}:`;
      result = insert(extent.last, [key, ...body(extent.indentation + 2, true)]);
    }
  }
  checkEdit(file, written, result, {
    ...recordOf(written.customers),
    ...Object.fromEntries(entries.map(({ clientId, value }) => [clientId, value])),
  });
  return result;
}

/** A new stack file: what Pulumi needs to reach Keycloak as another stack does, and nothing yet of its own. */
export function newStackFile(file: string, text: string, realmStack: string): string {
  const { config } = readWrittenFile(file, text);
  const connection = (config?.items ?? []).filter(
    (pair) => fullKey(keyOf(pair)).startsWith("keycloak:") && !JSON.stringify(pair.value).includes('"secure":'),
  );
  const copy = parseDocument(
    `# Customers of the realm of the stack ${realmStack}: docs/many-customers.md\nconfig: {}\n`,
  );
  const copied = copy.get("config") as YAMLMap;
  copied.flow = false;
  copied.items.push(...connection.map((pair) => pair));
  copied.set("scpcloud:realmStack", realmStack);
  try {
    return copy.toString({ lineWidth: 0 });
  } catch {
    throw new MoveError(
      `${file}: the keys keycloak:* use an alias, whose anchor stands elsewhere in the file.\n` +
        `Do: write Pulumi.NAME.yaml for the stack that the customers move to by hand, with the keys keycloak:* of ${file} ` +
        `and scpcloud:realmStack: ${realmStack}, and run this command again.`,
    );
  }
}

/** An alias means what stands at its anchor, which another file does not have. */
function refuseAliases(file: string, { document, lineOf, follow }: WrittenFile, moved: readonly Pair[]): void {
  const owners = new Map<unknown, Pair | undefined>();
  const faults: string[] = [];
  visit(document, {
    Node(_, node, path) {
      const owner = path.filter(isPair).find((pair) => moved.includes(pair));
      if (isAlias(node)) {
        const anchorOwner = owners.get(follow(node));
        const where = `${file}, line ${lineOf(node)}`;
        if (owner !== undefined && anchorOwner === undefined) {
          faults.push(`${where}: ${keyOf(owner)} uses *${node.source}, whose anchor stays.`);
        } else if (owner === undefined && anchorOwner !== undefined) {
          faults.push(`${where}: *${node.source} stays, and its anchor belongs to ${keyOf(anchorOwner)}, which moves.`);
        }
      } else if (node.anchor !== undefined) {
        owners.set(node, owner);
      }
    },
  });
  if (faults.length > 0) {
    throw new MoveError([...faults, "Do: write out what the alias stands for, and run this command again."].join("\n"));
  }
}

/** What hangs over to the left, such as an empty line, has less. */
function unindented(line: string, indentation: number): string {
  return line.slice(Math.min(indentation, columnOf(line)));
}

/** The keys of a stack file's connection to Keycloak that hold something encrypted. */
export function secretConnectionKeys(file: string, text: string): string[] {
  const { content } = readWrittenFile(file, text);
  return Object.entries(recordOf(content["config"]))
    .filter(([key, value]) => fullKey(key).startsWith("keycloak:") && JSON.stringify(value).includes('"secure":'))
    .map(([key]) => key);
}

/** What encrypts a stack's secrets, where its file says so. */
export function secretsProviderOf(file: string, text: string): string | undefined {
  const { secretsprovider: provider } = readWrittenFile(file, text).content;
  return typeof provider === "string" && provider !== "" ? provider : undefined;
}
