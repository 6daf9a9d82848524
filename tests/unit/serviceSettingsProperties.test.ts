import fc from "fast-check";

import { apiSettings, bffSettings, type SettingsTree, toEnvironment } from "../../components/serviceConfiguration.ts";
import { validConfiguration } from "./arbitraries.ts";
import { accepted, configuration } from "./configuration.ts";

const services = validConfiguration.map(({ values }) => {
  const written = Object.entries(values).filter(([, value]) => value !== undefined);
  const settings = accepted(configuration(Object.fromEntries(written)));
  return [
    { tree: apiSettings(settings), prefix: settings.api.environmentPrefix },
    { tree: bffSettings(settings), prefix: settings.bff.environmentPrefix },
  ];
});

/**
 * The tree that ASP.NET Core's configuration reads from environment variables: those with the prefix, which is cut off,
 * two underscores for each change of level (EnvironmentVariablesConfigurationProvider), lists by their indices.
 */
function readBack(environment: Readonly<Record<string, string>>, prefix: string): unknown {
  const normalize = (text: string) => text.replaceAll("__", ":");
  const root: Record<string, unknown> = {};
  for (const [variable, value] of Object.entries(environment)) {
    const key = normalize(variable);
    expect(key.toLowerCase().startsWith(normalize(prefix).toLowerCase())).toBe(true);
    const path = key.slice(normalize(prefix).length).split(":");
    const container = path.slice(0, -1).reduce<Record<string, unknown>>((tree, name) => {
      tree[name] ??= {};
      return tree[name] as Record<string, unknown>;
    }, root);
    container[path.at(-1) ?? ""] = value;
  }
  return withLists(root);
}

function withLists(value: unknown): unknown {
  if (typeof value !== "object" || value === null) {
    return value;
  }
  const entries = Object.entries(value).map(([name, item]): [string, unknown] => [name, withLists(item)]);
  const isList = entries.every(([name], index) => name === String(index));
  return isList ? entries.map(([, item]) => item) : Object.fromEntries(entries);
}

const asText = (tree: SettingsTree): unknown =>
  JSON.parse(JSON.stringify(tree, (_, value: unknown) => (typeof value === "boolean" ? String(value) : value)));

test("environment variables say the same as the appsettings, as ASP.NET Core reads both", () => {
  fc.assert(
    fc.property(services, (all) => {
      for (const { tree, prefix } of all) {
        expect(readBack(toEnvironment(tree, prefix), prefix)).toEqual(asText(tree));
      }
    }),
  );
});

test("no variable overwrites another, upper and lower case being the same", () => {
  fc.assert(
    fc.property(services, (all) => {
      for (const { tree, prefix } of all) {
        const names = Object.keys(toEnvironment(tree, prefix)).map((name) => name.toLowerCase());
        expect(new Set(names).size).toBe(names.length);
      }
    }),
  );
});

test("no list is empty or has a gap", () => {
  const lists = (value: unknown): unknown[][] =>
    typeof value !== "object" || value === null
      ? []
      : [...(Array.isArray(value) ? [value as unknown[]] : []), ...Object.values(value).flatMap(lists)];
  fc.assert(
    fc.property(services, (all) => {
      for (const { tree, prefix } of all) {
        const variables = Object.keys(toEnvironment(tree, prefix));
        expect(lists(tree).every(({ length }) => length > 0)).toBe(true);
        const indexed = variables.flatMap((name) => /^(.*)__(\d+)$/.exec(name)?.slice(1) ?? []);
        const counts = new Map<string, number>();
        for (let index = 0; index < indexed.length; index += 2) {
          const list = indexed[index] ?? "";
          expect(Number(indexed[index + 1])).toBe(counts.get(list) ?? 0);
          counts.set(list, (counts.get(list) ?? 0) + 1);
        }
        expect([...counts.values()].sort()).toEqual(
          lists(tree)
            .map(({ length }) => length)
            .sort(),
        );
      }
    }),
  );
});
