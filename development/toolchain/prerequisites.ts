import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";

import { findVersion, isAtLeast, MINIMUM_GO_VERSION, MINIMUM_JAVA_VERSION, MINIMUM_MAVEN_VERSION } from "./versions.ts";

/** A program that must be installed on the machine beforehand. */
export type Prerequisite = "go" | "java" | "mvn";

/** Runs a command and returns what it prints, or `undefined` if there is no such command. */
export type Probe = (command: string, args: readonly string[]) => string | undefined;

/** A program that is missing or too old. */
export interface Fault {
  readonly program: Prerequisite;
  readonly text: string;
}

interface Requirement {
  readonly title: string;
  readonly minimum: string;
  readonly purpose: string;
  readonly args: readonly string[];
  /** What stands directly before the version in the command's output. */
  readonly prefix: RegExp;
  /** The packages of each of the {@link SYSTEMS}. */
  readonly packages: readonly [string, string, string];
}

/** Systems whose packages of Java and Maven are recent enough, and what stands before the packages' names. */
const SYSTEMS = [
  ["Debian 12, Ubuntu 24.04 or newer", "sudo apt-get install"],
  ["Fedora", "sudo dnf install"],
  ["macOS with Homebrew", "brew install"],
] as const;

const REQUIREMENTS: Readonly<Record<Prerequisite, Requirement>> = {
  go: {
    title: "Go",
    minimum: MINIMUM_GO_VERSION,
    purpose: "to build the Pulumi CLI and its plugins, which cannot be downloaded here",
    args: ["version"],
    prefix: /go version (?:devel )?go/,
    packages: ["golang-go", "golang", "go"],
  },
  java: {
    title: "Java",
    minimum: MINIMUM_JAVA_VERSION,
    purpose: "to run the embedded Keycloak",
    args: ["-version"],
    prefix: / version "/,
    packages: ["default-jre-headless", "java-25-openjdk-headless", "temurin"],
  },
  mvn: {
    title: "Maven",
    minimum: MINIMUM_MAVEN_VERSION,
    purpose: "to fetch the embedded Keycloak",
    args: ["--version"],
    prefix: /Apache Maven /,
    packages: ["maven", "maven", "maven"],
  },
};

/** Debian's and Fedora's Go fetches no other release of itself, unless it is told to. Go 1.21 is the first that can. */
const GO_HINT = `Where that Go is older than ${MINIMUM_GO_VERSION}: from 1.21 on, "export GOTOOLCHAIN=auto" lets it fetch a newer one.
Debian 12 has 1.19: take Go from https://go.dev/dl there. With a Pulumi CLI of your own no Go is needed:
https://www.pulumi.com/docs/install`;

/** Tells all that is missing at once, and how it is installed; the message is ready to print without a stack trace. */
export class PrerequisiteError extends Error {
  override readonly name = "PrerequisiteError";

  /** @param further what there is to say besides */
  constructor(faults: readonly Fault[], further: readonly string[] = []) {
    const lines = SYSTEMS.map(([system, command], index) => {
      const packages = faults.map(({ program }) => REQUIREMENTS[program].packages[index]);
      return `  ${system}: ${[command, ...packages].join(" ")}`;
    });
    super(
      [
        "Not everything needed is installed on this machine:",
        ...faults.map(({ text }) => `  - ${text}`),
        "Install it:",
        ...lines,
        ...(faults.some(({ program }) => program === "go") ? [GO_HINT] : []),
        ...further,
      ].join("\n"),
    );
  }
}

/** Throws a {@link PrerequisiteError} about all of the needed programs that are missing or too old. */
export function checkPrerequisites(needed: readonly Prerequisite[]): void {
  const faults = prerequisiteFaults(needed);
  if (faults.length > 0) throw new PrerequisiteError(faults);
}

/** The needed programs that are missing or too old. */
export function prerequisiteFaults(needed: readonly Prerequisite[], probe: Probe = probeCommand): readonly Fault[] {
  return needed.flatMap((program) => {
    const { title, minimum, purpose, args, prefix } = REQUIREMENTS[program];
    const output = probe(program, args);
    const said = stripVTControlCharacters(output ?? "").trim();
    const version = findVersion(said.split(prefix)[1] ?? "");
    if (version !== undefined && isAtLeast(version, minimum)) return [];

    const unclear = `no version; \`${[program, ...args].join(" ")}\` says: ${said.split("\n")[0]}`;
    const found = version ?? (output === undefined ? "none" : unclear);
    return { program, text: `${title} ${minimum} or newer is needed ${purpose}; found: ${found}.` };
  });
}

/** Java prints its version to standard error. */
function probeCommand(command: string, args: readonly string[]): string | undefined {
  // Inside a Go module, Go may switch to the release that the module asks for (GOTOOLCHAIN=auto), and tells its version.
  const cwd = join(import.meta.dirname, "go");
  const result = spawnSync(command, args, { cwd, env: process.env, encoding: "utf8", timeout: 120_000 });
  return result.error === undefined ? result.stdout + result.stderr : undefined;
}
