import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { PrerequisiteError, prerequisiteFaults, type Probe } from "../../development/toolchain/prerequisites.ts";
import { run } from "../../processes/run.ts";
import { until } from "../end-to-end/until.ts";

describe("the check of what has to be installed", () => {
  const good: Readonly<Record<string, string>> = {
    go: "go version go1.26.8 linux/amd64",
    java: 'openjdk version "17.0.15" 2025-04-15\nOpenJDK Runtime Environment',
    mvn: "\u001b[1mApache Maven 3.8.7\u001b[m\nJava version: 17.0.15",
  };
  const probeFrom =
    (outputs: Readonly<Record<string, string>>): Probe =>
    (command) =>
      outputs[command];
  const faultsWith = (outputs: Readonly<Record<string, string>>) =>
    prerequisiteFaults(["java", "mvn", "go"], probeFrom(outputs));

  test("accepts what is recent enough", () => {
    expect(faultsWith(good)).toEqual([]);
    expect(faultsWith({ ...good, java: 'openjdk version "25" 2025-09-16' })).toEqual([]);
  });

  test("asks only for what is needed", () => {
    expect(prerequisiteFaults(["java"], probeFrom({ java: good["java"] ?? "" }))).toEqual([]);
  });

  test("names all that is missing or too old at once, with one line for each system that installs it", () => {
    const faults = faultsWith({ java: 'java version "1.8.0_401"', mvn: "JAVA_HOME is not defined" });
    expect(new PrerequisiteError(faults, ["Instead of Java and Maven, a Docker engine will do."]).message).toBe(
      `Not everything needed is installed on this machine:
  - Java 17 or newer is needed to run the embedded Keycloak; found: 1.8.0.
  - Maven 3.6 or newer is needed to fetch the embedded Keycloak; found: no version; \`mvn --version\` says: JAVA_HOME is not defined.
  - Go 1.26.6 or newer is needed to build the Pulumi CLI and its plugins, which cannot be downloaded here; found: none.
Install it:
  Debian 12, Ubuntu 24.04 or newer: sudo apt-get install default-jre-headless maven golang-go
  Fedora: sudo dnf install java-25-openjdk-headless maven golang
  macOS with Homebrew: brew install temurin maven go
Where that Go is older than 1.26.6: from 1.21 on, "export GOTOOLCHAIN=auto" lets it fetch a newer one.
Debian 12 has 1.19: take Go from https://go.dev/dl there. With a Pulumi CLI of your own no Go is needed:
https://www.pulumi.com/docs/install
Instead of Java and Maven, a Docker engine will do.`,
    );
  });

  test("says nothing of Go where Go is not missing", () => {
    const message = new PrerequisiteError(faultsWith({ ...good, mvn: "" })).message;
    expect(message).toContain("sudo apt-get install maven\n");
    expect(message).not.toMatch(/go/i);
  });
});

describe("running a command", () => {
  test("ends everything that a command has started when it takes too long", async () => {
    // Were the background process still alive, its open standard output would keep the result back for a minute.
    const result = await run("sh", ["-c", "sleep 60 & wait"], { timeoutMilliseconds: 200 });
    expect(result.exitCode).toBe(124);
  });

  test("can end with the process that runs it, however that ends, and tells its exit code like any other", async () => {
    const file = join(mkdtempSync(join(tmpdir(), "scpcloud-run-")), "ended");
    const command = `trap 'echo ended >${file}; kill $!; exit' TERM; kill -KILL $STARTER; sleep 60 & wait; echo late >${file}`;
    const script = `
      const { run } = require(${JSON.stringify(join(import.meta.dirname, "../../processes/run.ts"))});
      const env = { STARTER: String(process.pid) };
      void run("sh", ["-c", ${JSON.stringify(command)}], { env, endsWithThisProcess: true });`;
    spawnSync(process.execPath, ["--eval", script]);
    const read = () => readFileSync(file, { encoding: "utf8", flag: "a+" });
    expect(await until(read, (text) => text.endsWith("\n"))).toBe("ended\n");
    rmSync(dirname(file), { recursive: true });

    const told = await run("sh", ["-c", "echo yes; exit 3"], { endsWithThisProcess: true });
    expect(told).toEqual({ exitCode: 3, stdout: "yes\n", stderr: "" });
  });

  test("reports a command that does not exist or fails as a result", async () => {
    expect(await run("no-such-command", [])).toMatchObject({ exitCode: 127 });
    expect(await run("sh", ["-c", "echo no >&2; exit 3"])).toEqual({ exitCode: 3, stdout: "", stderr: "no\n" });
  });
});
