import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { UsageError } from "../cli/errors.ts";
import { run } from "../../processes/run.ts";
import { readStackFiles, type StackFiles, stackFileName, stackOfFile } from "../../settings/stackFile/files.ts";

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
  const read = async (name: string) => {
    try {
      return await readFile(join(directory, name), "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") {
        return undefined;
      }
      throw error;
    }
  };
  return {
    label: "the working tree",
    project: await read("Pulumi.yaml"),
    stack: await read(stackFileName(stack)),
    stacks: readStackFiles(directory),
  };
}

/** @param reference whatever git takes for a commit; a stranger may have chosen it */
export async function committedFiles(directory: string, stack: string, reference: string): Promise<RevisionFiles> {
  const git = (...args: string[]) => run("git", ["-C", directory, ...args]);
  const commit = await resolveCommit(directory, reference, "--base");
  const read = async (name: string) => {
    const listed = await git("ls-tree", "-z", commit, "--", name);
    const [, blob] = /^100\d+ blob ([0-9a-f]+)\t/.exec(listed.stdout) ?? [];
    if (listed.exitCode !== 0 || (blob === undefined && listed.stdout !== "")) {
      throw new UsageError(`${name} at ${commit} cannot be read. ${listed.stderr.trim()}`);
    }
    if (blob === undefined) {
      return undefined;
    }
    const { exitCode: failed, stdout: text, stderr } = await git("cat-file", "blob", blob);
    if (failed !== 0) {
      throw new UsageError(`${name} at ${commit} cannot be read. ${stderr.trim()}`);
    }
    return text;
  };
  const readStacks = async () => {
    // Few share a realm; for all others one look has to do.
    const search = await git("grep", "--quiet", "--fixed-strings", "realmStack", commit, "--", ":(glob)Pulumi.*.yaml");
    const { stdout: names } =
      search.exitCode === 0 ? await git("ls-tree", "-z", "--name-only", commit) : { stdout: "" };
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

/**
 * The commit that somebody means.
 * @param option by which it was said
 * @throws UsageError where there is none
 */
export async function resolveCommit(directory: string, reference: string, option: string): Promise<string> {
  const { exitCode, stdout } = await run("git", [
    "-C",
    directory,
    "rev-parse",
    "--verify",
    "--quiet",
    "--end-of-options",
    `${reference}^{commit}`,
  ]);
  const commit = stdout.trim();
  if (exitCode !== 0 || !/^[0-9a-f]{40,64}$/.test(commit)) {
    throw new UsageError(
      `${option} ${JSON.stringify(reference)} is no commit of this repository. A checkout without history has to fetch ` +
        "it first: git fetch origin BRANCH",
    );
  }
  return commit;
}
