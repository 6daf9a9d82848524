import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Debian's packages of those programs whose package has another name. */
const PACKAGES: Readonly<Record<string, string>> = { ip: "iproute2", ps: "procps", script: "bsdutils" };

/** Why tests that need these programs are skipped, and what helps, in words for their names; empty where all are there. */
export function missing(...programs: readonly string[]): string {
  const absent = programs.filter((program) => !isOnPath(program));
  const packages = absent.map((program) => PACKAGES[program] ?? program);
  return absent.length === 0
    ? ""
    : ` (skipped: ${absent.join(", ")} not on PATH; apt-get install ${packages.join(" ")})`;
}

/** A test that needs programs; skipped, with the reason in its name, where one of them is not there. */
export function itWith(programs: readonly string[], name: string, test: jest.ProvidesCallback): void {
  const reason = missing(...programs);
  (reason === "" ? it : it.skip)(`${name}${reason}`, test);
}

function isOnPath(program: string): boolean {
  return (process.env["PATH"] ?? "").split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
