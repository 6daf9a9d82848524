import { readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { formatDuration } from "../../processes/progress";
import { describeToolchain, mustIgnorePath } from "../../development/toolchain/describe";
import { pluginFiles } from "../../development/toolchain/plugin";
import { cliFiles, OWN_PULUMI_HOME, pluginFile, pluginProgram, pulumiHome } from "../../development/toolchain/layout";
import { obtain } from "../../development/toolchain/obtain";
import {
  changesPluginKind,
  cliCandidates,
  forcedSource,
  isKept,
  type Part,
  pluginCandidates,
  type PluginName,
  PLUGINS,
  type Source,
} from "../../development/toolchain/selection";
import { parseSelection } from "../../development/toolchain/selectionFile";
import * as versions from "../../development/toolchain/versions";

function readGoModule(name: string): string {
  return readFileSync(join(__dirname, "../../development/toolchain/go", name, "go.mod"), "utf8");
}

describe("the toolchain's versions", () => {
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

  test.each(PLUGINS)("accepts only an exact version of @pulumi/%s", (name) => {
    const packageJson = (version: string): string => JSON.stringify({ dependencies: { [`@pulumi/${name}`]: version } });
    expect(versions.pluginVersion(name, packageJson("6.13.0"))).toBe("6.13.0");
    expect(() => versions.pluginVersion(name, packageJson("^6.13.0"))).toThrow(
      `@pulumi/${name} to an exact version, found: ^6.13.0`,
    );
    expect(() => versions.pluginVersion(name, "{}")).toThrow("found: nothing");
  });

  test("agree with the Go modules", () => {
    expect(readGoModule("pulumi-cli")).toContain(`github.com/pulumi/pulumi/pkg/v3 v${versions.PULUMI_CLI_VERSION} `);
    expect(readGoModule("pulumi-language-nodejs")).toContain(
      `github.com/pulumi/pulumi/sdk/v3 v${versions.PULUMI_CLI_VERSION}\n`,
    );
  });

  test.each(["pulumi-cli", "pulumi-language-nodejs", ...PLUGINS.map(pluginProgram)])("Go suffices for %s", (name) => {
    const required = /^go (.*)$/m.exec(readGoModule(name))?.[1] ?? "none";
    expect(versions.isAtLeast(versions.MINIMUM_GO_VERSION, required)).toBe(true);
  });
});

describe("the selection of the toolchain", () => {
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
    expect(changesPluginKind(undefined, "build")).toBe(false);
  });

  test("builds a program anew when one of the files has changed that it is built from", () => {
    const built = [...cliFiles("build"), ...pluginFiles("keycloak", "build", "build")];
    expect(built.filter((file) => /toolchain\/go\/.*main\.go$/.test(file))).toHaveLength(2);
    expect([...cliFiles("path"), ...cliFiles("official")].filter((file) => file.includes("/go/"))).toEqual([]);
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
    const plugins = { keycloak: part, docker: part };
    expect(parseSelection(JSON.stringify({ cli: part, plugins }))).toEqual({ cli: part, plugins });
    expect(parseSelection(JSON.stringify({ cli: { ...part, source: "elsewhere" }, plugins }))).toEqual({ plugins });
    expect(parseSelection(JSON.stringify({ plugins: { ...plugins, docker: { source: "build" } } }))).toEqual({
      plugins: { keycloak: part },
    });
    expect(parseSelection("{")).toEqual({ plugins: {} });
    expect(parseSelection("[]")).toEqual({ plugins: {} });
  });

  test("reads the plugin of an old record as the Keycloak plugin", () => {
    expect(parseSelection(JSON.stringify({ cli: part, plugin: part }))).toEqual({
      cli: part,
      plugins: { keycloak: part },
    });
  });
});

