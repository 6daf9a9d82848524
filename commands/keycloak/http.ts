import { rootCertificates } from "node:tls";

import { Agent, fetch } from "undici";

import { UserError } from "../../settings/userError";

/** Keycloak does not answer, or refuses. */
export class KeycloakError extends UserError {
  override readonly name = "KeycloakError";
}

/** An answer of the server that was understood; `body` is the parsed JSON, if it was any. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: { get(name: string): string | null };
}

/** Requests to one Keycloak, a few at a time, so that a thousand customers do not flood it. */
export interface KeycloakConnection {
  readonly url: string;
  request(
    path: string,
    options?: { method?: string; headers?: Record<string, string>; form?: Record<string, string>; json?: unknown },
  ): Promise<Answer>;
  close(): Promise<void>;
}

const CONNECTIONS = 8;
const TIMEOUT_MILLISECONDS = 60_000;

/**
 * @param url Keycloak's base URL
 * @param rootCaCertificate PEM of a private CA, trusted besides the usual ones; NODE_EXTRA_CA_CERTS works too
 */
export function connect(url: string, rootCaCertificate?: string): KeycloakConnection {
  const agent = new Agent({
    connections: CONNECTIONS,
    headersTimeout: TIMEOUT_MILLISECONDS,
    ...(rootCaCertificate === undefined ? {} : { connect: { ca: [...rootCertificates, rootCaCertificate] } }),
  });
  return {
    url,
    async request(path, { method = "GET", headers = {}, form, json } = {}) {
      try {
        const response = await fetch(`${url}${path}`, {
          dispatcher: agent,
          method,
          headers: { ...headers, ...(json === undefined ? {} : { "content-type": "application/json" }) },
          ...(form === undefined ? {} : { body: new URLSearchParams(form) }),
          ...(json === undefined ? {} : { body: JSON.stringify(json) }),
        });
        return { status: response.status, headers: response.headers, body: parse(await response.text()) };
      } catch (error) {
        throw new KeycloakError(`Keycloak at ${url} does not answer: ${causeOf(error)}`, { cause: error });
      }
    },
    close: () => agent.close(),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** fetch hides the reason one level down. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message || cause.name : String(cause);
}
