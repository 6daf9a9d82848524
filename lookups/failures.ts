import { NoAnswerError } from "../keycloak/http";
import type { Fault } from "../settings/faults";
import { explainAdmin, explainHiddenVersion, explainLogin, explainNotReady } from "../settings/keycloakAnswers";
import type { Settings } from "../settings/settings";

/** What a failed lookup means, in the user's words. The server's own text is kept where it helps. */
export function explainFailure(error: unknown, settings: Settings): Fault {
  const text = wordsOf(error).replace(/\s+/g, " ").trim();
  const { connection, realm } = settings;
  const path = /\/admin\/[^\s:"]+/.exec(text)?.[0];
  const said = /Response body: (\{.*?\})/.exec(text)?.[1];
  const answer = {
    status: Number(/: (\d{3}) [A-Z]/.exec(text)?.[1] ?? NaN),
    ...(path && { path }),
    ...(said && { said }),
  };

  if (/malformed version/i.test(text)) {
    return explainHiddenVersion(realm);
  }
  if (/x509|certificate/i.test(text)) {
    return {
      key: "keycloak:url",
      rule: "must be a server with a certificate that the deployer trusts",
      reason: `its certificate was refused: ${/x509: [^(]*/.exec(text)?.[0].trim() ?? text}`,
      value: connection.url,
      remedy:
        "put the CA's certificate (PEM) into keycloak:rootCaCertificate, or on SSL_CERT_DIR; " +
        'for the embedded Keycloak: eval "$(make env)"',
    };
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
    return {
      key: "keycloak:url",
      rule: "must be a Keycloak that answers",
      reason: `it could not be reached: ${NETWORK.exec(text)?.[0] ?? text}`,
      value: connection.url,
      remedy: "check the URL and whether the server is up; the embedded one is started by: make up",
    };
  }
  return { ...explainNotReady({ status: 0 }, settings), reason: `the provider failed: ${text}` };
}

function wordsOf(error: unknown): string {
  if (error instanceof NoAnswerError) {
    return error.reason;
  }
  return error instanceof Error ? error.message : String(error);
}

const NETWORK =
  /connection refused|connection reset|no such host|i\/o timeout|deadline exceeded|network is unreachable|EOF/;
