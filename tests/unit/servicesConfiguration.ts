import type { MainStack } from "../../services/settings/mainStack.ts";
import { readSettings } from "../../services/settings/read.ts";
import type { ConfigurationSource } from "../../settings/source.ts";
import { toSource } from "../../settings/stackFile/stackFile.ts";
import { refusalBy } from "./configuration.ts";

type Map = Readonly<Record<string, unknown>>;

export const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;
export const BFF_IMAGE = `registry.example.com/web-production-bff:1.4.2@${DIGEST}`;
export const API_IMAGE = `registry.example.com/production-api:2.0.0@${DIGEST}`;

/** What the stack file says at the least to declare both containers. */
export const BOTH = { bff: { image: BFF_IMAGE }, api: { image: API_IMAGE } };

export const MAIN: MainStack = {
  file: "Pulumi.prod.yaml",
  backchannelUrl: "https://keycloak.example.com",
  caCertificate: undefined,
  environments: {
    bff: { Keycloak__BaseUrl: "https://keycloak.example.com" },
    api: { Bearer__Authority: "https://keycloak.example.com/realms/ScpCloud", Bearer__ValidIssuers__0: "one" },
  },
};

/** A stack file: keys of the project without its name, and others with their namespace. */
export function source(config: Map, environment: ConfigurationSource["environment"] = {}): ConfigurationSource {
  const entries = Object.entries(config).map(([key, value]) => [key.replace(/^(?!.*:)/, "scpcloud-services:"), value]);
  const { values, secretKeys } = toSource(Object.fromEntries(entries) as Map);
  return { values, secretKeys, environment };
}

/** Both containers, to whose BFF these settings are added. */
export const withBff = (bff: Map) => ({ ...BOTH, bff: { ...BOTH.bff, ...bff } });

/** Values of `secretEnvironment`, all stored as secrets. */
export const secret = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value).replace(/"(hunter2[^"]*)"/g, '{"secure":"$1"}'));

export const accepted = (config: Map, main = MAIN, environment: ConfigurationSource["environment"] = {}) =>
  readSettings(source(config, environment), main);

export const refusal = (...args: Parameters<typeof accepted>) => refusalBy(() => accepted(...args));

export const faultsOf = (...args: Parameters<typeof accepted>) => refusal(...args).faults;

/** The keys of all faults, in order; the project's own without its name. */
export const keysOfFaults = (...args: Parameters<typeof accepted>) =>
  faultsOf(...args)
    .map(({ key }) => key.replace("scpcloud-services:", ""))
    .sort();

/** Variables as a container gets them. */
export const linesOf = (variables: Readonly<Record<string, string>>) =>
  Object.entries(variables).map(([name, value]) => `${name}=${value}`);
