import { parseJson } from "../../values/shapes.ts";
import { type Environment, port, readEnvironment, url } from "./environment.ts";
import { json, listen, type Log, logToStandardOutput, reasonOf, type Reply, route, type Service } from "./service.ts";

const LIMIT_MILLISECONDS = 10_000;
/** A token is not used up to its last second, which would be over on its way to the API. */
const MARGIN_SECONDS = 30;

/** The same for whatever was wrong, so that nobody learns which client ids exist. */
const UNAUTHORIZED = json(401, { error: "unauthorized" }, { "www-authenticate": 'Basic realm="ScpCloud"' });
const FORBIDDEN = json(403, { error: "forbidden" });
const NO_TOKENS = json(503, { error: "token service unavailable" }, { "retry-after": "5" });
const NO_ENTRIES = json(502, { error: "operation entries unavailable" });

/**
 * WebProductionBff's stand-in: the customer's call with HTTP Basic, answered by ProductionApi on a token of Keycloak.
 * @throws EnvironmentError if a variable is missing or malformed
 */
export async function startBff(environment: Environment, log: Log = logToStandardOutput): Promise<Service> {
  const settings = readEnvironment(environment, {
    ASPNETCORE_HTTP_PORTS: port,
    Keycloak__BaseUrl: url,
    Keycloak__TokenEndpoint: url,
    ProductionApi__BaseUrl: url,
  });
  const entriesUrl = `${settings.ProductionApi__BaseUrl.replace(/\/?$/, "/")}operation-entries`;
  /** By client id and secret: a wrong secret must never ride on a token that the right one has fetched. */
  const tokens = new Map<string, Promise<string | Reply>>();

  const tokenOf = (credentials: string): Promise<string | Reply> => {
    const answer = tokens.get(credentials) ?? requestToken(credentials);
    tokens.set(credentials, answer);
    return answer;
  };

  const requestToken = async (credentials: string): Promise<string | Reply> => {
    const [, clientId = "", clientSecret = ""] = /^(.*?):(.*)$/s.exec(credentials) ?? [];
    const form = { grant_type: "client_credentials", client_id: clientId, client_secret: clientSecret };
    const { status, body } = await ask(settings.Keycloak__TokenEndpoint, {
      method: "POST",
      body: new URLSearchParams(form),
    });
    const { access_token: token, expires_in: seconds = 0, error } = (body ?? {}) as Partial<TokenAnswer>;
    if (status === 200 && typeof token === "string") {
      log({ event: "token request", outcome: "granted", clientId });
      setTimeout(() => tokens.delete(credentials), (seconds - MARGIN_SECONDS) * 1000).unref();
      return token;
    }
    tokens.delete(credentials);
    // A refusal is what the token endpoint itself says in OAuth's words; anything else unexpected is no answer.
    const isRefused = (status === 400 || status === 401) && typeof error === "string";
    // Until Keycloak knows it, a client id may be anything that somebody typed, also a secret.
    log({ event: "token request", outcome: isRefused ? "refused" : "unreachable", reason: isRefused ? error : status });
    return isRefused ? UNAUTHORIZED : NO_TOKENS;
  };

  const entriesFor = async (credentials: string): Promise<Reply> => {
    const token = await tokenOf(credentials);
    if (typeof token !== "string") {
      return token;
    }
    const { status, text, body } = await ask(entriesUrl, { headers: { authorization: `Bearer ${token}` } });
    if (status === 200 && body !== undefined) {
      return { status, body: text };
    }
    log({ event: "API refused or failed", status });
    if (status === 401) {
      // The keys or the realm may have changed since the token was fetched: the next call gets a new one.
      tokens.delete(credentials);
      return UNAUTHORIZED;
    }
    return status === 403 ? FORBIDDEN : NO_ENTRIES;
  };

  const service = await listen(
    settings.ASPNETCORE_HTTP_PORTS,
    route(({ headers }) => {
      const [, encoded = ""] = /^basic +(\S+) *$/i.exec(headers.authorization ?? "") ?? [];
      const credentials = Buffer.from(encoded, "base64").toString();
      return credentials.includes(":") ? entriesFor(credentials) : UNAUTHORIZED;
    }),
    log,
  );
  log({ event: "started", service: "WebProductionBff", ...settings, port: service.port });
  return service;
}

interface TokenAnswer {
  readonly access_token: unknown;
  readonly expires_in: number;
  readonly error: unknown;
}

/** An answer, with its JSON if it is any; in place of the status the reason why there is none. */
async function ask(address: string, init: RequestInit) {
  try {
    // A redirection is no answer: it would carry credentials to who knows where.
    const response = await fetch(address, {
      redirect: "error",
      signal: AbortSignal.timeout(LIMIT_MILLISECONDS),
      ...init,
    });
    const text = await response.text();
    return { status: response.status, text, body: parseJson(text) };
  } catch (error) {
    return { status: reasonOf(error), text: "", body: undefined };
  }
}
