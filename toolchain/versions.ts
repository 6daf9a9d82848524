import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The Pulumi CLI that is installed or built. For the build, go/pulumi-cli/go.mod requires the same version. */
export const PULUMI_CLI_VERSION = "3.259.0";
/** A CLI that the user already has is used from this version on: that of the SDK, whose error hooks it has to know. */
export const MINIMUM_PULUMI_CLI_VERSION = "3.248.0";
/** No go.mod below go/ asks for more. */
export const MINIMUM_GO_VERSION = "1.25.11";
export const MINIMUM_JAVA_VERSION = "17";
export const MINIMUM_MAVEN_VERSION = "3.6";
export const MINIMUM_NODE_VERSION = "20.19";

/** The version of the Keycloak resource plugin: the engine asks for that of the npm package @pulumi/keycloak. */
export const KEYCLOAK_PLUGIN_VERSION = keycloakPluginVersion(
  readFileSync(join(__dirname, "..", "package.json"), "utf8"),
);

/** Reads the plugin's version from the text of package.json; only an exact version will do. */
export function keycloakPluginVersion(packageJson: string): string {
  const { dependencies } = JSON.parse(packageJson) as { dependencies?: Record<string, string> };
  const version = dependencies?.["@pulumi/keycloak"];
  if (version === undefined || !/^\d+\.\d+\.\d+$/.test(version)) {
    throw new Error(`package.json must pin @pulumi/keycloak to an exact version, found: ${version ?? "nothing"}.`);
  }
  return version;
}

/** Finds the first version such as 17, 3.6 or 1.26.8 in a text, without a leading "v" or "go". */
export function findVersion(text: string): string | undefined {
  return /\d+(?:\.\d+){0,2}/.exec(text)?.[0];
}

/** Compares versions number by number; a part that is left out counts as 0. */
export function isAtLeast(found: string, required: string): boolean {
  const foundParts = found.split(".").map(Number);
  const requiredParts = required.split(".").map(Number);
  for (let index = 0; index < Math.max(foundParts.length, requiredParts.length); index++) {
    const difference = (foundParts[index] ?? 0) - (requiredParts[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
