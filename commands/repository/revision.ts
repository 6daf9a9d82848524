import { join } from "node:path";

import { UserError } from "../../faults/userError.ts";
import { readIfThere } from "../../processes/files.ts";
import { run } from "../../processes/run.ts";
import { readStackFiles, stackFileName, type StackFiles, stackOfFile } from "../../settings/stackFile/files.ts";
import { UsageError } from "../cli/errors.ts";

/** The files that a stack's configuration is written in, at one revision. */
export interface RevisionFiles {
  /** As a reader knows it. */
  readonly label: string;
  readonly project: string | undefined;
  /** Undefined where there is no such stack. */
  readonly stack: string | undefined;
  /** All stack files, where any may share its realm with others. */
  readonly stacks: StackFiles;
}

export async function workingTreeFiles(directory: string, stack: string): Promise<RevisionFiles> {
  return {
    label: "the working tree",
    project: await readIfThere(join(directory, "Pulumi.yaml")),
    stack: await readIfThere(join(directory, stackFileName(stack))),
    stacks: readStackFiles(directory),
  };
}

/** @param reference whatever git takes for a commit; a stranger may have chosen it */
export async function committedFiles(directory: string, stack: string, reference: string): Promise<RevisionFiles> {
  const commit = await resolveCommit(directory, reference, "--base");
  const read = async (name: string) => {
    const listed = await git(directory, "ls-tree", "-z", commit, "--", name);
    const [, blob] = /^100\d+ blob ([0-9a-f]+)\t/.exec(listed) ?? [];
    if (blob === undefined && listed !== "") {
      throw new UsageError(`${name} at ${commit} cannot be read: it is no file.`);
    }
    return blob === undefined ? undefined : git(directory, "cat-file", "blob", blob);
  };
  const readStacks = async () => {
    // Few share a realm; for all others one look has to do.
    const search = ["grep", "--quiet", "--fixed-strings", "realmStack", commit, "--", ":(glob)Pulumi.*.yaml"];
    const { exitCode } = await run("git", ["-C", directory, ...search]);
    const names = exitCode === 0 ? await git(directory, "ls-tree", "-z", "--name-only", commit) : "";
    const texts = names.split("\0").flatMap((name) => {
      const found = stackOfFile(name);
      return found === undefined ? [] : [read(name).then((text = ""): [string, string] => [found, text])];
    });
    return new Map(await Promise.all(texts));
  };
  return {
    label: commit.slice(0, 12),
    project: await read("Pulumi.yaml"),
    stack: await read(stackFileName(stack)),
    stacks: await readStacks(),
  };
}

/** What git prints. @throws UserError where it fails */
export async function git(directory: string, ...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await run("git", ["-C", directory, ...args]);
  if (exitCode !== 0) {
    throw new UserError(`git ${args[0]} failed: ${stderr.trim()}`);
  }
  return stdout;
}

/**
 * The commit that somebody means.
 * @param option by which it was said
 * @throws UsageError where there is none
 */
export async function resolveCommit(directory: string, reference: string, option: string): Promise<string> {
  const options = ["--verify", "--quiet", "--end-of-options"];
  const { exitCode, stdout } = await run("git", ["-C", directory, "rev-parse", ...options, `${reference}^{commit}`]);
  const commit = stdout.trim();
  if (exitCode !== 0 || !/^[0-9a-f]{40,64}$/.test(commit)) {
    throw new UsageError(
      `${option} ${JSON.stringify(reference)} is no commit of this repository. A checkout without history has to fetch ` +
        "it first: git fetch origin BRANCH",
    );
  }
  return commit;
}
