import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { request, Server as HttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { json, text } from "node:stream/consumers";

import { serverOfTests } from "./server.ts";

/**
 * What happens to a request, if it is not just passed on: the connection breaks, the proxy answers itself, or it changes
 * a good answer's JSON.
 */
export type Interference = "cut" | { readonly status: number; readonly body: unknown } | ((body: unknown) => unknown);

/** A server that listens on this machine. */
export interface Listener {
  readonly url: string;
  close(): void;
}

/** Has a server listen on a free port. */
export async function listen(server: Server): Promise<Listener> {
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const origin = server instanceof HttpsServer ? "https://localhost" : "http://127.0.0.1";
  return { url: `${origin}:${port}`, close: () => server.close().closeAllConnections() };
}

/**
 * Starts a proxy before the server of the tests.
 * @param interfere whether something is to happen to a request; it may take its time
 */
export function startProxy(
  interfere: (incoming: IncomingMessage, body: string) => Interference | undefined | Promise<undefined>,
  server: Server = createServer(),
): Promise<Listener> {
  server.on("request", (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const answer = async () => {
      const body = await text(incoming);
      const interference = await interfere(incoming, body);
      if (interference === "cut") {
        incoming.socket.destroy();
      } else if (typeof interference === "object") {
        send(outgoing, interference.status, interference.body);
      } else {
        const answered = await passOn(incoming, body);
        if (interference === undefined || answered.statusCode !== 200) {
          outgoing.writeHead(answered.statusCode ?? 502, answered.headers);
          answered.pipe(outgoing);
        } else {
          send(outgoing, 200, interference(await json(answered)));
        }
      }
    };
    answer().catch(() => outgoing.destroy());
  });
  return listen(server);
}

/** Which of the two sent a request. */
export const programOf = ({ headers }: IncomingMessage) =>
  /Terraform/.test(headers["user-agent"] ?? "") ? "provider" : "command";

function send(outgoing: ServerResponse, status: number, body: unknown): void {
  outgoing.writeHead(status, { "content-type": "application/json" });
  outgoing.end(JSON.stringify(body));
}

async function passOn({ method, url, headers }: IncomingMessage, body: string): Promise<IncomingMessage> {
  const { caCertificate, url: target } = serverOfTests();
  const outgoing = request(new URL(url ?? "/", target), { method, headers, ca: caCertificate });
  outgoing.end(body);
  const [answered] = (await once(outgoing, "response")) as [IncomingMessage];
  return answered;
}
