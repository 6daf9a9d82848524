import { stackOfFile } from "../../settings/stackFile/files.ts";
import { git, resolveCommit } from "../repository/revision.ts";

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
  const namesIn = async (...args: string[]) =>
    (await git(directory, ...args, "-z", "--", ".")).split("\0").filter((name) => name !== "");
  const files = [
    ...(await namesIn("diff", "--name-only", "--no-renames", "--relative", commit)),
    ...(await namesIn("ls-files", "--others", "--exclude-standard")),
  ];
  const isStackFile = (name: string) => stackOfFile(name) !== undefined;
  return {
    program: files.filter((name) => !isStackFile(name) && !APART.test(name)),
    stackFiles: new Set(files.filter(isStackFile)),
  };
}
