import type { IncomingMessage } from "node:http";

import { type Credentials, parseBasic } from "./basic";
import { type Answer, newAgent, reasonOf, request } from "./client";
import { asPrefix, type Environment, EnvironmentReader } from "./environmentReader";
import { json, listen, type Reply, route, type Service } from "./httpService";
import { type Log, logToStandardOutput } from "./log";
import { runService } from "./service";
import { TokenCache } from "./tokenCache";
import { tokenRequests } from "./tokenEndpoint";

const ENTRIES_LIMIT_MILLISECONDS = 10_000;

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
  const { port, ...settings } = readBffSettings(environment);
  const agent = newAgent();
  const tokens = new TokenCache(tokenRequests({ agent, url: settings.tokenEndpoint, log }));

  const callApi = (token: string) =>
    request(agent, `${settings.productionApi}operation-entries`, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(ENTRIES_LIMIT_MILLISECONDS),
    }).catch((error: unknown) => void log({ event: "API unreachable", reason: reasonOf(error) }));

  const entriesFor = async (credentials: Credentials): Promise<Reply> => {
    const answer = await tokens.get(credentials);
    if (answer.outcome !== "granted") {
      return answer.outcome === "refused" ? UNAUTHORIZED : NO_TOKENS;
    }
    const entries = await callApi(answer.token);
    if (entries?.status === 401) {
      // The keys or the realm may have changed since the token was fetched: the next call gets a new one.
      tokens.drop(credentials);
      log({ event: "API refused a token" });
      return UNAUTHORIZED;
    }
    return replyOf(entries, log);
  };

  const entries = async ({ headers }: IncomingMessage): Promise<Reply> => {
    const credentials = parseBasic(headers.authorization);
    return credentials === undefined ? UNAUTHORIZED : entriesFor(credentials);
  };
  const service = await listen(port, route(entries), log);
  log({ event: "started", service: "WebProductionBff", port: service.port, ...settings });
  return { port: service.port, close: () => Promise.all([service.close(), agent.destroy()]).then(() => undefined) };
}

/** What the API's answer is for the customer; undefined is none. */
function replyOf(answer: Answer | undefined, log: Log): Reply {
  if (answer?.status === 200 && answer.body !== undefined) {
    return { status: 200, body: answer.text };
  }
  if (answer?.status === 403) {
    return FORBIDDEN;
  }
  if (answer !== undefined) {
    log({ event: "API failed", status: answer.status });
  }
  return NO_ENTRIES;
}

function readBffSettings(environment: Environment) {
  const reader = new EnvironmentReader(environment);
  const port = reader.port();
  const keycloak = asPrefix(reader.url("Keycloak__BaseUrl"));
  const tokenEndpoint = reader.url("Keycloak__TokenEndpoint").href;
  const productionApi = asPrefix(reader.url("ProductionApi__BaseUrl"));
  reader.check();
  if (!tokenEndpoint.startsWith(keycloak)) {
    reader.refuse("Keycloak__TokenEndpoint does not begin with Keycloak__BaseUrl");
  }
  reader.check();
  return { port, keycloak, tokenEndpoint, productionApi };
}

if (require.main === module) {
  runService(startBff);
}
