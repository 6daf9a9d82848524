import type { Dispatcher } from "undici";

import type { Credentials } from "./basic";
import { type Answer, reasonOf, request } from "./client";
import { cut, type Log } from "./log";

/** What became of a request for a token. */
export type TokenAnswer =
  | { readonly outcome: "granted"; readonly token: string; readonly lifetimeSeconds: number }
  | { readonly outcome: "refused"; readonly reason: string }
  | { readonly outcome: "unreachable"; readonly reason: string };

export type RequestToken = (credentials: Credentials) => Promise<TokenAnswer>;

export interface TokenEndpoint {
  readonly agent: Dispatcher;
  readonly url: string;
  readonly log: Log;
}

const LIMIT_MILLISECONDS = 5_000;

/** Requests tokens by the client_credentials grant (RFC 6749, 4.4) and logs each request. */
export function tokenRequests({ agent, url, log }: TokenEndpoint): RequestToken {
  return async ({ clientId, clientSecret }) => {
    const start = performance.now();
    const form = { grant_type: "client_credentials", client_id: clientId, client_secret: clientSecret };
    const answer = await request(agent, url, { form, signal: AbortSignal.timeout(LIMIT_MILLISECONDS) }).then(
      judge,
      (error: unknown): TokenAnswer => ({ outcome: "unreachable", reason: reasonOf(error) }),
    );
    log({
      event: "token request",
      outcome: answer.outcome,
      // Until Keycloak knows it, a client id may be anything that somebody typed, also a secret.
      ...(answer.outcome === "granted" ? { clientId } : { reason: cut(answer.reason) }),
      milliseconds: Math.round(performance.now() - start),
    });
    return answer;
  };
}

/** A refusal is what the token endpoint itself says in OAuth's words; anything else unexpected is no answer. */
function judge({ status, body }: Answer): TokenAnswer {
  const { access_token: token, expires_in: lifetime, error } = (body ?? {}) as Readonly<Record<string, unknown>>;
  if (status === 200 && typeof token === "string" && token !== "") {
    return { outcome: "granted", token, lifetimeSeconds: typeof lifetime === "number" ? lifetime : 0 };
  }
  if ((status === 400 || status === 401) && typeof error === "string") {
    return { outcome: "refused", reason: error };
  }
  return { outcome: "unreachable", reason: `status ${status}` };
}
