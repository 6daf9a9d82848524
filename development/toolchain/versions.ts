import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { PluginName } from "./selection";

/**
 * The Pulumi CLI that is installed or built. For the build, go/pulumi-cli/go.mod requires the same version. Not 3.274.1:
 * where the provider cannot log in during an up, that one ends the program before it can say why.
 */
export const PULUMI_CLI_VERSION = "3.259.0";
/** A CLI that the user already has is used from this version on: requiredPulumiVersion in Pulumi.yaml, which says why. */
export const MINIMUM_PULUMI_CLI_VERSION = "3.248.0";
/** No go.mod below go/ asks for more. */
export const MINIMUM_GO_VERSION = "1.25.11";
export const MINIMUM_JAVA_VERSION = "17";
export const MINIMUM_MAVEN_VERSION = "3.6";

const PACKAGE_JSON = readFileSync(join(__dirname, "..", "..", "package.json"), "utf8");

/** The oldest Node.js that serves. Node.js 24 is what is asked for (.node-version). */
export const MINIMUM_NODE_VERSION = (JSON.parse(PACKAGE_JSON) as { engines: { node: string } }).engines.node.slice(2);

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
