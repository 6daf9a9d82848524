import { REPOSITORY } from "../project.ts";
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";

import { run } from "../../../processes/run.ts";
import { commandLines } from "../interruption.ts";
import { STEP_LIMIT_MILLISECONDS } from "../limits.ts";
import { missing } from "../tools.ts";

const KEYCLOAK = join(".local", "keycloak");
const TOOLCHAIN = join(".local", "toolchain");
const RECORD = "selection.json";
const reason =
  userInfo().uid === 0
    ? missing("ip", "unshare")
    : " (skipped: only root makes a network of its own, where the port of `make up` is free)";

/** What a developer types one after the other. The last `make up` finds what one that was killed has left. */
const TYPED = `
  set -euo pipefail
  ip link set lo up
  # A make that runs these tests would make this one print the folder that it enters, among the lines of \`make env\`.
  unset MAKEFLAGS MAKELEVEL MFLAGS
  # The npm packages are this checkout's: nothing may install them.
  make() { command make --old-file=node_modules/.package-lock.json "$@"; }
  export -f make
  trap 'make down >/dev/null 2>&1' EXIT
  make up
  eval "$(make env)"
  pulumi preview --expect-no-changes --non-interactive
  make down
  setsid bash -c "make up" &
  killed=$!
  until [ -e .local/state/unfinished-up ]; do kill -0 $killed; sleep 0.1; done
  kill -KILL -- -$killed
  echo "killed"
  make up
  make down
`;

(reason === "" ? it : it.skip)(
  `make up gives a stack that plain pulumi works on, also after one that was killed, and make down ends all${reason}`,
  async () => {
    const checkout = await mkdtemp(join(tmpdir(), "scpcloud-make-"));
    try {
      const tracked = execFileSync("git", ["ls-files", "-z"], { cwd: REPOSITORY });
      // With their exact times: make and the toolchain compare them.
      const copying = ["--null", "cp", "--archive", "--parents", `--target-directory=${checkout}`];
      execFileSync("xargs", copying, { cwd: REPOSITORY, input: tracked });
      await Promise.all([TOOLCHAIN, KEYCLOAK].map((name) => mkdir(join(checkout, name), { recursive: true })));
      const [parts, distributions] = await Promise.all([
        entriesOf(TOOLCHAIN, /^(node|pulumi)-/),
        entriesOf(KEYCLOAK, /^distribution-/),
      ]);
      const shared = ["node_modules", ...parts, ...distributions];
      await Promise.all(shared.map((name) => symlink(join(REPOSITORY, name), join(checkout, name))));
      // Its record names files by their paths. With another checkout's, the toolchain would be built anew for all.
      const record = await readFile(join(REPOSITORY, TOOLCHAIN, RECORD), "utf8");
      await writeFile(join(checkout, TOOLCHAIN, RECORD), record.replaceAll(`${REPOSITORY}/`, `${checkout}/`));

      const { exitCode, stdout, stderr } = await run("unshare", ["--net", "bash", "-c", TYPED], {
        cwd: checkout,
        timeoutMilliseconds: STEP_LIMIT_MILLISECONDS,
      });

      expect({ exitCode, said: exitCode === 0 ? "" : `${stdout}\n${stderr}` }).toEqual({ exitCode: 0, said: "" });
      expect(stdout + stderr).not.toContain("from Go modules");
      expect(stdout).toContain("password in .local/keycloak/secrets/bootstrap-admin-password\n\nWhat to type next:\n");
      const [before = "", after = ""] = stdout.split("killed\n");
      for (const text of [before, after]) {
        expect(text).toContain("✓ dev: the tokens of 1 customer are what the settings promise");
        expect(text).toContain("The embedded Keycloak is stopped; its data stays.");
      }
      const processes = commandLines();
      expect(processes).toContain("jest");
      expect(processes).not.toContain(checkout);
    } finally {
      await rm(checkout, { recursive: true, force: true, maxRetries: 10 });
    }
  },
);

/** The paths in a folder of this checkout whose names match. */
async function entriesOf(folder: string, name: RegExp): Promise<string[]> {
  return (await readdir(join(REPOSITORY, folder)))
    .filter((entry) => name.test(entry))
    .map((entry) => join(folder, entry));
}
