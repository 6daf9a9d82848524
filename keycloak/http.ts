import { Agent as PlainAgent, request as plainRequest } from "node:http";
import { Agent as EncryptedAgent, type AgentOptions, request as encryptedRequest } from "node:https";
import { text } from "node:stream/consumers";
import { getCACertificates, setDefaultCACertificates } from "node:tls";

import { UserError } from "../faults/userError.ts";
import { isFollowed } from "../settings/provider/proxy.ts";
import type { Connection } from "../settings/settings.ts";
import { parseJson } from "../values/shapes.ts";

/** Keycloak does not answer, or refuses. */
export class KeycloakError extends UserError {
  override readonly name = "KeycloakError";
}

/** No answer came from the server, or from a proxy before it. */
export class NoAnswerError extends KeycloakError {
  readonly reason: string;

  /** @param reason why, in Node.js's words */
  constructor(url: string, reason: string) {
    super(`Keycloak at ${url} does not answer: ${reason}`);
    this.reason = reason;
  }
}

/** An answer of the server that was understood; `body` is the parsed JSON, if it was any. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Requests to one Keycloak, a few at a time, so that a thousand customers do not flood it. */
export interface KeycloakConnection {
  readonly url: string;
  /** @param path below `/admin`, where the server's admin REST API may be elsewhere, or any other one */
  request(
    path: string,
    options?: { method?: string; headers?: Record<string, string>; form?: Record<string, string>; json?: unknown },
  ): Promise<Answer>;
  close(): Promise<void>;
}

const CONNECTIONS = 8;
/** An unused connection is closed after this time. A server that closed it first might do so during a request. */
const IDLE_MILLISECONDS = 4_000;
/** If the settings do not say it. The provider's own limit is 5; commands ask for all clients at once. */
const TIMEOUT_SECONDS = 60;

/** Asks Keycloak as the Keycloak provider does: with its proxy, headers, certificates and time limit. */
export function connect(connection: Connection): KeycloakConnection {
  const { url, admin = connection } = connection;
  const main = clientOf(connection, connection);
  const ofAdmin = admin.url === url ? main : clientOf(connection, admin);
  return {
    url,
    async request(path, { method = "GET", headers = {}, form, json } = {}) {
      const client = path.startsWith("/admin/") ? ofAdmin : main;
      const body = json === undefined ? form && new URLSearchParams(form).toString() : JSON.stringify(json);
      const all = headersOf(connection.headers, headers, contentType(form, json));
      const answer = await client.send(path, { method, headers: all }, body);
      return { status: answer.status, body: parseJson(answer.text) };
    },
    close: () => {
      [main, ofAdmin].forEach((client) => client.close());
      return Promise.resolve();
    },
  };
}

interface Client {
  send(
    path: string,
    options: { readonly method: string; readonly headers: Record<string, string> },
    body: string | undefined,
  ): Promise<{ readonly status: number; readonly text: string }>;
  close(): void;
}

/** Node.js's own client, since each run would pay for the loading of another one (docs/decisions.md). */
function clientOf(connection: Connection, { url, proxy }: Pick<Connection, "proxy" | "url">): Client {
  const { caCertificate, clientCertificate, insecure = false, timeout = TIMEOUT_SECONDS } = connection;
  if (proxy !== undefined && !isFollowed(proxy)) {
    throw new KeycloakError(`Keycloak at ${url} is not asked: Node.js would go around the proxy`);
  }
  const isEncrypted = url.startsWith("https:");
  const request = isEncrypted ? encryptedRequest : plainRequest;
  const options: AgentOptions = {
    keepAlive: true,
    timeout: IDLE_MILLISECONDS,
    maxSockets: CONNECTIONS,
    rejectUnauthorized: !insecure,
    ...(caCertificate === undefined ? {} : { ca: caCertificate }),
    ...(clientCertificate && { cert: clientCertificate.certificate, key: clientCertificate.privateKey }),
    proxyEnv: proxy === undefined ? {} : { HTTP_PROXY: proxy, HTTPS_PROXY: proxy },
  };
  if (proxy?.startsWith("https:") && caCertificate !== undefined) {
    // The provider trusts this CA for an encrypted proxy, too. An agent's options do not reach the connection to the proxy.
    setDefaultCACertificates([...getCACertificates("default"), caCertificate]);
  }
  const agent = isEncrypted ? new EncryptedAgent(options) : new PlainAgent(options);
  return {
    send: (path, { method, headers }, body) =>
      new Promise((resolve, reject) => {
        const fail = (error: unknown) => reject(new NoAnswerError(url, causeOf(error)));
        const outgoing = request(`${url}${path}`, { method, headers, agent, timeout: timeout * 1000 }, (incoming) => {
          text(incoming).then((received) => resolve({ status: incoming.statusCode ?? NaN, text: received }), fail);
        });
        outgoing.on("timeout", () => outgoing.destroy(new Error(`nothing came for ${timeout} s`)));
        outgoing.on("error", fail);
        if (body !== undefined) {
          // Node.js leaves it out for DELETE, and a server takes what follows for the next request.
          outgoing.setHeader("content-length", Buffer.byteLength(body));
        }
        outgoing.end(body);
      }),
    close: () => agent.destroy(),
  };
}

function contentType(form: unknown, json: unknown): Record<string, string> {
  if (json !== undefined) {
    return { "content-type": "application/json" };
  }
  return form === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" };
}

/** One map, whose later entries replace earlier ones whatever the case of their names. */
function headersOf(...maps: (Readonly<Record<string, string>> | undefined)[]): Record<string, string> {
  const entries = maps.flatMap((map) => Object.entries(map ?? {}));
  return Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), value]));
}

/** Some reasons stand in the error's cause. If several addresses were tried, there is only a code. */
function causeOf(error: unknown): string {
  const { cause, code, message, name } = Object(error) as Partial<NodeJS.ErrnoException>;
  return cause === undefined ? message || code || name || String(error) : causeOf(cause);
}
