import { once } from "node:events";
import { createServer } from "node:net";

import * as v from "valibot";

import { readEngine } from "../services/engine/containerState.ts";
import type { DockerEngine } from "../services/engine/engineConnection.ts";

const SUBNET = v.object({ Gateway: v.exactOptional(v.string()), Subnet: v.exactOptional(v.string()) });
const NETWORK = v.object({ IPAM: v.object({ Config: v.array(SUBNET) }) });

/**
 * The address of this machine that containers know as `host-gateway`: its end of the engine's default bridge. Undefined
 * where that bridge is not on this machine: Docker Desktop leads containers to this machine's loopback address by itself.
 */
export async function hostGateway(engine: DockerEngine): Promise<string | undefined> {
  const { IPAM } = await readEngine(engine, "/networks/bridge", NETWORK);
  const [{ Gateway, Subnet } = {}] = IPAM.Config.filter((config) => !config.Subnet?.includes(":"));
  const address = Gateway ?? firstAddress(Subnet);
  return address !== undefined && (await isOfThisMachine(address)) ? address : undefined;
}

/** That of the bridge, where the engine does not say it (20.10, before the bridge has had any container). */
function firstAddress(subnet: string | undefined): string | undefined {
  const [network] = subnet?.split("/") ?? [];
  return network?.replace(/\d+$/, (last) => String(Number(last) + 1));
}

/** Node.js lists no interface that is without carrier, as the bridge is without a running container. */
async function isOfThisMachine(address: string): Promise<boolean> {
  const probe = createServer().listen(0, address);
  try {
    await once(probe, "listening");
    return true;
  } catch {
    return false;
  } finally {
    probe.close();
  }
}
