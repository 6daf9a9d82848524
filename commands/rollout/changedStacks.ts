import { run } from "../../processes/run.ts";
import { resolveCommit } from "../repository/revision.ts";
import { stackOfFile } from "../../settings/stackFile/files.ts";
import { UserError } from "../../settings/userError.ts";

/** What no stack depends on. Of whatever is not here, all do. */
const APART =
  /^(docs|tests|commands|processes|development|\.github)\/|\.md$|^(handovers\..*\.json|Makefile|\.gitignore)$/;

/** What changed between a revision and the working tree. */
export interface Changes {
  /** The files that all stacks depend on. */
  readonly program: readonly string[];
  /** The stack files. */
  readonly stackFiles: ReadonlySet<string>;
}

/** @throws UserError where git does not know the revision */
export async function changesSince(directory: string, reference: string): Promise<Changes> {
  const commit = await resolveCommit(directory, reference, "--only-changed");
  const git = async (...args: string[]) => {
    const { exitCode, stdout, stderr } = await run("git", ["-C", directory, ...args]);
    if (exitCode !== 0) {
      throw new UserError(`git ${args[0]} failed: ${stderr.trim()}`);
    }
    return stdout.split("\0").filter((name) => name !== "");
  };
  const files = [
    ...(await git("diff", "--name-only", "--no-renames", "--relative", "-z", commit, "--", ".")),
    ...(await git("ls-files", "--others", "--exclude-standard", "-z", "--", ".")),
  ];
  const isStackFile = (name: string) => stackOfFile(name) !== undefined;
  return {
    program: files.filter((name) => !isStackFile(name) && !APART.test(name)),
    stackFiles: new Set(files.filter(isStackFile)),
  };
}
