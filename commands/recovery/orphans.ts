import * as v from "valibot";

import { jsonOf, readEngine } from "../../components/engine/containerState";
import type { DockerEngine } from "../../components/engine/engineConnection";
import { STACK_LABEL } from "../../settings/settings";

const CONTAINERS = v.array(v.object({ Id: v.string(), Names: v.array(v.string()) }));
const NETWORKS = v.array(v.object({ Id: v.string(), Name: v.string() }));

/**
 * Removes a stack's containers and networks that its state does not know: a run that was killed has made them, and
 * their names would be in the way. Containers hold nothing that is worth keeping, so that they are made anew.
 * @param known the ids in the stack's state
 * @returns what was removed, in words
 */
export async function removeOrphans(
  engine: DockerEngine,
  stack: string,
  known: ReadonlySet<string>,
): Promise<readonly string[]> {
  const ofStack = encodeURIComponent(JSON.stringify({ label: [`${STACK_LABEL}=${stack}`] }));
  const containers = await readEngine(engine, `/containers/json?all=1&filters=${ofStack}`, CONTAINERS);
  const networks = await readEngine(engine, `/networks?filters=${ofStack}`, NETWORKS);
  const orphans = [
    ...containers.map(({ Id, Names }) => ({ id: Id, kind: "container", name: Names[0]?.slice(1) ?? Id })),
    // A network can be removed when nothing is on it any more.
    ...networks.map(({ Id, Name }) => ({ id: Id, kind: "network", name: Name })),
  ].filter(({ id }) => !known.has(id));
  for (const { id, kind } of orphans) {
    jsonOf(await engine.request("DELETE", kind === "container" ? `/containers/${id}?force=1&v=1` : `/networks/${id}`));
  }
  return orphans.map(({ kind, name }) => `${kind} ${name}`);
}
