import { once } from "node:events";
import { connect, createServer, type Server } from "node:net";

const LOOPBACK = "127.0.0.1";

/**
 * Passes the connections to a port of one address on to the same port of the loopback address, where the server listens.
 * Containers reach their host by a bridge's address only, and the server itself can listen on one address or on all.
 * @throws Error if the address is not this machine's or the port is taken
 */
export async function startRelay(address: string, port: number): Promise<Server> {
  const relay = createServer((incoming) => {
    const outgoing = connect(port, LOOPBACK);
    // Either side may vanish at any moment; then the other one has nothing to expect.
    incoming.on("error", () => outgoing.destroy()).on("close", () => outgoing.destroy());
    outgoing.on("error", () => incoming.destroy()).on("close", () => incoming.destroy());
    incoming.pipe(outgoing).pipe(incoming);
  });
  relay.listen(port, address);
  await once(relay, "listening");
  return relay;
}
