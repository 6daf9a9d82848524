import type { Fault } from "../faults/faults.ts";
import type { Deployer, Settings } from "../settings/settings.ts";

/** An answer of Keycloak other than what was asked for, to whoever logs in as the deployer. */
export interface RefusedAnswer {
  readonly status: number;
  /** The server's own words, such as `invalid_client: Invalid client credentials`. */
  readonly said?: string;
  /** What was asked for below Keycloak's base URL, where it is known. */
  readonly path?: string;
}

/** What an explanation takes from the settings. */
export type Asking = Pick<Settings, "connection" | "deployer" | "realm">;

/** The roles of the client realm-management that a deployer needs. */
export const DEPLOYER_ROLES = "manage-clients, view-users and view-realm";

/** What else it needs for protocol mappers (CVE-2026-4629). */
export const MAPPER_ROLES = "manage-clients and, from Keycloak 26.8.2 on, manage-realm";

/** The deployer's client in words. */
export function deployerName({ clientId, realm }: Deployer): string {
  return clientId === undefined
    ? `the client of the assertion, in realm ${realm}`
    : `client "${clientId}" of realm ${realm}`;
}

/** Why the admin REST API did not do what the deployer asked for, whose login was accepted. */
export function explainAdmin(answer: RefusedAnswer, { connection, deployer, realm }: Asking): Fault {
  const { status, said, path = "the admin REST API" } = answer;
  const who = deployerName(deployer);
  const client = { key: "keycloak:clientId", value: deployer.clientId ?? who };
  const refused: Fault = {
    key: "keycloak:url",
    rule: "must be a Keycloak that does what is asked of it",
    reason: `it refused ${path}: ${status}${after(" ", said)}`,
    value: connection.url,
    remedy: "see what its words name; its log tells more for the time of this run",
  };
  const meanings: Readonly<Record<number, Fault>> = {
    400: refused,
    401: {
      ...client,
      rule: "must be a client whose tokens the admin REST API accepts",
      reason:
        `Keycloak accepted the login of ${who}, but answered 401 at ${path}; from 26.8.2 on a token needs the ` +
        "audience that the client scope kc-admin-api gives",
      remedy: `add kc-admin-api to the default client scopes of ${who}, where the realm has that scope`,
    },
    403: {
      ...client,
      rule: `must be a client with the roles ${DEPLOYER_ROLES} of realm-management`,
      reason: `Keycloak forbade (403) ${path} to ${who}`,
      remedy: `give its service account these roles in realm ${realm}`,
    },
    404: {
      key: "scpcloud:realm",
      rule: "must be a realm of the server that has all that the program asks for",
      reason: `Keycloak answered 404 at ${path}${after(": ", said)}`,
      value: realm,
      remedy: "write the realm's name as in the admin console; the case of its letters matters",
    },
    409: refused,
  };
  return meanings[status] ?? explainNotReady(answer, { connection });
}

/** No answer came. The reason is in the words of Node.js. */
export function explainNoAnswer(reason: string, { connection }: Pick<Asking, "connection">): Fault {
  if (!/certificate/i.test(reason)) {
    return {
      key: "keycloak:url",
      rule: "must be a Keycloak that answers",
      reason: `it could not be reached: ${reason}`,
      value: connection.url,
      remedy: "check the URL and whether the server is up; the embedded one is started by: make up",
    };
  }
  const isOfTime = /expired|not yet valid/i.test(reason);
  return {
    key: "keycloak:url",
    rule: "must be a server with a certificate that the deployer trusts",
    reason: `its certificate was refused: ${reason}`,
    value: connection.url,
    remedy: isOfTime
      ? `compare this machine's clock, which says ${new Date().toISOString()}; if it is right, have the certificate renewed`
      : "put the CA's certificate (PEM) into keycloak:rootCaCertificate, or on SSL_CERT_DIR; " +
        'for the embedded Keycloak: eval "$(make env)"',
  };
}

/** An empty list is no answer to a deployer who may ask, but not look. */
export function explainBlindness(
  role: "view-clients" | "view-users",
  { deployer, realm }: Pick<Asking, "deployer" | "realm">,
): Fault {
  const manages = role.replace("view", "manage");
  const also = role === "view-clients" ? `, or for up ${manages},` : "";
  return {
    key: "keycloak:clientId",
    rule: `must be a client with the role ${role} or ${manages} of realm-management`,
    reason: `Keycloak shows empty lists to ${deployerName(deployer)}: it hides what is there`,
    remedy: `give its service account the role ${role}${also} in realm ${realm}`,
  };
}

/** The server, or a proxy before it, answers, but not to what was asked. */
export function explainNotReady(
  { status, said, path }: RefusedAnswer,
  { connection }: Pick<Asking, "connection">,
): Fault {
  const what = status >= 500 ? "it, or a proxy before it, failed" : "it gave an unexpected answer";
  return {
    key: "keycloak:url",
    rule: "must be a Keycloak that answers",
    reason: `${what}${after(" at ", path)}: ${status}${after(" ", said)}`,
    value: connection.url,
    remedy: "look into the log of Keycloak, and of the proxy, for the time of this run",
  };
}

/** A text with what stands before it; nothing where there is none. */
export function after(before: string, text = ""): string {
  return text === "" ? "" : `${before}${text}`;
}
