import childProcess, { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { hostname } from "node:os";

import { isDead, readLockHolders } from "../../commands/locks/stackLock.ts";
import { itWith } from "../end-to-end/tools.ts";
import { until } from "../end-to-end/until.ts";
import { lockMessage } from "./fakePulumi.ts";

test("the holders of a stack's lock are read from what the CLI prints", () => {
  const locked = lockMessage("root@build-7 (pid 4242)");
  const first = { stack: "dev", user: "root", host: "build-7", processId: 4242, since: "2026-11-23T12:00:00Z" };
  expect(
    readLockHolders(`${locked}\n  s3://state/2.json: created by OFFICE\\Anna Roe@laptop.lan (pid 7) at now`),
  ).toEqual([first, { user: "OFFICE\\Anna Roe", host: "laptop.lan", processId: 7, since: "now" }]);
  expect(readLockHolders("error: no stack named 'dev' found")).toEqual([]);
});

describe("the holder of a lock", () => {
  const on = (host: string, processId = 0) => ({ user: "root", host, processId, since: "2026-11-23T12:00:00Z" });
  const here = (processId: number | undefined) => on(hostname(), processId);
  const processes: ChildProcess[] = [];
  const start = (...args: string[]) => {
    const started = spawn(process.execPath, ["-e", "setTimeout(() => 0, 60000)", ...args], { stdio: "ignore" });
    processes.push(started);
    return started.pid;
  };
  afterEach(() => {
    processes.splice(0).forEach((started) => started.kill());
    jest.restoreAllMocks();
  });

  test.each([
    ["dead where no process has its id", () => here(spawnSync("true").pid), true],
    ["alive where that process is pulumi", () => here(start("pulumi")), false],
    ["not dead for sure on another machine", () => on("another-host", spawnSync("true").pid), false],
  ])("is %s", (_, holder, isGone) => {
    expect(isDead(holder())).toBe(isGone);
  });

  itWith(["ps"], "is dead where another program has got its id", () => {
    expect(isDead(here(start()))).toBe(true);
  });

  itWith(["ps"], "is dead where pulumi was killed and its parent has not asked for its end", async () => {
    // The shell would ask for its child's end, sleep does not: the child ends when the shell has become sleep.
    const child = "printf pulumi > /proc/self/comm; read -r";
    const parent = spawn("bash", ["-c", `bash -c '${child}' <&0 & echo $!; exec sleep 60`]);
    processes.push(parent);
    const [line] = (await once(parent.stdout, "data")) as [Buffer];
    const processId = Number(String(line));
    const isShown = (id: number | undefined, words: RegExp) =>
      until(
        () => spawnSync("ps", ["-o", "stat=,args=", "-p", String(id)], { encoding: "utf8" }).stdout,
        (told) => words.test(told),
      );
    await isShown(parent.pid, /sleep 60/);
    parent.stdin.end();
    await isShown(processId, /^Z.*pulumi/);
    expect(isDead(here(processId))).toBe(true);
  });

  test("is not dead for sure where this machine has no ps to ask", () => {
    jest.spyOn(childProcess, "execFileSync").mockImplementation(() => {
      throw Object.assign(new Error("spawnSync ps ENOENT"), { code: "ENOENT" });
    });
    expect(isDead(here(start("pulumi")))).toBe(false);
    expect(isDead(here(spawnSync("true").pid))).toBe(true);
  });
});
