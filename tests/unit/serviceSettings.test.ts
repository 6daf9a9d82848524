import fc from "fast-check";

import { apiSettings, bffSettings, toEnvironment } from "../../components/serviceConfiguration.ts";
import { validConfiguration } from "./arbitraries.ts";
import { accepted, configuration } from "./configuration.ts";

const PUBLIC = "https://keycloak.example.com/realms/ScpCloud";
const INTERNAL = "http://keycloak:8080/realms/ScpCloud";

test("each service has its own names, and the API the public issuer where Keycloak is reached by an internal URL", () => {
  const settings = accepted(
    configuration({
      "scpcloud:backchannelUrl": "http://keycloak:8080",
      "scpcloud:requireHttps": false,
      "scpcloud:api": {
        additionalIssuers: ["https://old.example.com/realms/ScpCloud"],
        names: { validIssuers: "Issuers" },
        section: "Jwt",
      },
      "scpcloud:bff": { names: { baseUrl: "Url" }, section: "Services:Keycloak" },
    }),
  );
  expect(bffSettings(settings)).toEqual({
    Services: { Keycloak: { Url: "http://keycloak:8080", TokenEndpoint: `${INTERNAL}/protocol/openid-connect/token` } },
  });
  expect(apiSettings(settings)).toEqual({
    Jwt: {
      Authority: PUBLIC,
      MapInboundClaims: false,
      MetadataAddress: `${INTERNAL}/.well-known/openid-configuration`,
      RequireHttpsMetadata: false,
      ValidAudiences: ["scpCloud"],
      Issuers: [PUBLIC, "https://old.example.com/realms/ScpCloud"],
    },
  });
});

test.each([
  [{ Jwt: { ValidIssuers: [] } }, "Jwt:ValidIssuers"],
  [{ Jwt: {} }, "Jwt"],
])("environment variables cannot say an empty list, which would switch a check off: %j", (tree, place) => {
  expect(() => toEnvironment(tree)).toThrow(`${place} is empty and cannot be an environment variable`);
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

/** A list is what has each index from 0. */
function withLists(value: unknown): unknown {
  if (typeof value !== "object" || value === null) {
    return value;
  }
  const entries = Object.entries(value).map(([name, item]): [string, unknown] => [name, withLists(item)]);
  const isList = entries.every(([name], index) => name === String(index));
  return isList ? entries.map(([, item]) => item) : Object.fromEntries(entries);
}

test("environment variables say the same as the appsettings, as ASP.NET Core reads both, and none overwrites another", () => {
  fc.assert(
    fc.property(validConfiguration, ({ values }) => {
      const settings = accepted(configuration(values));
      for (const [tree, prefix] of [
        [apiSettings(settings), settings.api.environmentPrefix],
        [bffSettings(settings), settings.bff.environmentPrefix],
      ] as const) {
        const environment = toEnvironment(tree, prefix);
        const asText = JSON.stringify(tree, (_, value: unknown) =>
          typeof value === "boolean" ? String(value) : value,
        );
        expect(readBack(environment, prefix)).toEqual(JSON.parse(asText));
        const names = Object.keys(environment).map((name) => name.toLowerCase());
        expect(new Set(names).size).toBe(names.length);
      }
    }),
  );
});
