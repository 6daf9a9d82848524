import { createRemoteJWKSet, customFetch, errors, jwtVerify, type JWTVerifyGetKey } from "jose";

import { type Environment, flag, list, port, readEnvironment, url } from "./environment.ts";
import { type Handler, json, listen, type Log, logToStandardOutput, reasonOf, route, type Service } from "./service.ts";

/** Whoever has the public key could sign by a symmetric algorithm. */
const ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];
/** What jose says of keys that cannot be had; its other errors are a token's fault. */
const OF_THE_KEYS = ["ERR_JOSE_GENERIC", "ERR_JWKS_INVALID", "ERR_JWKS_TIMEOUT"];

/** The same for whatever is wrong with a token. */
const UNAUTHORIZED = json(401, { error: "unauthorized" }, { "www-authenticate": "Bearer" });
const FORBIDDEN = json(403, { error: "forbidden" });
const NO_KEYS = json(503, { error: "signing keys unavailable" });

/**
 * ProductionApi's stand-in: the operation entries of the organization that a token is of.
 * @throws EnvironmentError if a variable is missing or malformed
 */
export async function startApi(environment: Environment, log: Log = logToStandardOutput): Promise<Service> {
  const settings = readEnvironment(environment, {
    ASPNETCORE_HTTP_PORTS: port,
    Authentication__Schemes__Bearer__Authority: url,
    Authentication__Schemes__Bearer__MetadataAddress: url,
    Authentication__Schemes__Bearer__RequireHttpsMetadata: flag,
    Authentication__Schemes__Bearer__MapInboundClaims: flag,
    Authentication__Schemes__Bearer__ValidAudiences: list,
    Authentication__Schemes__Bearer__ValidIssuers: list,
  });
  const keys = signingKeys(
    settings.Authentication__Schemes__Bearer__MetadataAddress,
    settings.Authentication__Schemes__Bearer__RequireHttpsMetadata,
  );

  const entries: Handler = async ({ headers }) => {
    const [, token = ""] = /^bearer +(\S+) *$/i.exec(headers.authorization ?? "") ?? [];
    try {
      const { payload } = await jwtVerify(token, keys, {
        algorithms: ALGORITHMS,
        issuer: settings.Authentication__Schemes__Bearer__ValidIssuers,
        audience: settings.Authentication__Schemes__Bearer__ValidAudiences,
        requiredClaims: ["exp"],
      });
      const { typ, cnf, organizationId } = payload;
      // Keycloak signs ID, refresh and logout tokens with the same keys, and says only here which is which. With `cnf`
      // the caller would have to prove that it has a key or a certificate (RFC 7800).
      if (typ !== "Bearer" || cnf !== undefined) {
        log({ event: "request refused", reason: "not an access token for a bearer" });
        return UNAUTHORIZED;
      }
      if (typeof organizationId !== "string" || organizationId === "") {
        log({ event: "request refused", reason: "no organization" });
        return FORBIDDEN;
      }
      return json(200, operationEntriesOf(organizationId));
    } catch (error) {
      log({ event: "request refused", reason: reasonOf(error) });
      const isOfToken = error instanceof errors.JOSEError && !OF_THE_KEYS.includes(error.code);
      return isOfToken ? UNAUTHORIZED : NO_KEYS;
    }
  };
  const service = await listen(settings.ASPNETCORE_HTTP_PORTS, route(entries), log);
  log({ event: "started", service: "ProductionApi", ...settings, port: service.port });
  return service;
}

/** The realm's keys, fetched when a token needs one, from where the discovery document says at that time. */
function signingKeys(metadataAddress: string, requireHttps: boolean): JWTVerifyGetKey {
  const get = (address: string, options: RequestInit) => {
    if (requireHttps && !address.startsWith("https:")) {
      throw new Error(`${address} is not https, which RequireHttpsMetadata demands`);
    }
    return fetch(address, options);
  };
  return createRemoteJWKSet(new URL(metadataAddress), {
    [customFetch]: async (address, options) => {
      const metadata = await get(address, options);
      const { jwks_uri: keys } = (metadata.ok ? await metadata.json() : {}) as { readonly jwks_uri?: string };
      return keys === undefined ? metadata : get(keys, options);
    },
  });
}

/** Made-up data, the same for an organization each time, and another's for none. */
export function operationEntriesOf(organizationId: string) {
  const operationEntries = ["cutting", "welding", "painting"].map((operation, index) => ({
    id: `${organizationId}-${index + 1}`,
    operation,
    quantity: 1200 - 8 * index,
    unit: "pieces",
    finishedAt: `2026-01-12T0${6 + index}:40:00Z`,
  }));
  return { organizationId, operationEntries };
}
