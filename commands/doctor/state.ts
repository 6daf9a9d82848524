import { join } from "node:path";

import type { LocalWorkspace } from "@pulumi/pulumi/automation";

import type { PulumiCli } from "../pulumi/pulumiCli";
import { backendDirectory, readLocks } from "../recover/fileBackend";
import { isDead } from "../recover/stackLock";
import { type Check, right, unknown, wrong } from "./check";

const ABOUT = "state";

/** Whether the backend answers, has the stack, and nobody else works on it. Takes no lock. */
export async function checkState(stack: string, workspace: LocalWorkspace, pulumi: PulumiCli): Promise<Check[]> {
  const { url = "" } = JSON.parse(await pulumi.run(["whoami", "--json"], { global: true })) as { url?: string };
  const name = stack.split("/").at(-1) ?? stack;
  const stacks = (await workspace.listStacks()).map((summary) => summary.name.split("/").at(-1));
  if (!stacks.includes(name)) {
    return [
      wrong(
        ABOUT,
        `${url} has no stack ${stack}`,
        `run: pulumi stack init ${stack}; or check PULUMI_BACKEND_URL, or where you have logged in by pulumi login`,
      ),
    ];
  }
  const there = right(ABOUT, `${url} has the stack`);
  if (!url.startsWith("file://")) {
    return [there, unknown("lock", "this backend does not show it before an up")];
  }
  const { name: project } = await workspace.projectSettings();
  const locks = await readLocks(join(backendDirectory(url), ".pulumi", "locks", "organization", project, name));
  return [
    there,
    ...(locks.length === 0 ? [right("lock", "nobody holds it")] : locks.map((lock) => lockCheck(stack, lock))),
  ];
}

function lockCheck(stack: string, lock: Awaited<ReturnType<typeof readLocks>>[number]): Check {
  const { host, processId, since } = lock;
  const holder = `process ${processId} on ${host}${since === undefined ? "" : ` holds it since ${since}`}`;
  return isDead(lock)
    ? wrong("lock", `${holder}, which is dead`, `run: npm run recover -- --stack ${stack}`, ["up"])
    : wrong("lock", `${holder}, which may be running`, "wait for it; if it is certainly dead: pulumi cancel", ["up"]);
}
