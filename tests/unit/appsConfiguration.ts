import type { ConfigurationSource } from "../../settings/source";
import { configuration } from "./configuration";

export const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;
export const BFF_IMAGE = `registry.example.com/web-production-bff:1.4.2@${DIGEST}`;
export const API_IMAGE = `registry.example.com/production-api:2.0.0@${DIGEST}`;

/** What the stack file says at the least to declare both containers. */
export const BOTH = { bff: { image: BFF_IMAGE }, api: { image: API_IMAGE } };

type Map = Readonly<Record<string, unknown>>;

/** The minimal configuration with this `scpcloud:apps`. */
export function withApps(apps: unknown, overrides: Map = {}, environment?: ConfigurationSource["environment"]) {
  return configuration({ "scpcloud:apps": apps, ...overrides }, environment);
}

/** The minimal configuration with a container of the BFF, to whose settings these are added. */
export function withBff(bff: Map = {}, overrides: Map = {}, environment?: ConfigurationSource["environment"]) {
  return withApps({ bff: { image: BFF_IMAGE, ...bff } }, overrides, environment);
}

/** Below `scpcloud:secretEnvironment`, all values stored as secrets. */
export function secrets(environment: Readonly<Record<string, Readonly<Record<string, unknown>>>>): Map {
  const stored = Object.entries(environment).map(([app, variables]) => [
    app,
    Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, { secure: value }])),
  ]);
  return { "scpcloud:secretEnvironment": Object.fromEntries(stored) as Map };
}

/** Variables as a container gets them. */
export function linesOf(variables: Readonly<Record<string, string>>): string[] {
  return Object.entries(variables).map(([name, value]) => `${name}=${value}`);
}
