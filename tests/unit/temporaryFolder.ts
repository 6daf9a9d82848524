import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Has each of the tests that follow run in an empty folder of its own, as the current one. */
export function useTemporaryFolder(): void {
  const folder = process.cwd();
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "scpcloud-test-"));
    process.chdir(directory);
  });

  afterEach(() => {
    process.chdir(folder);
    rmSync(directory, { recursive: true });
  });
}
