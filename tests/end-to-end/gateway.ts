import { once } from "node:events";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { request } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

import { serverOfTests } from "./server.ts";

/** Has the server listen on this machine. @returns its URL */
export async function listen(server: Server): Promise<string> {
  await once(server.listen(0, "127.0.0.1"), "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export function close(server: Server): void {
  server.closeAllConnections();
  server.close();
}

/** Which of the two sent a request. */
export const programOf = ({ headers }: IncomingMessage) =>
  /Terraform/.test(headers["user-agent"] ?? "") ? "provider" : "command";

/**
 * Has the server of the tests answer.
 * @param hold is told the body, and may take its time before it is passed on
 */
export async function passOn(
  incoming: IncomingMessage,
  response: ServerResponse,
  hold?: (body: string) => Promise<unknown>,
): Promise<void> {
  const { method, url, headers } = incoming;
  const body = await text(incoming);
  await hold?.(body);
  const keycloak = new URL(serverOfTests().url);
  const options = { method, headers: { ...headers, host: keycloak.host }, ca: serverOfTests().caCertificate };
  const outgoing = request(new URL(url ?? "", keycloak), options, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  outgoing.on("error", () => response.destroy());
  outgoing.end(body);
}
