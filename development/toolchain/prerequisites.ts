import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import {
  findVersion,
  isAtLeast,
  MINIMUM_GO_VERSION,
  MINIMUM_JAVA_VERSION,
  MINIMUM_MAVEN_VERSION,
  MINIMUM_NODE_VERSION,
} from "./versions";

/** A program that must be installed on the machine beforehand. */
export type Prerequisite = "go" | "java" | "mvn" | "node";

/** Runs a command and returns what it prints, or `undefined` if there is no such command. */
export type Probe = (command: string, args: readonly string[]) => string | undefined;

/** Says everything that is missing or too old; the message is ready to print without a stack trace. */
export class PrerequisiteError extends Error {
  constructor(readonly faults: readonly string[]) {
    super(["Not everything needed is installed on this machine:", ...faults.map((line) => `  - ${line}`)].join("\n"));
    this.name = "PrerequisiteError";
  }
}

interface Requirement {
  readonly title: string;
  readonly minimum: string;
  readonly purpose: string;
  readonly remedy: string;
  readonly args: readonly string[];
  /** What stands directly before the version in the command's output. */
  readonly prefix: RegExp;
}

const REQUIREMENTS: Readonly<Record<Prerequisite, Requirement>> = {
  go: {
    title: "Go",
    minimum: MINIMUM_GO_VERSION,
    purpose: "to build the Pulumi CLI and its plugins",
    remedy: "install it from go.dev/dl or your package manager, or install the Pulumi CLI yourself",
    args: ["version"],
    prefix: /go version (?:devel )?go/,
  },
  java: {
    title: "Java",
    minimum: MINIMUM_JAVA_VERSION,
    purpose: "to run the local Keycloak server",
    remedy: "install a JDK (for example Temurin) and make sure that `java -version` shows it",
    args: ["-version"],
    prefix: / version "/,
  },
  mvn: {
    title: "Maven",
    minimum: MINIMUM_MAVEN_VERSION,
    purpose: "to fetch the local Keycloak server",
    remedy: "install it with your package manager and make sure that `mvn --version` shows it",
    args: ["--version"],
    prefix: /Apache Maven /,
  },
  node: {
    title: "Node.js",
    minimum: MINIMUM_NODE_VERSION,
    purpose: "to run the Pulumi program",
    remedy: "install a current long-term support release from nodejs.org or with your version manager",
    args: ["--version"],
    prefix: /^v/,
  },
};

/** Throws a {@link PrerequisiteError} about all of the needed programs that are missing or too old. */
export function checkPrerequisites(needed: readonly Prerequisite[], probe: Probe = probeCommand): void {
  const faults = needed.flatMap((command) => findFault(command, REQUIREMENTS[command], probe) ?? []);
  if (faults.length > 0) throw new PrerequisiteError(faults);
}

function findFault(command: Prerequisite, requirement: Requirement, probe: Probe): string | undefined {
  const { title, minimum, purpose, remedy, args, prefix } = requirement;
  const output = probe(command, args);
  const plain = output === undefined ? undefined : stripVTControlCharacters(output).trim();
  const match = plain === undefined ? null : prefix.exec(plain);
  const version =
    plain === undefined || match === null ? undefined : findVersion(plain.slice(match.index + match[0].length));
  if (version !== undefined && isAtLeast(version, minimum)) return undefined;

  const firstLine = plain === undefined ? undefined : plain.split("\n")[0];
  const found =
    version ??
    (firstLine === undefined ? "none" : `no version; \`${[command, ...args].join(" ")}\` says: ${firstLine}`);
  return `${title} ${minimum} or newer is needed ${purpose}; found: ${found}. What to do: ${remedy}.`;
}

/** Java prints its version to standard error. */
function probeCommand(command: string, args: readonly string[]): string | undefined {
  // Inside a Go module, Go may switch to the release that the module asks for (GOTOOLCHAIN=auto), and tells its version.
  const cwd = join(__dirname, "go", "pulumi-cli");
  const result = spawnSync(command, args, { cwd, encoding: "utf8", timeout: 120_000 });
  return result.error === undefined ? result.stdout + result.stderr : undefined;
}
