import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { run } from "../../processes/run.ts";
import { committedFiles, workingTreeFiles } from "../../commands/repository/revision.ts";

let directory: string;

const git = async (...args: string[]) => {
  const identity = ["-c", "user.name=Anna", "-c", "user.email=anna@example.com", "-c", "commit.gpgsign=false"];
  const { exitCode, stderr } = await run("git", ["-C", directory, ...identity, ...args]);
  expect([exitCode, stderr]).toEqual([0, expect.any(String)]);
};
const write = (name: string, text: string) => writeFile(join(directory, name), text);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "scpcloud-review-"));
  await git("init", "--quiet", "--initial-branch=main");
  await write("Pulumi.yaml", "name: old\n");
  await write("Pulumi.prod.yaml", "config: {}\n");
  await symlink("/etc/hostname", join(directory, "Pulumi.link.yaml"));
  await git("add", ".");
  await git("commit", "--quiet", "--message", "first");
  await git("tag", "first");
  await write("Pulumi.yaml", "name: new\n");
});

afterAll(() => rm(directory, { recursive: true, force: true }));

test("the files of a commit are read as they were, those of the working tree as they are", async () => {
  const label = expect.stringMatching(/^[0-9a-f]{12}$/) as string;
  expect(await committedFiles(directory, "prod", "main")).toEqual({
    label,
    project: "name: old\n",
    stack: "config: {}\n",
    stacks: new Map(),
  });
  expect(await workingTreeFiles(directory, "prod")).toEqual({
    label: "the working tree",
    project: "name: new\n",
    stack: "config: {}\n",
    stacks: expect.any(Map) as Map<string, string>,
  });
});

test.each(["nothing", "--all", "--output=x", "-h", "", "HEAD:Pulumi.yaml", "main; touch x", "$(touch x)"])(
  "a base of %j is refused as no commit, and nothing else happens",
  async (reference) => {
    await expect(committedFiles(directory, "prod", reference)).rejects.toThrow("is no commit of this repository");
    const { stdout } = await run("git", ["-C", directory, "status", "--porcelain"]);
    expect(stdout).toBe(" M Pulumi.yaml\n");
  },
);

test("a committed link is not followed", async () => {
  await expect(committedFiles(directory, "link", "first")).rejects.toThrow("Pulumi.link.yaml");
});

test("all stack files are read where one of them names a realm stack", async () => {
  await write("Pulumi.more.yaml", "config:\n  scpcloud:realmStack: prod\n");
  await git("add", "Pulumi.more.yaml");
  await git("rm", "--quiet", "--cached", "Pulumi.link.yaml");
  await git("commit", "--quiet", "--message", "second");
  const { stacks } = await committedFiles(directory, "prod", "HEAD");
  expect([...stacks]).toEqual([
    ["more", "config:\n  scpcloud:realmStack: prod\n"],
    ["prod", "config: {}\n"],
  ]);
});

test("a stack that there is not is none", async () => {
  expect((await committedFiles(directory, "other", "HEAD")).stack).toBeUndefined();
  expect((await workingTreeFiles(directory, "other")).stack).toBeUndefined();
});
