import { Agent, type Dispatcher, ProxyAgent, request } from "undici";

import type { Connection } from "../settings/settings";
import { UserError } from "../settings/userError";

/** Keycloak does not answer, or refuses. */
export class KeycloakError extends UserError {
  override readonly name = "KeycloakError";
}

/** No answer came from the server, or from a proxy before it. */
export class NoAnswerError extends KeycloakError {
  /** @param reason why, in Node.js's words */
  constructor(
    url: string,
    readonly reason: string,
  ) {
    super(`Keycloak at ${url} does not answer: ${reason}`);
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
/** Where the settings do not say it: more than the provider's own 5, since commands ask for all clients at once. */
const TIMEOUT_SECONDS = 60;

/** Asks Keycloak on the way that the Keycloak provider takes: its proxy, headers, certificates and time limit. */
export function connect(connection: Connection): KeycloakConnection {
  const { url, admin = connection } = connection;
  const main = dispatcherOf(connection, connection);
  const ofAdmin = admin.url === url ? main : dispatcherOf(connection, admin);
  return {
    url,
    async request(path, { method = "GET", headers = {}, form, json } = {}) {
      const isAdmin = path.startsWith("/admin/");
      const base = isAdmin ? admin.url : url;
      try {
        // Not fetch, which knows ports that no URL may have; the provider does not.
        const response = await request(`${base}${path}`, {
          dispatcher: isAdmin ? ofAdmin : main,
          method,
          headers: headersOf(connection.headers, headers, contentType(form, json)),
          ...(form === undefined ? {} : { body: new URLSearchParams(form).toString() }),
          ...(json === undefined ? {} : { body: JSON.stringify(json) }),
        });
        return { status: response.statusCode, body: parse(await response.body.text()) };
      } catch (error) {
        throw new NoAnswerError(base, causeOf(error));
      }
    },
    close: async () => {
      await Promise.all([...new Set([main, ofAdmin])].map((dispatcher) => dispatcher.close()));
    },
  };
}

function dispatcherOf(connection: Connection, { proxy }: Pick<Connection, "proxy">): Dispatcher {
  const { caCertificate, clientCertificate, insecure = false, timeout = TIMEOUT_SECONDS } = connection;
  const tls = {
    timeout: timeout * 1000,
    rejectUnauthorized: !insecure,
    ...(caCertificate === undefined ? {} : { ca: caCertificate }),
    ...(clientCertificate && { cert: clientCertificate.certificate, key: clientCertificate.privateKey }),
  };
  const options = { connections: CONNECTIONS, headersTimeout: timeout * 1000, bodyTimeout: timeout * 1000 };
  return proxy === undefined
    ? new Agent({ ...options, connect: tls })
    : new ProxyAgent({ ...options, uri: proxy, requestTls: tls, proxyTls: tls, proxyTunnel: false });
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

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Some reasons are hidden one level down, and an attempt at several addresses has a code only. */
function causeOf(error: unknown): string {
  const { cause, code, message, name } = Object(error) as Partial<NodeJS.ErrnoException>;
  return cause === undefined ? message || code || name || String(error) : causeOf(cause);
}
