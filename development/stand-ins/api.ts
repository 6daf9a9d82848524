import { newAgent } from "./client";
import { type Environment, EnvironmentReader } from "./environmentReader";
import { type Handler, json, listen, route, type Service } from "./httpService";
import { type Log, logToStandardOutput } from "./log";
import { operationEntriesOf } from "./operationEntries";
import { runService } from "./service";
import { signingKeys } from "./signingKeys";
import { validate } from "./validation";

const SECTION = "Authentication__Schemes__Bearer__";

/** The same for whatever is wrong with a token. */
const UNAUTHORIZED = json(401, { error: "unauthorized" }, { "www-authenticate": "Bearer" });
const FORBIDDEN = json(403, { error: "forbidden" });
const NO_KEYS = json(503, { error: "signing keys unavailable" });

/**
 * ProductionApi's stand-in: the operation entries of the organization that a token is of.
 * @throws EnvironmentError if a variable is missing or malformed
 */
export async function startApi(environment: Environment, log: Log = logToStandardOutput): Promise<Service> {
  const { port, ...settings } = readApiSettings(environment);
  const agent = newAgent();
  const keys = signingKeys({
    agent,
    metadataAddress: settings.metadataAddress,
    requireHttps: settings.requireHttpsMetadata,
  });

  const entries: Handler = async ({ headers }) => {
    const verdict = await validate(headers.authorization, {
      keys,
      issuers: settings.validIssuers,
      audiences: settings.validAudiences,
    });
    if (verdict.outcome === "accepted") {
      return json(200, operationEntriesOf(verdict.organizationId));
    }
    log({ event: "request refused", ...verdict });
    return { refused: UNAUTHORIZED, forbidden: FORBIDDEN, "keys unavailable": NO_KEYS }[verdict.outcome];
  };
  const service = await listen(port, route(entries), log);
  log({ event: "started", service: "ProductionApi", port: service.port, ...settings });
  return { port: service.port, close: () => Promise.all([service.close(), agent.destroy()]).then(() => undefined) };
}

function readApiSettings(environment: Environment) {
  const reader = new EnvironmentReader(environment);
  const metadataAddress = reader.url(`${SECTION}MetadataAddress`);
  const settings = {
    port: reader.port(),
    authority: reader.url(`${SECTION}Authority`).href,
    metadataAddress: metadataAddress.href,
    requireHttpsMetadata: reader.flag(`${SECTION}RequireHttpsMetadata`),
    mapInboundClaims: reader.flag(`${SECTION}MapInboundClaims`),
    validAudiences: reader.list(`${SECTION}ValidAudiences`),
    validIssuers: reader.list(`${SECTION}ValidIssuers`),
  };
  if (settings.requireHttpsMetadata && metadataAddress.protocol === "http:") {
    reader.refuse(`${SECTION}MetadataAddress is not https, which ${SECTION}RequireHttpsMetadata demands`);
  }
  reader.check();
  return settings;
}

if (require.main === module) {
  runService(startApi);
}
