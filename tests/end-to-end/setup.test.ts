import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";

import { run } from "../../processes/run";

const REPOSITORY = resolve(__dirname, "..", "..");

it("a set-up of the end-to-end tests that fails leaves no file behind", async () => {
  const directory = await mkdtemp(join(tmpdir(), "scpcloud-setup-"));
  const [programs, temporary] = [join(directory, "programs"), join(directory, "temporary")];
  await mkdir(programs);
  await mkdir(temporary);
  // Keycloak is the last to start: the keys and secrets are there by then.
  await writeFile(join(programs, "java"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
  try {
    const { exitCode, stderr } = await run(
      process.execPath,
      [
        "--require",
        "./loader.js",
        "--eval",
        'require("./tests/end-to-end/server").startServerOfTests(["development"])',
      ],
      {
        cwd: REPOSITORY,
        env: { TMPDIR: temporary, PATH: [programs, process.env["PATH"]].join(delimiter) },
      },
    );

    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining("Java") as unknown });
    expect((await readdir(temporary)).filter((name) => name.startsWith("scpcloud"))).toEqual([]);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
