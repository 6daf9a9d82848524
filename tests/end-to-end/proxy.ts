import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { request } from "node:https";
import type { AddressInfo } from "node:net";

import { serverOfTests } from "./server";

/** What happens to a request, if it is not just passed on: the connection breaks, or the proxy answers itself. */
export type Interference = "cut" | { readonly status: number; readonly body: unknown };

/** A proxy before the server of the tests. */
export interface Proxy {
  readonly url: string;
  close(): void;
}

/** Starts a proxy on a free port that asks for every request whether something is to happen to it. */
export async function startProxy(
  interfere: (method: string, path: string) => Interference | undefined,
): Promise<Proxy> {
  const server = createServer((incoming, outgoing) => {
    const interference = interfere(incoming.method ?? "", incoming.url ?? "");
    if (interference === "cut") {
      incoming.socket.destroy();
    } else if (interference === undefined) {
      const passed = passOn(incoming);
      passed.on("response", (response) => {
        outgoing.writeHead(response.statusCode ?? 502, response.headers);
        response.pipe(outgoing);
      });
      passed.on("error", () => outgoing.destroy());
      incoming.pipe(passed);
    } else {
      outgoing.writeHead(interference.status, { "content-type": "application/json" });
      outgoing.end(JSON.stringify(interference.body));
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${portOf(server)}`, close: () => server.close().closeAllConnections() };
}

function passOn({ headers, method, url }: IncomingMessage) {
  const { caCertificate, url: target } = serverOfTests();
  return request(new URL(url ?? "/", target), { method, headers, ca: caCertificate });
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