describe("the toolchain's plugins", () => {
  const lyingIn = (source: Source, file: string): Part => ({
    source,
    version: "1",
    files: [{ file, size: 1, modified: 2 }],
  });
  const keycloak = lyingIn("path", "/bin/keycloak");
  const docker = lyingIn("path", "/bin/docker");
  const onPath = (name: PluginName): string => `/bin/${name}`;
  const elsewhere = (source: Source): Part => lyingIn(source, "/home/plugin");

  test("lie side by side", () => {
    expect(PLUGINS.map((name) => pluginFile(name, "/home"))).toEqual([
      `/home/plugins/resource-keycloak-v${versions.PLUGIN_VERSIONS.keycloak}/pulumi-resource-keycloak`,
      `/home/plugins/resource-docker-v${versions.PLUGIN_VERSIONS.docker}/pulumi-resource-docker`,
    ]);
    expect(pulumiHome("path", "build")).toBe(OWN_PULUMI_HOME);
  });

  test("of the user lie where the CLI looks: PULUMI_HOME if it names a folder, whatever HOME is", () => {
    const ofUser = join(userInfo().homedir, ".pulumi");
    const before = process.env;
    const homeWith = (variables: NodeJS.ProcessEnv): string => {
      process.env = { ...before, ...variables };
      return pulumiHome("path", "path");
    };
    try {
      expect(homeWith({ PULUMI_HOME: "/elsewhere" })).toBe("/elsewhere");
      expect(homeWith({ PULUMI_HOME: "", HOME: "/home/nobody" })).toBe(ofUser);
    } finally {
      process.env = before;
    }
  });

  test("Docker's is told only where it was chosen", () => {
    const cli = lyingIn("build", "/bin/pulumi");
    const built = elsewhere("build");
    expect(describeToolchain({ cli, keycloak: built }).source).toEqual({ cli: "build", keycloak: "build" });
    const { source, environment } = describeToolchain({ cli, keycloak: built, docker: built });
    expect(source).toEqual({ cli: "build", keycloak: "build", docker: "build" });
    expect(environment).toMatchObject({
      NODE_COMPILE_CACHE: expect.stringContaining(join(".local", "toolchain")) as string,
      PULUMI_HOME: OWN_PULUMI_HOME,
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    });
  });

  test("on PATH are ignored where they are not the chosen ones", () => {
    expect(mustIgnorePath({ keycloak, docker }, onPath)).toBe(false);
    expect(mustIgnorePath({ keycloak: elsewhere("official"), docker: elsewhere("official") }, onPath)).toBe(true);
    expect(mustIgnorePath({ keycloak: elsewhere("official") }, () => undefined)).toBe(false);
    // Docker's was not asked for: no program loads it.
    expect(mustIgnorePath({ keycloak }, onPath)).toBe(false);
  });

  test("on PATH are all used or all ignored", () => {
    expect(() => mustIgnorePath({ keycloak, docker: elsewhere("official") }, onPath)).toThrow(
      "Take pulumi-resource-docker from PATH",
    );
  });
});

test("the first source that works serves; if none does, each one's reason is told", async () => {
  const lines: string[] = [];
  const attempt = (source: Source): Promise<string> =>
    source === "path" ? Promise.reject(new Error("not there")) : Promise.resolve("1");
  const wanted = { title: "The Docker plugin", filesOf: () => [__filename], attempt };
  const report = (line: string): void => void lines.push(line);
  const part = await obtain({ ...wanted, candidates: ["path", "official"] }, report);
  expect(part).toMatchObject({ source: "official", version: "1", files: [{ file: __filename }] });
  expect(lines).toEqual(["The Docker plugin: path not possible: not there", "The Docker plugin: 1 (official)."]);

  await expect(obtain({ ...wanted, candidates: ["path"] }, report)).rejects.toThrow(
    /The Docker plugin could not be obtained\.\npath: not there\nnot tried, .*: official, build\n/,
  );
});

test("durations are readable", () => {
  expect([formatDuration(14_900), formatDuration(125_000)]).toEqual(["15 s", "2 min 5 s"]);
});
