import { shown } from "../../settings/faults";
import { type RuleName, RULES } from "../../settings/rules";
import { DIGEST, withApps, withBff } from "./appsConfiguration";
import { accepted, faultsOf, onlyFault } from "./configuration";

describe("a container's settings", () => {
  test.each<[place: string, rule: RuleName, values: unknown[]]>([
    ["aliases", "aliases", [[]]],
    ["aliases", "list", ["bff", {}, null]],
    ["capabilities", "list", ["CHOWN", {}]],
    ["environment", "environmentMap", [[], ["A=b"], "A=b", null]],
    ["healthTimeout", "healthTimeout", [0, 901, 1.5, "60", "60s", null]],
    ["image", "text", [7, 1.4, null, ["bff:1"]]],
    ["memory", "memory", [15, 1_048_577, 512.5, "512", "512m", true]],
    ["ports", "list", [8080, "8080:8080", {}]],
    ["pull", "boolean", ["yes", "false", 0, null]],
    ["readOnly", "boolean", ["no", 1]],
    ["restart", "restart", [false, true, "never", "No", "", "on-failure:3", null]],
    ["writablePaths", "list", ["/tmp", { "/tmp": "" }]],
  ])("refused as %s (%s)", (place, rule, values) => {
    for (const value of values) {
      expect(faultsOf(withBff({ [place]: value }))).toEqual([
        { key: `scpcloud:apps.bff.${place}`, ...RULES[rule], value: shown(value) },
      ]);
    }
  });

  test.each<[list: string, rule: RuleName, values: unknown[]]>([
    ["aliases", "alias", ["", "-bff", "bff-", ".", "web_bff", "web bff", "ä", "a".repeat(254)]],
    ["aliases", "text", [7, null]],
    ["capabilities", "capability", ["", "CAP_CHOWN", "chown", "NET-ADMIN", "_A", "A1"]],
    ["capabilities", "text", [true]],
    ["ports", "port", [8080, "8080:8080", null, [8080, 8080]]],
    ["writablePaths", "path", ["", "/", "tmp", "./tmp", "/tmp/", "//tmp", "/a//b", "/..", "/a/../b", "/.", "/a/./b"]],
    ["writablePaths", "path", ["/a b", "/a:rw", "/a,b", "/a\n"]],
    ["writablePaths", "text", [7]],
  ])("refused in %s (%s)", (list, rule, values) => {
    for (const value of values) {
      expect(faultsOf(withBff({ [list]: [value] }))).toEqual([
        { key: `scpcloud:apps.bff.${list}[0]`, ...RULES[rule], value: shown(value) },
      ]);
    }
  });

  test.each<[key: string, rule: RuleName, values: unknown[]]>([
    ["address", "address", ["", "localhost", "*", "127.0.0", "256.0.0.1", "[::1]", "127.0.0.1/8"]],
    ["address", "text", [0, null]],
    ["container", "portNumber", [0, 65_536, -1, 80.5, "80", null]],
    ["host", "portNumber", [0, 65_536, "8080", "8080-8090"]],
  ])("refused as a port's %s (%s)", (key, rule, values) => {
    for (const value of values) {
      const ports = [
        { container: 1, host: 1 },
        { container: 2, host: 2, [key]: value },
      ];
      expect(faultsOf(withBff({ ports }))).toEqual([
        { key: `scpcloud:apps.bff.ports[1].${key}`, ...RULES[rule], value: shown(value) },
      ]);
    }
  });

  test.each<[key: string, rule: RuleName, values: unknown[]]>([
    ["command", "command", [[], [""], [" ", "curl"]]],
    ["command", "list", ["curl --fail", null, {}]],
    ["interval", "interval", [0, 301, "10s"]],
    ["retries", "retries", [0, 101, 1.5]],
    ["startPeriod", "startPeriod", [-1, 601, "1m"]],
    ["timeout", "timeout", [0, 301, null]],
  ])("refused as a health check's %s (%s)", (key, rule, values) => {
    for (const value of values) {
      expect(faultsOf(withBff({ healthCheck: { command: ["true"], [key]: value } }))).toEqual([
        { key: `scpcloud:apps.bff.healthCheck.${key}`, ...RULES[rule], value: shown(value) },
      ]);
    }
  });

  test("of a health check's command must each be text, but may be empty after the first", () => {
    expect(faultsOf(withBff({ healthCheck: { command: ["sleep", 7] } }))).toMatchObject([
      { key: "scpcloud:apps.bff.healthCheck.command[1]", rule: "must be text" },
    ]);
    accepted(withBff({ healthCheck: { command: ["test", ""] } }));
  });

  test.each([null, [], "web-production-bff:1", 7])("cannot be %j as a whole", (app) => {
    expect(onlyFault(withApps({ bff: app }))).toBe(
      [
        "scpcloud:apps.bff",
        "  must be a map with an image,",
        "  because it declares a container.",
        `  Found: ${JSON.stringify(app)}`,
        "  Do: indent the container's settings below its key",
      ].join("\n"),
    );
  });

  test("cannot do without an image", () => {
    expect(faultsOf(withApps({ bff: { memory: 64 } }))).toMatchObject([
      { key: "scpcloud:apps.bff.image", rule: "must be a map with an image" },
    ]);
  });

  test.each(["container", "host"])("cannot do without a port's %s", (key) => {
    expect(faultsOf(withBff({ ports: [{ container: 1, host: 1, [key]: undefined }] }))).toMatchObject([
      { key: `scpcloud:apps.bff.ports[0].${key}`, rule: "must be a map with host and container" },
    ]);
  });

  test.each([[[]], ["curl"], [null]])("cannot have %j for a health check", (healthCheck) => {
    const [fault, ...others] = faultsOf(withBff({ healthCheck }));
    expect(others).toEqual([]);
    expect(fault).toMatchObject({ key: "scpcloud:apps.bff.healthCheck", value: JSON.stringify(healthCheck) });
    expect(fault?.rule).toMatch(/^must be a map/);
  });

  test("with a health check need its command, and are not told to write a map in its place", () => {
    const [fault, ...others] = faultsOf(withBff({ healthCheck: { interval: 5 } }));
    expect(others).toEqual([]);
    expect(fault?.key).toContain("scpcloud:apps.bff.healthCheck");
    expect(fault?.rule).not.toBe("must be a map");
    expect(fault?.remedy).not.toContain("{} for none");
  });

  test("say in the text for the reader why YAML's no is false", () => {
    expect(onlyFault(withBff({ restart: false }))).toBe(
      [
        "scpcloud:apps.bff.restart",
        "  must be one of no, on-failure, always, unless-stopped,",
        "  because the engine knows no other restart policy.",
        "  Found: false",
        '  Do: write "unless-stopped", and put "no" in quotes, which YAML takes for false',
      ].join("\n"),
    );
  });

  test.each<[key: string, rule: RuleName, values: unknown[]]>([
    ["network", "network", ["", "-n", "a b", "a/b", "ä", ".n"]],
    ["network", "text", [7, null]],
    ["requireDigest", "boolean", ["false", 0, null]],
  ])("refused as %s of both (%s)", (key, rule, values) => {
    for (const value of values) {
      expect(faultsOf(withApps({ bff: { image: `bff@${DIGEST}` }, [key]: value }))).toEqual([
        { key: `scpcloud:apps.${key}`, ...RULES[rule], value: shown(value) },
      ]);
    }
  });
});
