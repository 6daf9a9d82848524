import { text } from "node:stream/consumers";

import { startBff } from "../../development/stand-ins/bff";
import { json, listen, type Reply } from "../../development/stand-ins/httpService";
import type { LogEntry } from "../../development/stand-ins/log";

export const SECRET = "s3cret:with%colon&more=ü";
export const ENTRIES: Reply = { status: 200, body: '{ "organizationId": "o",  "operationEntries": [] }' };

export const basic = (clientId: string, secret = SECRET) =>
  `Basic ${Buffer.from(`${clientId}:${secret}`).toString("base64")}`;
export const ACME = basic("acme");

export const granted = (token: string) => json(200, { access_token: token, token_type: "Bearer", expires_in: 300 });
export const refused = (error = "invalid_client", status = 401) => json(status, { error });

/** A BFF between a fake token endpoint and a fake API, whose answers a test may replace. */
export async function startBffAmongFakes() {
  const world = {
    /** The bodies of the token requests and the Authorization headers of the API's requests, in their order. */
    tokenRequests: [] as unknown[],
    apiRequests: [] as unknown[],
    logged: [] as LogEntry[],
    token: (): Reply | Promise<Reply> => granted(`token-${world.tokenRequests.length}`),
    entries: (): Reply => ENTRIES,
  };
  const log = (entry: LogEntry) => void world.logged.push(entry);
  const keycloak = await listen(
    0,
    async (request) => {
      world.tokenRequests.push(Object.fromEntries(new URLSearchParams(await text(request))));
      return world.token();
    },
    log,
  );
  const api = await listen(
    0,
    ({ url, headers }) => {
      world.apiRequests.push(headers.authorization);
      return url === "/base/operation-entries" ? world.entries() : json(404, {});
    },
    log,
  );
  const bff = await startBff(
    {
      ASPNETCORE_HTTP_PORTS: "0",
      Keycloak__BaseUrl: `http://127.0.0.1:${keycloak.port}`,
      Keycloak__TokenEndpoint: `http://127.0.0.1:${keycloak.port}/token`,
      ProductionApi__BaseUrl: `http://127.0.0.1:${api.port}/base`,
    },
    log,
  );
  return Object.assign(world, {
    keycloak,
    api,
    /** What a customer does. */
    call: async (authorization?: string, path = "/operation-entries", method = "GET") => {
      const headers = authorization === undefined ? {} : { authorization };
      const response = await fetch(`http://127.0.0.1:${bff.port}${path}`, { method, headers });
      return { status: response.status, headers: response.headers, body: await response.text() };
    },
    close: () => Promise.all([keycloak.close(), api.close(), bff.close()]),
  });
}
