import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Why tests that need these programs are skipped, and what helps, in words for their names; empty where all are there. */
export function missing(...programs: readonly string[]): string {
  const absent = programs.filter((program) => !isOnPath(program));
  return absent.length === 0 ? "" : ` (skipped: ${absent.join(", ")} not on PATH; apt-get install ${absent.join(" ")})`;
}

/** A test that needs programs of which Debian's packages have the names. */
export function itWith(programs: readonly string[], name: string, test: () => Promise<void>): void {
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
