import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server } from "node:http";
import { request } from "node:https";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";

import { serverOfTests } from "./server.ts";

/**
 * What happens to a request, if it is not just passed on: the connection breaks, the proxy answers itself, or it changes
 * a good answer's JSON.
 */
export type Interference = "cut" | { readonly status: number; readonly body: unknown } | ((body: unknown) => unknown);

/** A proxy before the server of the tests. */
export interface Proxy {
  readonly url: string;
  close(): void;
}

/** Starts a proxy on a free port that asks for every request whether something is to happen to it. */
export async function startProxy(
  interfere: (method: string, path: string, headers: IncomingHttpHeaders) => Interference | undefined,
): Promise<Proxy> {
  const server = createServer((incoming, outgoing) => {
    const interference = interfere(incoming.method ?? "", incoming.url ?? "", incoming.headers);
    if (interference === "cut") {
      incoming.socket.destroy();
    } else if (interference === undefined || typeof interference === "function") {
      const passed = passOn(incoming);
      passed.on("response", (response) => {
        if (interference === undefined || response.statusCode !== 200) {
          outgoing.writeHead(response.statusCode ?? 502, response.headers);
          response.pipe(outgoing);
        } else {
          outgoing.writeHead(200, { "content-type": "application/json" });
          json(response).then(
            (body) => outgoing.end(JSON.stringify(interference(body))),
            () => outgoing.destroy(),
          );
        }
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
