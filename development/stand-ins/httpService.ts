import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import type { Log } from "./log";

/** A whole answer; a text that is no JSON says so by its headers. */
export interface Reply {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Handler = (request: IncomingMessage) => Reply | Promise<Reply>;

/** A server that listens. */
export interface Service {
  readonly port: number;
  /** Cuts the connections that are open; nobody is waited for. */
  close(): Promise<void>;
}

/** As Kestrel has it, so that a client's idle connections are not closed under its hands. */
const KEEP_ALIVE_MILLISECONDS = 130_000;

export const json = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Reply => ({
  status,
  body: JSON.stringify(body),
  headers,
});

/** Listens on all interfaces. */
export async function listen(port: number, handler: Handler, log: Log): Promise<Service> {
  const server = createServer((request, response) => {
    const send = ({ status, body, headers }: Reply) => {
      const length = String(Buffer.byteLength(body));
      response
        .writeHead(status, { "content-type": "application/json", "content-length": length, ...headers })
        .end(body);
    };
    const fail = (error: unknown) => {
      log({ event: "error", reason: error instanceof Error ? error.name : "unknown" });
      send(json(500, { error: "internal error" }));
    };
    Promise.resolve(request).then(handler).then(send).catch(fail);
  });
  server.keepAliveTimeout = KEEP_ALIVE_MILLISECONDS;
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, resolve));
  return { port: (server.address() as AddressInfo).port, close: () => close(server) };
}

/** The paths that both services have: whether they are alive, and the operation entries. */
export function route(entries: Handler): Handler {
  const handlers: ReadonlyMap<string, Handler> = new Map<string, Handler>([
    ["/health", () => ({ status: 200, body: "Healthy", headers: { "content-type": "text/plain" } })],
    ["/operation-entries", entries],
  ]);
  return (request) => {
    const handler = handlers.get((request.url ?? "").replace(/\?.*$/s, ""));
    if (handler === undefined) {
      return json(404, { error: "not found" });
    }
    return request.method === "GET" ? handler(request) : json(405, { error: "method not allowed" }, { allow: "GET" });
  };
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
