import { readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { formatDuration } from "../../processes/progress.ts";
import { describeToolchain, mustIgnorePath } from "../../development/toolchain/describe.ts";
import { firstThatWorks } from "../../development/toolchain/install.ts";
import { filesOf, OWN_PULUMI_HOME, pluginFile, pulumiHome } from "../../development/toolchain/layout.ts";
import {
  candidates,
  changesKind,
  forcedSource,
  type Part,
  parseSelection,
} from "../../development/toolchain/selection.ts";
import { type PluginName, PLUGINS, type Source } from "../../development/toolchain/sources.ts";
import * as versions from "../../development/toolchain/versions.ts";

function readGoModule(folder: string): string {
  return readFileSync(join(import.meta.dirname, "../../development/toolchain/go", folder, "go.mod"), "utf8");
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

  test("agree with the Go module", () => {
    const version = `v3 v${versions.PULUMI_CLI_VERSION}`;
    expect(readGoModule("")).toContain(`github.com/pulumi/pulumi/pkg/${version} `);
    expect(readGoModule("")).toContain(`github.com/pulumi/pulumi/sdk/${version}\n`);
  });

  test.each(["", "pulumi-resource-docker"])("Go suffices for the module %j", (folder) => {
    const required = /^go (.*)$/m.exec(readGoModule(folder))?.[1] ?? "none";
    expect(versions.isAtLeast(versions.MINIMUM_GO_VERSION, required)).toBe(true);
  });
});

describe("the selection of the toolchain", () => {
  const part: Part = { source: "build", version: "6.13.0", files: [{ file: "/plugin", size: 1, modified: 2 }] };
  const from = (source: Source): Part => ({ ...part, source });

  test("prefers the user's own, then the official release, then the build", () => {
    expect(candidates("cli", {}, undefined)).toEqual(["path", "official", "build"]);
    expect(candidates("keycloak", { cli: from("official") }, undefined)).toEqual(["path", "official", "build"]);
  });

  test("replaces a CLI by any other, its own source first", () => {
    expect(candidates("cli", { cli: from("build") }, undefined)).toEqual(["build", "path", "official"]);
  });

  test("downloads no plugin where the CLI had to be built", () => {
    expect(candidates("keycloak", { cli: from("build") }, undefined)).toEqual(["path", "build"]);
  });

  test.each(PLUGINS)("never replaces a plugin by one of another kind, unless forced: %s", (name) => {
    expect(candidates(name, { keycloak: from("build") }, undefined)).toEqual(["build"]);
    expect(candidates(name, { cli: from("build"), keycloak: from("official") }, undefined)).toEqual([
      "path",
      "official",
    ]);
    expect(candidates(name, { keycloak: from("official") }, "build")).toEqual(["build"]);
    expect(changesKind(from("official"), from("build"))).toBe(true);
    expect(changesKind(from("path"), from("official"))).toBe(false);
    expect(changesKind(undefined, from("build"))).toBe(false);
  });

  test("builds a program anew when one of the files has changed that it is built from", () => {
    const built = [...filesOf("cli", "build"), ...filesOf("keycloak", "build")];
    expect(built.filter((file) => /toolchain\/go\/.*main\.go$/.test(file))).toHaveLength(2);
    expect(built.filter((file) => /toolchain\/go\/go\.mod$/.test(file))).toHaveLength(2);
    expect(filesOf("docker", "build")).toContainEqual(expect.stringMatching(/pulumi-resource-docker\/go\.mod$/));
    expect([...filesOf("cli", "path"), ...filesOf("cli", "official")].filter((file) => /\/go\//.test(file))).toEqual(
      [],
    );
  });

  test("reads SCPCLOUD_TOOLCHAIN", () => {
    expect(forcedSource("official")).toBe("official");
    expect(forcedSource("")).toBeUndefined();
    expect(() => forcedSource("auto")).toThrow("must be one of path, official, build, found: auto");
  });

  test("takes an unreadable record for no choice, part by part", () => {
    const plugins = { keycloak: part, docker: part };
    expect(parseSelection(JSON.stringify({ cli: part, plugins }))).toEqual({ cli: part, ...plugins });
    expect(parseSelection(JSON.stringify({ cli: { ...part, source: "elsewhere" }, plugins }))).toEqual(plugins);
    expect(parseSelection(JSON.stringify({ plugins: { ...plugins, docker: { source: "build" } } }))).toEqual({
      keycloak: part,
    });
    expect(parseSelection("{")).toEqual({});
    expect(parseSelection("[]")).toEqual({});
  });
});

describe("the toolchain's plugins", () => {
  const lyingIn = (source: Source, file = "/home/plugin"): Part => ({
    source,
    version: "1",
    files: [{ file, size: 1, modified: 2 }],
  });
  const keycloak = lyingIn("path", "/bin/keycloak");
  const docker = lyingIn("path", "/bin/docker");
  const official = lyingIn("official");
  const onPath = (name: PluginName): string => `/bin/${name}`;

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
    const built = lyingIn("build");
    const withoutDocker = { cli: "build", keycloak: "build" };
    expect(describeToolchain({ cli: built, keycloak: built }).source).toEqual(withoutDocker);
    const { source, environment } = describeToolchain({ cli: built, keycloak: built, docker: built });
    expect(source).toEqual({ ...withoutDocker, docker: "build" });
    expect(environment).toMatchObject({
      NODE_COMPILE_CACHE: expect.stringContaining(join(".local", "toolchain")) as string,
      PULUMI_HOME: OWN_PULUMI_HOME,
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    });
  });

  test("on PATH are ignored where they are not the chosen ones, and never mixed with others", () => {
    expect(mustIgnorePath({ keycloak, docker }, onPath)).toBe(false);
    expect(mustIgnorePath({ keycloak: official, docker: official }, onPath)).toBe(true);
    expect(mustIgnorePath({ keycloak: official }, () => undefined)).toBe(false);
    // Docker's was not asked for: no program loads it.
    expect(mustIgnorePath({ keycloak }, onPath)).toBe(false);
    expect(() => mustIgnorePath({ keycloak, docker: official }, onPath)).toThrow(
      "Take pulumi-resource-docker from PATH",
    );
  });
});

test("the first source that works serves; if none does, each one's reason is told", async () => {
  const lines: string[] = [];
  const attempt = (source: Source): Promise<Part> =>
    source === "path" ? Promise.reject(new Error("not there")) : Promise.resolve({ source, version: "1", files: [] });
  const report = (line: string): void => void lines.push(line);
  const part = await firstThatWorks("The Docker plugin", ["path", "official"], attempt, report);
  expect(part).toEqual({ source: "official", version: "1", files: [] });
  expect(lines).toEqual(["The Docker plugin: path not possible: not there", "The Docker plugin: 1 (official)."]);

  await expect(firstThatWorks("The Docker plugin", ["path"], attempt, report)).rejects.toThrow(
    /The Docker plugin could not be obtained\.\npath: not there\nnot tried, .*: official, build\n/,
  );
});

test("durations are readable", () => {
  expect([formatDuration(14_900), formatDuration(125_000)]).toEqual(["15 s", "2 min 5 s"]);
});
