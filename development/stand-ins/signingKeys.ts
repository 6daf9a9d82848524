import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from "jose";
import type { Dispatcher } from "undici";

import { reasonOf, request } from "./client";

export interface SigningKeysOptions {
  readonly agent: Dispatcher;
  readonly metadataAddress: string;
  readonly requireHttps: boolean;
}

/** Not a token's fault. */
export class KeysUnavailableError extends Error {
  override readonly name = "KeysUnavailableError";
}

/** Below the 5 seconds within which a caller is promised an answer. */
const LIMIT_MILLISECONDS = 4_500;
/** An unknown key id makes the keys be fetched again, but not more often than this. */
const COOLDOWN_MILLISECONDS = 1_000;
/** As in ASP.NET Core: what is signed by a known key is served for so long while Keycloak is down. */
const MAXIMUM_AGE_MILLISECONDS = 12 * 60 * 60 * 1_000;

/**
 * The realm's keys, fetched when a token needs one. The discovery document is read anew each time, so that neither a
 * failure nor a moved set of keys is remembered.
 */
export function signingKeys({ agent, metadataAddress, requireHttps }: SigningKeysOptions): JWTVerifyGetKey {
  const get = async (url: string, signal: AbortSignal) => {
    const answer = await request(agent, url, { signal }).catch((error: unknown) => {
      throw new KeysUnavailableError(reasonOf(error));
    });
    if (answer.status !== 200) {
      throw new KeysUnavailableError(`status ${answer.status}`);
    }
    return (answer.body ?? {}) as Readonly<Record<string, unknown>>;
  };
  return createRemoteJWKSet(new URL(metadataAddress), {
    timeoutDuration: LIMIT_MILLISECONDS,
    cooldownDuration: COOLDOWN_MILLISECONDS,
    cacheMaxAge: MAXIMUM_AGE_MILLISECONDS,
    [customFetch]: async (url, { signal }) => {
      const address = (await get(url, signal))["jwks_uri"];
      if (typeof address !== "string" || !URL.canParse(address)) {
        throw new KeysUnavailableError("the metadata name no keys");
      }
      if (requireHttps && new URL(address).protocol !== "https:") {
        throw new KeysUnavailableError("the keys are not served over https");
      }
      return Response.json(await get(address, signal));
    },
  });
}
