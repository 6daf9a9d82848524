import { checkPrerequisites, PrerequisiteError, type Probe } from "../../development/toolchain/prerequisites";
import { run } from "../../processes/run";

describe("the check of what has to be installed", () => {
  const good: Readonly<Record<string, string>> = {
    go: "go version go1.26.8 linux/amd64",
    java: 'openjdk version "17.0.15" 2025-04-15\nOpenJDK Runtime Environment',
    mvn: "\u001b[1mApache Maven 3.8.7\u001b[m\nJava version: 17.0.15",
    node: "v22.21.0",
  };
  const probeFrom =
    (outputs: Readonly<Record<string, string>>): Probe =>
    (command) =>
      outputs[command];

  function faultsWith(outputs: Readonly<Record<string, string>>): readonly string[] {
    try {
      checkPrerequisites(["go", "java", "mvn", "node"], probeFrom(outputs));
      return [];
    } catch (error) {
      if (error instanceof PrerequisiteError) return error.faults;
      throw error;
    }
  }

  test("accepts what is recent enough", () => {
    expect(faultsWith(good)).toEqual([]);
    expect(faultsWith({ ...good, java: 'openjdk version "25" 2025-09-16' })).toEqual([]);
  });

  test("names all that is missing or too old at once", () => {
    const faults = faultsWith({
      java: 'java version "1.8.0_401"',
      mvn: "JAVA_HOME is not defined",
      node: "v18.1.0",
    });
    expect(faults).toEqual([
      expect.stringMatching(/^Go 1\.26\.6 or newer is needed to build .*; found: none\. What to do: /),
      expect.stringMatching(/^Java 17 or newer is needed to run .*; found: 1\.8\.0\. What to do: /),
      expect.stringMatching(/^Maven 3\.6 .*; found: no version; `mvn --version` says: JAVA_HOME is not defined\. /),
      expect.stringMatching(/^Node\.js 22\.21 or newer .*; found: 18\.1\.0\. What to do: /),
    ]);
  });

  test("asks only for what is needed", () => {
    expect(() => checkPrerequisites(["java"], probeFrom({ java: good["java"] ?? "" }))).not.toThrow();
  });
});

describe("running a command", () => {
  test("ends everything that a command has started when it takes too long", async () => {
    // Were the background process still alive, its open standard output would keep the result back for a minute.
    const result = await run("sh", ["-c", "sleep 60 & wait"], { timeoutMilliseconds: 200 });
    expect(result.exitCode).toBe(124);
  });

  test("reports a command that does not exist or fails as a result", async () => {
    expect(await run("no-such-command", [])).toMatchObject({ exitCode: 127 });
    expect(await run("sh", ["-c", "echo no >&2; exit 3"])).toEqual({ exitCode: 3, stdout: "", stderr: "no\n" });
  });
});
