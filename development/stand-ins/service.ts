import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

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

/** Takes a line of the log. It must never contain a secret or a token. */
export type Log = (entry: Readonly<Record<string, unknown>> & { readonly event: string }) => void;

/** One line of JSON: whatever text a stranger sends, it cannot make a second line. */
export const logToStandardOutput: Log = (entry) => void process.stdout.write(`${JSON.stringify(entry)}\n`);

export function json(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, body: JSON.stringify(body), headers };
}

/** Listens on all interfaces. */
export async function listen(port: number, handler: Handler, log: Log): Promise<Service> {
  const answer = async (request: IncomingMessage) => {
    try {
      return await handler(request);
    } catch (error) {
      log({ event: "error", reason: reasonOf(error) });
      return json(500, { error: "internal error" });
    }
  };
  const server = createServer((request, response) => {
    void answer(request).then(({ status, body, headers }) =>
      response.writeHead(status, { "content-type": "application/json", ...headers }).end(body),
    );
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { port: (server.address() as AddressInfo).port, close };
}

/** The paths of both services: whether they are alive, and the operation entries. */
export function route(entries: Handler): Handler {
  return (request) => {
    switch (request.url?.split("?")[0] ?? "") {
      case "/health":
        return { status: 200, body: "Healthy", headers: { "content-type": "text/plain" } };
      case "/operation-entries":
        return request.method === "GET" ? entries(request) : json(405, { error: "method not allowed" });
      default:
        return json(404, { error: "not found" });
    }
  };
}

/** The reason of a failed request in a word. Not its message: that may quote a header, hence a token. */
export function reasonOf(error: unknown): string {
  const { code, name, cause } = (error ?? {}) as { readonly code?: unknown; readonly name?: unknown; cause?: object };
  const ofCause = (cause ?? {}) as { readonly code?: unknown; readonly name?: unknown };
  return [code, ofCause.code, ofCause.name, name].find((word) => typeof word === "string") ?? "unknown";
}
