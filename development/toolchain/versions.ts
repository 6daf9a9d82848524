import { readFileSync } from "node:fs";
import { join } from "node:path";

import { coerce, satisfies } from "semver";

import type { PluginName } from "./sources.ts";

/** The Pulumi CLI that is installed or built. For the build, go/go.mod requires the same version. */
export const PULUMI_CLI_VERSION = "3.276.0";
/** A CLI that the user already has is used from this version on: requiredPulumiVersion in Pulumi.yaml, which says why. */
export const MINIMUM_PULUMI_CLI_VERSION = "3.248.0";
/** No go.mod below go/ asks for more. */
export const MINIMUM_GO_VERSION = "1.26.6";
export const MINIMUM_JAVA_VERSION = "17";
export const MINIMUM_MAVEN_VERSION = "3.6";

const PACKAGE_JSON = readFileSync(join(import.meta.dirname, "..", "..", "package.json"), "utf8");

/** The versions of the resource plugins: the engine asks for those of the npm packages @pulumi/.... */
export const PLUGIN_VERSIONS: Readonly<Record<PluginName, string>> = {
  keycloak: pluginVersion("keycloak", PACKAGE_JSON),
  docker: pluginVersion("docker", PACKAGE_JSON),
};

/** Reads a plugin's version from the text of package.json; only an exact version will do. */
export function pluginVersion(name: PluginName, packageJson: string): string {
  const { dependencies } = JSON.parse(packageJson) as { dependencies?: Record<string, string> };
  const version = dependencies?.[`@pulumi/${name}`];
  if (version === undefined || !/^\d+\.\d+\.\d+$/.test(version)) {
    throw new Error(`package.json must pin @pulumi/${name} to an exact version, found: ${version ?? "nothing"}.`);
  }
  return version;
}

/** The first version in a text, such as 1.26.8; a part that is left out is 0, and a prerelease counts as its release. */
export function findVersion(text: string): string | undefined {
  return coerce(text)?.version;
}

export function isAtLeast(found: string, required: string): boolean {
  return satisfies(coerce(found) ?? "0.0.0", `>=${required}`);
}
