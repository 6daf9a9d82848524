import type { Fault } from "../settings/faults";
import type { Settings } from "../settings/settings";

/** What a failed call of the Keycloak provider means, in the user's words. The server's own text is kept where it helps. */
export function explainFailure(error: unknown, settings: Settings): Fault {
  const text = error instanceof Error ? error.message : String(error);
  const { connection, realm, deployer } = settings;
  const atServer = { key: "keycloak:url", value: connection.url };
  const who = `client "${deployer.clientId}" of realm ${deployer.realm}`;

  if (/initial login/.test(text)) {
    if (/\b40[01] /.test(text)) {
      return {
        key: "keycloak:clientSecret",
        rule: `must be the secret of ${who}`,
        reason: "Keycloak refused the login (401): unknown client, wrong secret, or service accounts switched off",
        remedy:
          "compare keycloak:realm and keycloak:clientId with the admin console, then run: " +
          "pulumi config set --secret keycloak:clientSecret (or export KEYCLOAK_CLIENT_SECRET)",
      };
    }
    if (/\b404 /.test(text)) {
      return {
        key: "keycloak:realm",
        rule: "must be the realm that the deployer's client lives in",
        reason: "Keycloak has no such realm; the case of its letters matters",
        value: deployer.realm,
        remedy: "write the realm's name as in the admin console",
      };
    }
    if (/x509|certificate/i.test(text)) {
      return {
        ...atServer,
        rule: "must be a server with a certificate that the deployer trusts",
        reason: `its certificate was refused: ${/x509: [^(\n]*/.exec(text)?.[0].trim() ?? "unknown authority"}`,
        remedy:
          "put the CA's certificate (PEM) into keycloak:rootCaCertificate, or on SSL_CERT_DIR; " +
          'for the embedded Keycloak: eval "$(make env)"',
      };
    }
    return {
      ...atServer,
      rule: "must be a Keycloak that answers",
      reason: `it could not be reached: ${networkCause(text)}`,
      remedy: "check the URL and whether the server is up; the embedded one is started by: make up",
    };
  }
  if (/\b403 /.test(text)) {
    return {
      key: "keycloak:clientId",
      rule: "must be a client with the roles manage-clients, view-users and view-realm of realm-management",
      reason: `Keycloak forbade (403) ${/\/admin\/\S+?(?=[:\s])/.exec(text)?.[0] ?? "the request"} to ${who}`,
      value: deployer.clientId,
      remedy: `give its service account these roles in realm ${realm}`,
    };
  }
  if (/\b404 |not found/i.test(text)) {
    return {
      key: "scpcloud:realm",
      rule: "must be a realm of the server, with Keycloak's own client account in it",
      reason: `the server answered: ${text.replace(/\s+/g, " ").trim()}`,
      value: realm,
      remedy: "write the realm's name as in the admin console; the case of its letters matters",
    };
  }
  return {
    ...atServer,
    rule: "must answer the deployer's requests",
    reason: `it did not: ${text.replace(/\s+/g, " ").trim()}`,
    remedy: "look into Keycloak's log for the time of this run",
  };
}

function networkCause(text: string): string {
  const known =
    /connection refused|no such host|i\/o timeout|deadline exceeded|network is unreachable|EOF|5\d\d [A-Z][\w ]+/;
  return known.exec(text)?.[0] ?? text.replace(/\s+/g, " ").trim();
}
