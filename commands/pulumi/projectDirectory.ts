import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/**
 * The folder with Pulumi.yaml, wherever the user stands: the one that `scpcloud` was called in, where all in it may be
 * links; else the one that this file is in.
 */
export const PROJECT_DIRECTORY = projectDirectory(process.argv[1] ?? "");

function projectDirectory(program: string): string {
  const called = dirname(resolve(program));
  return existsSync(join(called, "Pulumi.yaml")) ? called : resolve(import.meta.dirname, "..", "..");
}
