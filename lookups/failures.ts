import { explainAdmin, explainNoAnswer, explainNotReady, NETWORK } from "../keycloak/adminFaults.ts";
import { NoAnswerError } from "../keycloak/http.ts";
import { explainLogin } from "../keycloak/loginFaults.ts";
import type { Fault } from "../settings/faults.ts";
import type { Settings } from "../settings/settings.ts";

/** What a lookup of several things brought, and what is wrong with the others. */
export interface Found<T> {
  readonly found: readonly T[];
  readonly faults: readonly Fault[];
}

/** What a failed lookup means, in the user's words. The server's own text is kept where it helps. */
export function explainFailure(error: unknown, settings: Settings): Fault {
  const text = wordsOf(error).replace(/\s+/g, " ").trim();
  const path = /\/admin\/[^\s:"]+/.exec(text)?.[0];
  const said = /Response body: (\{.*?\})/.exec(text)?.[1];
  const answer = {
    status: Number(/: (\d{3}) [A-Z]/.exec(text)?.[1] ?? NaN),
    ...(path && { path }),
    ...(said && { said }),
  };

  if (/x509|certificate/i.test(text)) {
    return explainNoAnswer(text, settings);
  }
  if (!Number.isNaN(answer.status)) {
    // The provider's first login asks for the server's version besides, which is no part of the login.
    return path === undefined && /login|logging in|refreshing/.test(text)
      ? explainLogin(answer, settings)
      : explainAdmin(answer, settings);
  }
  if (/not found/i.test(text)) {
    return explainAdmin({ status: 404, path: path ?? "the admin REST API", said: text }, settings);
  }
  if (error instanceof NoAnswerError || /initial login/.test(text) || NETWORK.test(text)) {
    return explainNoAnswer(text, settings);
  }
  return { ...explainNotReady({ status: 0 }, settings), reason: `the provider failed: ${text}` };
}

function wordsOf(error: unknown): string {
  if (error instanceof NoAnswerError) {
    return error.reason;
  }
  return error instanceof Error ? error.message : String(error);
}
