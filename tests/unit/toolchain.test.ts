import { readFileSync } from "node:fs";
import { join } from "node:path";
import { formatDuration } from "../../processes/progress";
import {
  changesPluginKind,
  cliCandidates,
  forcedSource,
  isKept,
  type Part,
  pluginCandidates,
} from "../../toolchain/selection";
import { parseSelection } from "../../toolchain/selectionFile";
import * as versions from "../../toolchain/versions";

function readGoModule(name: string): string {
  return readFileSync(join(__dirname, "../../toolchain/go", name, "go.mod"), "utf8");
}

describe("versions", () => {
  test.each([
    ["3.200.0", "3.200.0", true],
    ["3.200", "3.200.0", true],
    ["3.99.9", "3.200.0", false],
    ["17.0.15", "17", true],
    ["1.8.0", "17", false],
    ["1.26", "1.25.11", true],
  ])("%s is at least %s: %s", (found, required, expected) => {
    expect(versions.isAtLeast(found, required)).toBe(expected);
  });

  test.each([
    ["v3.259.0\n", "3.259.0"],
    ["3.100.0-dev.0+abc", "3.100.0"],
    ["", undefined],
  ])("finds the version in %j", (text, expected) => {
    expect(versions.findVersion(text)).toBe(expected);
  });

  test("accepts only an exact version of @pulumi/keycloak", () => {
    const packageJson = (version: string): string => JSON.stringify({ dependencies: { "@pulumi/keycloak": version } });
    expect(versions.keycloakPluginVersion(packageJson("6.13.0"))).toBe("6.13.0");
    expect(() => versions.keycloakPluginVersion(packageJson("^6.13.0"))).toThrow("exact version, found: ^6.13.0");
    expect(() => versions.keycloakPluginVersion("{}")).toThrow("found: nothing");
  });

  test("agree with the Go modules", () => {
    expect(readGoModule("pulumi-cli")).toContain(`github.com/pulumi/pulumi/pkg/v3 v${versions.PULUMI_CLI_VERSION} `);
    expect(readGoModule("pulumi-language-nodejs")).toContain(
      `github.com/pulumi/pulumi/sdk/v3 v${versions.PULUMI_CLI_VERSION}\n`,
    );
  });

  test.each(["pulumi-cli", "pulumi-language-nodejs", "pulumi-resource-keycloak"])("Go suffices for %s", (name) => {
    const required = /^go (.*)$/m.exec(readGoModule(name))?.[1] ?? "none";
    expect(versions.isAtLeast(versions.MINIMUM_GO_VERSION, required)).toBe(true);
  });
});

describe("selection", () => {
  const files = [{ file: "/plugin", size: 1, modified: 2 }];
  const part: Part = { source: "build", version: "6.13.0", files };
  const isRightVersion = ({ version }: Part): boolean => version === "6.13.0";

  test("prefers the user's own, then the official release, then the build", () => {
    expect(cliCandidates(undefined, undefined)).toEqual(["path", "official", "build"]);
    expect(pluginCandidates(undefined, undefined)).toEqual(["path", "official", "build"]);
  });

  test("replaces a CLI by any other, its own source first", () => {
    expect(cliCandidates("build", undefined)).toEqual(["build", "path", "official"]);
  });

  test("never replaces a plugin by one of another kind, unless forced", () => {
    expect(pluginCandidates("build", undefined)).toEqual(["build"]);
    expect(pluginCandidates("official", undefined)).toEqual(["path", "official"]);
    expect(pluginCandidates("official", "build")).toEqual(["build"]);
    expect(changesPluginKind("official", "build")).toBe(true);
    expect(changesPluginKind("path", "official")).toBe(false);
  });

  test("keeps a part as long as it is the recorded one", () => {
    expect(isKept(part, undefined, isRightVersion, files)).toBe(true);
    expect(isKept(part, "build", isRightVersion, files)).toBe(true);
    expect(isKept(part, "official", isRightVersion, files)).toBe(false);
    expect(isKept({ ...part, version: "6.12.0" }, undefined, isRightVersion, files)).toBe(false);
    expect(isKept(part, undefined, isRightVersion, [{ file: "/plugin", size: 1, modified: 3 }])).toBe(false);
    expect(isKept(part, undefined, isRightVersion, undefined)).toBe(false);
  });

  test("reads SCPCLOUD_TOOLCHAIN", () => {
    expect(forcedSource("official")).toBe("official");
    expect(forcedSource("")).toBeUndefined();
    expect(() => forcedSource("auto")).toThrow("must be one of path, official, build, found: auto");
  });

  test("takes an unreadable record for no choice", () => {
    expect(parseSelection(JSON.stringify({ cli: part, plugin: part }))).toEqual({ cli: part, plugin: part });
    expect(parseSelection(JSON.stringify({ cli: { ...part, source: "elsewhere" }, plugin: part }))).toEqual({
      plugin: part,
    });
    expect(parseSelection("{")).toEqual({});
  });
});

test("durations are readable", () => {
  expect([formatDuration(14_900), formatDuration(125_000)]).toEqual(["15 s", "2 min 5 s"]);
});
